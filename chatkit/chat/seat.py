"""One user's column of the panel: widgets on one side, a chat client on the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets

from chatkit.chat import render
from chatkit.chat.client import ChatClient
from chatkit.chat.connection import FAILURES, State
from chatkit.chat.messages import ChatMessage, merged
from chatkit.chat.portal import Portal
from chatkit.chat.sign_in import SignedIn
from chatkit.errors import ServiceError


class Seat:
    """Shows one user's chat and sends what the user types.

    The client's callbacks run on the portal's loop, the widgets' on a thread that depends on the kernel. Callbacks only note
    what happened or hand work to the portal; `paint`, called by the panel at its own pace, is the only place that sets traits
    from what was noted.

    Args:
        api_base_url: The function app.
        user: Whose seat.
        portal: Where the client lives.
        changed: Told, on the portal's loop, that there is something to paint.
        person: The user as they are signed in; None for an app that takes any name.
    """

    def __init__(
        self, api_base_url: str, user: str, portal: Portal, changed: Callable[[], None], person: SignedIn | None = None
    ) -> None:
        self.user = user
        self.name = person.name if person else user
        self.client = ChatClient(api_base_url, self.name, self, headers=person.headers if person else None)
        self.messages: tuple[ChatMessage, ...] = ()
        self._portal = portal
        self._changed = changed
        self.connection: tuple[State, str] = ("closed", "")
        self._error = ""
        self._arrived = asyncio.Event()
        self._heading = ipywidgets.HTML(render.heading(user, "connecting"))
        self._list = ipywidgets.HTML(render.message_list((), me=self.name))
        self._problem = ipywidgets.HTML("")
        self._text = ipywidgets.Text(placeholder=f"Message from {user}", layout=ipywidgets.Layout(flex="1"))
        self._send = ipywidgets.Button(description="Send", layout=ipywidgets.Layout(width="5em"))
        self._text.on_msg(self._on_text_event)
        self._send.on_click(lambda _button: self._submit())
        self.widget = ipywidgets.VBox(
            [self._heading, self._list, ipywidgets.HBox([self._text, self._send]), self._problem],
            layout=ipywidgets.Layout(flex="1 1 280px", min_width="260px", margin="0 8px 8px 0"),
        )

    async def start(self) -> None:
        """Connect, then read history, so that nothing sent in between is missed. A chat without a history is a chat, too."""
        await self.client.start()
        try:
            self._add(await self.client.history())
        except ServiceError as error:
            self.problem(f"No earlier messages: {error.message}")

    async def close(self) -> None:
        """Leave the hub."""
        await self.client.close()

    async def wait_for(self, message_id: str) -> None:
        """Return as soon as this seat has received a message."""
        while all(message.id != message_id for message in self.messages):
            self._arrived.clear()
            await self._arrived.wait()

    def message(self, message: ChatMessage) -> None:
        """A message arrived live."""
        self._add((message,))

    def state(self, state: State, why: str) -> None:
        """The connection's state changed."""
        self.connection = (state, why)
        self._changed()

    def problem(self, sentence: str) -> None:
        """Show a sentence until the next message is sent."""
        self._error = sentence
        self._changed()

    def paint(self) -> None:
        """Bring the widgets up to date; traits that are equal send nothing."""
        self._heading.value = render.heading(self.user, *self.connection)
        self._list.value = render.message_list(self.messages, me=self.name)
        self._problem.value = render.error(self._error)

    def _add(self, new: tuple[ChatMessage, ...]) -> None:
        self.messages = merged(self.messages, new)
        self._arrived.set()
        self._changed()

    def _on_text_event(self, _widget: object, content: Mapping[str, Any], _buffers: object) -> None:
        if content.get("event") == "submit":
            self._submit()

    def _submit(self) -> None:
        text = self._text.value
        if text.strip():
            self._text.value = ""
            self._portal.submit(self._deliver(text))

    async def _deliver(self, text: str) -> None:
        try:
            await self.client.send(text)
            self.problem("")
        except FAILURES as error:
            self.problem(f"Not sent: {error}")
            self._text.value = self._text.value or text
