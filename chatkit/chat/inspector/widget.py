"""The wire inspector in a cell: what a panel's users send and receive, as it happens."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from heapq import merge
from itertools import count
from typing import Any

import ipywidgets

from chatkit.chat.client.background_loop import BackgroundLoop
from chatkit.chat.client.client import ChatClient
from chatkit.chat.inspector import view
from chatkit.chat.inspector.diagram import SequenceDiagram, draw
from chatkit.chat.inspector.events import Recorder, WireEvent
from chatkit.chat.inspector.latency import Echoes
from chatkit.chat.widgets.blocks import Blocks
from chatkit.chat.widgets.close_widgets import close_widgets
from chatkit.chat.widgets.foreign_text import visible
from chatkit.chat.widgets.last_state import LastState, State
from chatkit.chat.widgets.painter import Painter
from chatkit.core.availability import Absence, nothing_is_absent
from chatkit.core.errors import UnknownUser
from chatkit.core.results import enumerated

MOST = 500
MOST_PINGS = 100
DROPPED = "The connection of {} was cut, and nobody said goodbye. The panel says how it reconnects."
NOT_CONNECTED = (
    "Nobody of them is connected at the moment. The cell that opens the panel connects them anew."
)
EXPIRED = (
    "{} now shows a token that has expired: the panel says what is answered, and the events show to"
    " whom it was shown."
)


class Inspector:
    """Every HTTP request and every SignalR frame of a panel's users, from the moment it was opened.

    `panel.inspector()`.

    Each line says when, who, which way, what kind and how many bytes; it opens to show everything,
    tokens and keys replaced by asterisks. The newest 500 events are kept.

    Args:
        clients: Users of the panel, by their names in it.
        background: The loop where they live.
        absence: Of what the panel's connections stand on.
    """

    def __init__(
        self,
        clients: Mapping[str, ChatClient],
        background: BackgroundLoop,
        *,
        absence: Absence = nothing_is_absent,
    ) -> None:
        self._clients = clients
        self._background = background
        self._absence = absence
        self._painter = Painter(background, self._paint)
        self._events: deque[WireEvent] = deque(maxlen=MOST)
        self._pings: deque[WireEvent] = deque(maxlen=MOST_PINGS)
        self._echoes = {user: Echoes() for user in clients}
        self._rows: dict[int, int] = {}
        self._next_row = count()
        self.is_closed = False
        self._make_widgets()
        numbers = count()
        for user, client in clients.items():
            client.tap.watcher = Recorder(user, client.api, numbers, self._keep, self._echoes[user])

    def _make_widgets(self) -> None:
        names = [("everybody", ""), *((visible(user), user) for user in self._clients)]
        own_width: dict[str, Any] = {
            "style": {"description_width": "initial"},
            "layout": ipywidgets.Layout(width="auto"),
        }
        self._whose = ipywidgets.Dropdown(options=names, description="Whose", **own_width)
        self._with_pings = self._checkbox("Show pings")
        self._paused = self._checkbox("Hold the list")
        self._list = Blocks[WireEvent](view.event_rows, height="320px", grows=True)
        self._latency = ipywidgets.HTML(view.latency(()))
        self._said = ipywidgets.HTML("")
        self._drawing = ipywidgets.VBox([])
        for control in (self._whose, self._with_pings, self._paused):
            control.observe(lambda _change: self._refilter(), "value")
        buttons = [
            self._button("Drop the connection", lambda: self.drop_connection(*self._chosen())),
            self._button("Expire the token", lambda: self.expire_token(*self._chosen())),
            self._button("Draw as a sequence diagram", self._draw),
            self._button("Clear", self.clear),
        ]
        wrapped = ipywidgets.Layout(flex_flow="row wrap")
        filters = ipywidgets.HBox([self._whose, self._with_pings, self._paused], layout=wrapped)
        actions = ipywidgets.HBox(buttons, layout=wrapped)
        self.widget = ipywidgets.VBox(
            [filters, actions, self._said, self._latency, self._list.widget, self._drawing]
        )
        self._last_state = LastState(
            self._background, self.widget, name=repr(self), draw=self._state
        )

    @property
    def events(self) -> tuple[WireEvent, ...]:
        """All that are kept, oldest first, pings too."""
        return tuple(merge(tuple(self._events), tuple(self._pings), key=lambda event: event.number))

    def diagram(self, *users: str, pings: bool = False) -> SequenceDiagram:
        """Draw what was recorded as a sequence diagram in Mermaid.

        Args:
            users: Whose events; everybody's by default.
            pings: Draw pings, too.
        """
        whose = self._named(users)
        return draw(self._selected(whose, pings=pings), users=whose)

    def drop_connection(self, *users: str) -> None:
        """Cut the sockets of some users, or of all, as a network does that fails."""
        self._act(self._named(users), ChatClient.drop_connection, DROPPED)

    def expire_token(self, *users: str) -> None:
        """Let some users, or all, reconnect with expired tokens, and see the 401 that answers them.

        Somebody who is signed in stays refused until they sign in again. Where nobody signs in,
        only the service is shown an expired token, once: the client then asks the function for a
        new one.
        """
        self._act(self._named(users), ChatClient.expire_tokens, EXPIRED)

    def clear(self) -> None:
        """Forget what was recorded."""
        self._background.call_soon(self._forget)

    def close(self) -> None:
        """Stop recording; what was recorded stays in the cell. Safe to call twice."""
        self.is_closed = True
        for client in self._clients.values():
            client.tap.watcher = None
        self._background.call_soon(self._painter.stop)
        self._last_state.close()
        close_widgets(self.widget)

    def __repr__(self) -> str:
        return f"Wire inspector of {enumerated(list(self._clients))}"

    def _repr_mimebundle_(self, **_asked: object) -> Any:
        shown = {"text/html": self._state().html, "text/plain": repr(self)}
        return {**self.widget._repr_mimebundle_(), **shown}

    def _ipython_display_(self) -> None:
        self._last_state.show()

    def _state(self) -> State:
        events = self._wanted()
        return State(view.snapshot(repr(self), events, self._seconds()), view.lines(events))

    def _keep(self, event: WireEvent) -> None:
        if event.kind == "ping":
            self._pings.append(event)
        else:
            self._events.append(event)
        self._painter.soon()

    def _paint(self) -> None:
        self._latency.value = view.latency(self._seconds())
        if not self._paused.value:
            self._list.paint(self._numbered(self._wanted()))
        self._last_state.changed()

    def _wanted(self) -> list[WireEvent]:
        return self._selected(self._chosen(), pings=self._with_pings.value)

    def _selected(self, users: tuple[str, ...], *, pings: bool) -> list[WireEvent]:
        return [
            event
            for event in self.events
            if event.user in users and (pings or event.kind != "ping")
        ]

    def _numbered(self, events: Iterable[WireEvent]) -> list[tuple[int, WireEvent]]:
        """Give rows numbers that last while older rows go: what is unfolded stays in place."""
        known = self._rows
        self._rows = {}
        for event in events:
            number = known.get(event.number)
            if number is None:
                number = next(self._next_row)
            self._rows[event.number] = number
        return [(self._rows[event.number], event) for event in events]

    def _seconds(self) -> list[float]:
        times = sorted(time for user in self._chosen() for time in tuple(self._echoes[user].times))
        return [seconds for _, seconds in times]

    def _chosen(self) -> tuple[str, ...]:
        if not self._whose.value:
            return self._named(())
        return self._named((self._whose.value,))

    def _named(self, users: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [user for user in users if user not in self._clients]:
            raise UnknownUser(
                f"{unknown[0]} is not in this panel.", hint=f"There are {', '.join(self._clients)}."
            )
        return users or tuple(self._clients)

    def _act(
        self, users: tuple[str, ...], act: Callable[[ChatClient], bool], sentence: str
    ) -> None:
        def work() -> None:
            done = [user for user in users if act(self._clients[user])]
            said = str(self._absence() or NOT_CONNECTED)
            if done:
                said = sentence.format(enumerated(done))
            self._said.value = view.status(said)

        self._background.call_soon(work)

    def _draw(self) -> None:
        drawn = self.diagram(*self._chosen(), pings=self._with_pings.value)._repr_mimebundle_()
        output = {"output_type": "display_data", "data": drawn, "metadata": {}}
        if not self._drawing.children:
            self._drawing.children = (ipywidgets.Output(),)
        self._drawing.children[0].outputs = (output,)

    def _refilter(self) -> None:
        self._background.call_soon(self._renumber)

    def _renumber(self) -> None:
        self._rows = {}
        self._next_row = count()
        self._painter.soon()

    def _forget(self) -> None:
        self._events.clear()
        self._pings.clear()
        for echoes in self._echoes.values():
            echoes.times.clear()
        self._renumber()

    @staticmethod
    def _checkbox(words: str) -> ipywidgets.Checkbox:
        return ipywidgets.Checkbox(
            False,
            description=words,
            indent=False,
            layout=ipywidgets.Layout(width="auto", margin="2px 12px"),
        )

    @staticmethod
    def _button(words: str, act: Callable[[], None]) -> ipywidgets.Button:
        button = ipywidgets.Button(description=words, layout=ipywidgets.Layout(width="auto"))
        button.on_click(lambda _button: act())
        return button
