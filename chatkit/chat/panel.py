"""The chat panel: users side by side in a cell, each with a connection of its own. Plain ipywidgets."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets

from chatkit.chat import render
from chatkit.chat.messages import ChatMessage
from chatkit.chat.portal import Portal, portal
from chatkit.chat.seat import Seat
from chatkit.chat.sign_in import SignedIn
from chatkit.display import Result
from chatkit.errors import CheckFailed, RemoteProtocolError

PAINT_EVERY_S = 0.1
ARRIVAL_S = 10.0
_open: dict[tuple[str, ...], ChatPanel] = {}


class ChatPanel:
    """Two or more users of one chat room, live. Open it with `ChatPanel.open`.

    Every user is a real SignalR client: what one sends goes to the function app, from there to the service, and comes back to
    all of them, the sender too.
    """

    def __init__(
        self,
        api_base_url: str,
        users: Sequence[str],
        *,
        people: Mapping[str, SignedIn] | None = None,
        home: Portal | None = None,
    ) -> None:
        self.users = tuple(users)
        self._portal = home or portal()
        self._painting: asyncio.TimerHandle | None = None
        self._painted_at = 0.0
        self._closed = False
        known = people or {}
        self._seats = {user: Seat(api_base_url, user, self._portal, self._repaint, known.get(user)) for user in self.users}
        boxes = [seat.widget for seat in self._seats.values()]
        self.widget = ipywidgets.HBox(boxes, layout=ipywidgets.Layout(flex_flow="row wrap"))

    @classmethod
    def open(
        cls,
        api_base_url: str,
        users: Sequence[str],
        *,
        people: Mapping[str, SignedIn] | None = None,
        home: Portal | None = None,
    ) -> ChatPanel:
        """Connect every user; a panel of the same users that is still open is closed first, so a cell can be run again.

        Args:
            api_base_url: Scheme, host and port of the function app.
            users: Names, each once.
            people: The users as they are signed in, for an app that asks who they are.
            home: Where the connections live; the process's own portal by default.

        Raises:
            ChatkitError: A user could not connect; nothing stays open then.
        """
        if old := _open.pop(tuple(users), None):
            old.close()
        panel = cls(api_base_url, users, people=people, home=home)
        try:
            panel._portal.call(panel._start())
        except BaseException:
            panel.close()
            raise
        _open[panel.users] = panel
        return panel

    def say(self, user: str, text: str, *, to: str = "") -> Result:
        """Send a message as one user and wait until everybody in the panel whom it is for has received it.

        Args:
            user: Who speaks.
            text: What they say.
            to: Name of the one other user it is for; empty for everybody.

        Raises:
            CheckFailed: Somebody did not receive it within 10 s.
        """
        hearers = [name for name in self.users if not to or name in (user, to)]
        recipient = self._seats[to].name if to in self._seats else to
        message = self._portal.call(self._say(self._seats[user], text, recipient, [self._seats[name] for name in hearers]))
        whom = f" to {message.recipient}" if message.recipient else ""
        return Result(f"{message.sender}{whom}: {message.text}\nreceived by {' and '.join(hearers)}")

    def messages(self, user: str) -> tuple[ChatMessage, ...]:
        """What one user sees, oldest first."""
        return self._seats[user].messages

    def close(self) -> None:
        """Leave the hub and take the widgets away. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        if _open.get(self.users) is self:
            del _open[self.users]
        self._portal.call(self._stop())
        self._close_widgets()

    def __repr__(self) -> str:
        return f"Chat panel of {' and '.join(self.users)}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        columns = [(seat.user, seat.connection, seat.messages) for seat in self._seats.values()]
        return {**self.widget._repr_mimebundle_(), "text/html": render.snapshot(columns), "text/plain": repr(self)}

    async def _start(self) -> None:
        await asyncio.gather(*(seat.start() for seat in self._seats.values()))

    async def _stop(self) -> None:
        if self._painting:
            self._painting.cancel()
        await asyncio.gather(*(seat.close() for seat in self._seats.values()))

    async def _say(self, seat: Seat, text: str, recipient: str, hearers: Sequence[Seat]) -> ChatMessage:
        message = await seat.client.send(text, recipient=recipient)
        if message is None or not message.id:
            raise RemoteProtocolError("POST /api/messages did not answer the message with its id.")
        for other in hearers:
            try:
                await asyncio.wait_for(other.wait_for(message.id), ARRIVAL_S)
            except TimeoutError:
                raise CheckFailed(
                    f"The message of {seat.user}",
                    expected=f"it at {other.user} within {ARRIVAL_S:g} s",
                    got="nothing",
                    hint="Does SendMessage write to hub chat with target newMessage?",
                ) from None
        return message

    def _repaint(self) -> None:
        """Paint soon, at most ten times a second; runs on the portal's loop."""
        if self._painting or self._closed:
            return
        wait = max(0.0, self._painted_at + PAINT_EVERY_S - self._portal.loop.time())
        self._painting = self._portal.loop.call_later(wait, self._paint)

    def _paint(self) -> None:
        self._painting = None
        self._painted_at = self._portal.loop.time()
        for seat in self._seats.values():
            seat.paint()

    def _close_widgets(self) -> None:
        for seat in self._seats.values():
            for widget in _tree(seat.widget):
                widget.close()
        self.widget.close()


def _tree(widget: ipywidgets.Widget) -> list[ipywidgets.Widget]:
    return [*(item for child in getattr(widget, "children", ()) for item in _tree(child)), widget]
