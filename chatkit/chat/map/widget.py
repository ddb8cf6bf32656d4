"""The map's widgets, and what keeps them up to date: it asks the local cloud twice a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import ipywidgets

from chatkit.chat.client.background_loop import BackgroundLoop, background_loop
from chatkit.chat.map import view
from chatkit.chat.widgets.close_widgets import close_widgets
from chatkit.chat.widgets.foreign_text import visible
from chatkit.chat.widgets.last_state import LastState, State
from chatkit.core.errors import ChatkitError
from chatkit.core.results import Address
from chatkit.journeys.journey import Journey, News
from chatkit.journeys.picture import WIDTH
from chatkit.journeys.player import Player

TICK_S = 0.1
ASK_EVERY = 5  # ticks
CHOICES = 10
LONGEST_CHOICE = 70
NEWEST = "what comes"
ON_AZURE = (
    "The map reads the trace of the local cloud, and Azure shows its own to nobody else.\n"
    "There, use panel.inspector() for what browsers send and receive, workshop.logs() for what the"
    " functions say, and the live trace tool of the SignalR resource in the portal."
)
_open: list[ChatMap] = []


class ChatMap:
    """The parts of the chat, and each message on its way, hop by hop. `workshop.map()` opens it.

    It shows what the local cloud has seen, not what somebody thinks must have happened. A message
    takes some milliseconds; here each hop is lit for a while, with the time at which it began.
    "Pause" and "Next hop" go through it by hand. `print` shows the same as lines.

    Args:
        ask: Gets the journeys after a number.
        page: Gets the address of the same as a page, with what opens it.
        background: Where the asking happens.
    """

    def __init__(
        self,
        ask: Callable[[int], News],
        page: Callable[[], str],
        *,
        background: BackgroundLoop | None = None,
    ) -> None:
        self._ask = ask
        self._page = page
        self._background = background or background_loop()
        self._player = Player()
        self._run = ""
        self._newest = 0
        self._problem = ""
        self._is_closed = False
        self._take(ask(0))
        self._player.show_last()
        self._make_widgets()
        self._last_state = LastState(
            self._background, self.widget, name=view.TITLE, draw=self._state
        )

    @classmethod
    def open(
        cls,
        ask: Callable[[int], News],
        page: Callable[[], str],
        *,
        background: BackgroundLoop | None = None,
    ) -> ChatMap:
        """Show it, and follow what happens; the map that was open before stays as it is.

        Raises:
            ChatkitError: The local cloud does not answer.
        """
        opened = cls(ask, page, background=background)
        for old in tuple(_open):
            old.close()
        _open.append(opened)
        opened._background.start(opened._follow())
        return opened

    @property
    def page(self) -> Address:
        """Address of the same as a page of its own.

        Who has it sees the map of this local cloud, and nothing else of it.

        Raises:
            NotStarted: The local cloud does not run.
        """
        return Address(self._page())

    @property
    def journeys(self) -> tuple[Journey, ...]:
        """The ways that are known, oldest first, now."""
        self._background.call(self._look())
        return tuple(self._player.listed())

    def close(self) -> None:
        """Follow no more; what was seen stays in the cell. Safe to call twice."""
        if self._is_closed:
            return
        self._is_closed = True
        self._last_state.close()
        close_widgets(self.widget)
        if self in _open:
            _open.remove(self)

    def __repr__(self) -> str:
        return self._state().text

    def _repr_mimebundle_(self, **_asked: object) -> Any:
        state = self._state()
        shown = {"text/html": state.html, "text/plain": state.text}
        return {**self.widget._repr_mimebundle_(), **shown}

    def _ipython_display_(self) -> None:
        self._last_state.show()

    def _make_widgets(self) -> None:
        width = ipywidgets.Layout(width="auto")
        self._why_old = ipywidgets.HTML()
        self._picture = ipywidgets.HTML(layout=ipywidgets.Layout(max_width=f"{WIDTH}px"))
        self._now = ipywidgets.HTML()
        self._hops = ipywidgets.HTML()
        self._pause = ipywidgets.ToggleButton(False, description="Pause", layout=width)
        self._step = ipywidgets.Button(description="Next hop", layout=width)
        self._slow = ipywidgets.ToggleButton(False, description="Slow motion", layout=width)
        self._choice = ipywidgets.Dropdown(
            options=[(NEWEST, 0)],
            description="Show",
            style={"description_width": "initial"},
            layout=ipywidgets.Layout(width="auto", max_width="100%"),
        )
        self._pause.observe(lambda _change: self._set(), "value")
        self._slow.observe(lambda _change: self._set(), "value")
        self._choice.observe(lambda _change: self._set_choice(), "value")
        self._step.on_click(lambda _button: self._later(self._step_on))
        wrapped = ipywidgets.Layout(flex_flow="row wrap")
        controls = [self._pause, self._step, self._slow, self._choice]
        page = "The address of the same as a page: <code>workshop.map().page</code>."
        note = ipywidgets.HTML(f"<small>{view.SHOWN} {page}</small>")
        self.widget = ipywidgets.VBox(
            [
                self._why_old,
                self._picture,
                self._now,
                ipywidgets.HBox(controls, layout=wrapped),
                self._hops,
                note,
            ]
        )
        self._list_choices()
        self._paint()

    async def _follow(self) -> None:
        """Ask and play until the map is closed."""
        ticks = 0
        while not self._is_closed:
            await asyncio.sleep(TICK_S)
            ticks += 1
            if ticks % ASK_EVERY == 0:
                await self._look()
            if self._player.tick(self._background.loop.time()):
                self._paint()

    async def _look(self) -> None:
        problem = ""
        try:
            news = await asyncio.to_thread(self._ask, self._newest)
        except (ChatkitError, OSError, ValueError) as error:
            problem = str(error)
        else:
            if not self._is_closed and self._take(news):
                self._list_choices()
                self._last_state.changed()
        if problem != self._problem and not self._is_closed:
            self._problem = problem
            self._last_state.changed()
            self._paint()

    def _take(self, news: News) -> bool:
        """Keep what is new; say whether there was something."""
        before = self._run
        self._run = news["run"]
        if before and before != self._run:
            # It counts from 1 again: what this answer leaves out comes with the next one.
            self._player.forget()
            self._newest = 0
            return True
        journeys = [Journey.of_json(document) for document in news["journeys"]]
        new = [journey for journey in journeys if journey.number > self._newest]
        self._player.add(new)
        for journey in new:
            self._newest = journey.number
        return bool(new)

    def _set(self) -> None:
        self._player.is_paused = bool(self._pause.value)
        self._player.is_slow = bool(self._slow.value)

    def _set_choice(self) -> None:
        number = self._choice.value
        if number:
            self._later(lambda: self._player.play(number, self._background.loop.time()))

    def _step_on(self) -> None:
        self._player.step_on(self._background.loop.time())

    def _later(self, act: Callable[[], object]) -> None:
        """Do something with the player where it plays, and show what came of it."""

        def work() -> None:
            if not self._is_closed:
                act()
                self._paint()

        self._background.call_soon(work)

    def _list_choices(self) -> None:
        newest = self._player.listed()[-CHOICES:]
        options = [(_choice(journey), journey.number) for journey in reversed(newest)]
        self._choice.options = [(NEWEST, 0), *options]

    def _paint(self) -> None:
        journey, steps = self._player.shown, self._player.steps
        self._picture.value = view.drawing(journey, steps)
        self._now.value = view.now(journey, steps)
        self._why_old.value = view.problem(self._problem)
        table = view.hops(journey)
        if table != self._hops.value:
            self._hops.value = table

    def _state(self) -> State:
        journeys = self._player.listed()
        last = self._player.last()
        why_old = self._problem
        return State(view.snapshot(last, journeys, why_old), view.lines(last, journeys, why_old))


def _choice(journey: Journey) -> str:
    text = visible(f"{journey.number}. {journey.title}")
    if len(text) > LONGEST_CHOICE:
        text = f"{text[:LONGEST_CHOICE]}…"
    return text
