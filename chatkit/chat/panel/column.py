"""One user's column of the panel: widgets on one side, a chat client on the other."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

import ipywidgets

from chatkit.chat.client.background_loop import BackgroundLoop, log_failure
from chatkit.chat.client.client import ChatClient
from chatkit.chat.client.connection import FAILURES, State
from chatkit.chat.client.messages import ChatMessage
from chatkit.chat.client.sign_in import SignedIn
from chatkit.chat.panel import view
from chatkit.chat.panel.conversation import Conversation
from chatkit.chat.panel.people import People, Users
from chatkit.chat.widgets.blocks import Blocks
from chatkit.chat.widgets.foreign_text import visible
from chatkit.chat.widgets.painter import Painter
from chatkit.core.availability import Availability
from chatkit.core.errors import ServiceError

EVERYBODY = ("everybody", "")
NOT_FOUND = 404
LATE_S = 0.05
LATEST_OF_CHECKS = 20


@dataclass(frozen=True)
class Draft:
    """A text somebody typed, and whom it is for; empty for everybody."""

    text: str
    recipient: str


class Column:
    """Shows one user's chat and sends what the user types.

    The client's callbacks run on the background loop, the widgets' on a thread that depends on the
    kernel. Callbacks only note what happened or hand work to the loop; `paint`, called at a pace of
    its own, is the only place that sets traits from what was noted. What was typed is either on its
    way, in the box, or waiting to come back to the box: never lost.

    Args:
        api_base_url: The function app.
        user: Whose column.
        background: The loop where the client lives.
        users: All users of the panel.
        person: The user as they are signed in; None for an app that takes any name. A
            user who is not verified is offered no private messages: the app has none before
            sign-in.
        availability: Of the function app, and of what it stands on.
        stated: Called when the state of the user's connection has changed.
        painted: Called when the column shows something new.
    """

    def __init__(
        self,
        api_base_url: str,
        user: str,
        background: BackgroundLoop,
        *,
        users: Users,
        person: SignedIn | None = None,
        availability: Availability | None = None,
        stated: Callable[[str, State], None] = lambda _key, _state: None,
        painted: Callable[[], None] = lambda: None,
    ) -> None:
        self.user = user
        self.person = person or SignedIn(user)
        headers = person.headers if person is not None else {}
        self.client = ChatClient(
            api_base_url, self.person.name, self, headers=headers, availability=availability
        )
        self.connection: tuple[State, str] = ("closed", "")
        self._background = background
        self.painter = Painter(background, self.paint)
        self.people = People(users, self.person.key, self.painter.soon)
        self._stated = stated
        self._painted = painted
        self._conversation = Conversation()
        self._of_checks: deque[ChatMessage] = deque(maxlen=LATEST_OF_CHECKS)
        self._of_people: set[str] = set()
        self._error = ""
        self._arrived = asyncio.Event()
        self._sending = asyncio.Lock()
        self._readings: set[asyncio.Task[None]] = set()
        self._unsent: deque[Draft] = deque()
        self._box = Lock()
        self._make_widgets()
        if person is not None and not person.is_verified:
            self._to.layout.display = "none"

    def _make_widgets(self) -> None:
        whose = f"Message from {visible(self.user)}"
        self._heading = ipywidgets.HTML(view.heading(self.user, "connecting"))
        self._present = ipywidgets.HTML("")
        self._list = Blocks[ChatMessage](
            lambda rows, is_newest: view.message_rows(rows, is_newest, me=self.reader())
        )
        self._problem = ipywidgets.HTML("")
        self._to = ipywidgets.Dropdown(
            options=[EVERYBODY],
            description="To",
            style={"description_width": "initial"},
            layout=ipywidgets.Layout(width="auto"),
        )
        self._text = ipywidgets.Text(
            placeholder=whose, tooltip=whose, layout=ipywidgets.Layout(flex="1")
        )
        self._send = ipywidgets.Button(
            description="Send",
            tooltip=f"Send as {visible(self.user)}",
            layout=ipywidgets.Layout(width="5em"),
        )
        self._text.on_msg(self._on_text_event)
        self._send.on_click(lambda _button: self._submit())
        line = ipywidgets.HBox([self._text, self._send])
        self.widget = ipywidgets.VBox(
            [self._heading, self._present, self._list.widget, self._to, line, self._problem],
            layout=ipywidgets.Layout(flex="1 1 280px", min_width="260px", margin="0 8px 8px 0"),
        )

    def reader(self) -> view.Reader:
        """Who reads this column's messages."""
        people = self.people
        return view.Reader(
            user=self.user,
            key=self.person.key,
            called=people.addressed,
            writer=people.writer,
            key_of=people.key_of,
            has_sign_in=people.has_sign_in,
        )

    @property
    def messages(self) -> tuple[ChatMessage, ...]:
        """What the user sees, oldest first."""
        return self._conversation.messages

    async def start(self) -> None:
        """Connect, then read history, so that nothing sent in between is missed.

        A chat without a history is a chat, too.
        """
        await self.client.start()
        await self._read_history()

    async def close(self) -> None:
        """Leave the hub."""
        self.painter.stop()
        readings = self._cancel_readings()
        if readings:
            await asyncio.wait(readings)
        await self.client.close()

    async def wait_for(self, message_id: str) -> None:
        """Return as soon as this column has received a message that somebody of the panel sent.

        Who repeats a check's text word for word is a person, and is heard.
        """
        self._of_people.add(message_id)
        repeated = tuple(one for one in self._of_checks if one.id == message_id)
        if repeated:
            self._add(repeated)
        while not self._conversation.has(message_id):
            self._arrived.clear()
            await self._arrived.wait()

    def message(self, message: ChatMessage) -> None:
        """A message arrived live."""
        self._add((message,))

    def removed(self, ids: Collection[str]) -> None:
        """A check has taken its messages out of the room again."""
        self.people.gone(self._conversation.remove(ids))
        self.painter.soon()

    def state(self, state: State, why: str) -> None:
        """The connection's state changed; what was said during a pause is in the history."""
        before, reason = self.connection
        self.connection = (state, why)
        self._stated(self.person.key, state)
        if state == "connected" and before == "reconnecting":
            # Most reconnects are over before anybody can read "reconnecting".
            self.connection = (state, f"again. Before: {reason}")
            self._read_again()
        if state == "closed" and why:
            self._error = "To connect again, run the cell that opens the panel."
        self.painter.soon()

    def problem(self, sentence: str) -> None:
        """Show a sentence until the next message is sent."""
        if sentence != self._error or self._unsent:
            self._error = sentence
            self.painter.soon()

    def paint(self) -> None:
        """Bring the widgets up to date; traits that are equal send nothing."""
        self._heading.value = view.heading(self.user, *self.connection)
        self._present.value = view.people(
            self.people.listed(), me=self.people.called(self.person.key)
        )
        self._list.paint(self._conversation.latest())
        self._problem.value = view.error(self._error)
        with self._box:
            self._offer()
            self._give_back()
        self._painted()

    def _add(self, new: tuple[ChatMessage, ...]) -> None:
        self._of_checks.extend(one for one in new if self._is_of_check(one))
        new = tuple(one for one in new if not self._is_of_check(one))
        self._conversation.add(new)
        for message in new:
            self.people.seen(message)
        self._arrived.set()
        self.painter.soon()

    def _is_of_check(self, message: ChatMessage) -> bool:
        return message.is_of_check and message.id not in self._of_people

    def _read_again(self) -> None:
        """Read the history anew. A reading that still runs began before the latest pause."""
        self._cancel_readings()
        reading = asyncio.create_task(self._read_history())
        self._readings.add(reading)
        reading.add_done_callback(self._readings.discard)
        reading.add_done_callback(log_failure)

    def _cancel_readings(self) -> set[asyncio.Task[None]]:
        readings = set(self._readings)
        for reading in readings:
            reading.cancel()
        return readings

    async def _read_history(self) -> None:
        try:
            self._add(await self.client.history())
        except ServiceError as error:
            # Before section 06 the app has no GetMessages.
            if error.status != NOT_FOUND:
                self.problem(f"No earlier messages: {error.message} {error.why}".rstrip())
        except FAILURES as error:
            self.problem(f"The history could not be read: {error}")

    def _offer(self) -> None:
        """Offer whom to write to, and keep the one that somebody has chosen."""
        chosen = self._to.value
        wanted = {"": EVERYBODY[0]} | {key: label for label, key in self.people.others()}
        for key in (chosen, *(draft.recipient for draft in self._unsent)):
            # Of whom nothing is left in the room: still the one that a text is for.
            wanted.setdefault(key, self.people.called(key))
        options = tuple((visible(label), key) for key, label in wanted.items())
        if options != self._to.options:
            # Setting the options of a dropdown selects the first of them.
            with self._to.hold_sync():
                self._to.options = options
                self._to.value = chosen

    def _give_back(self) -> None:
        """Put what could not be sent back into the box, to the same person, when it is free."""
        if self._unsent and not self._text.value:
            draft = self._unsent.popleft()
            self._to.value = draft.recipient
            self._text.value = draft.text

    def _on_text_event(self, _widget: object, content: Mapping[str, Any], _buffers: object) -> None:
        if content.get("event") == "submit":
            self._submit()

    def _submit(self) -> None:
        if not self._take():
            self._background.start(self._look_again())

    async def _look_again(self) -> None:
        # ipykernel 7.4 may handle typing on one thread and Enter on another, a moment ahead of it.
        await asyncio.sleep(LATE_S)
        self._take()

    def _take(self) -> bool:
        """Take what is in the box and send it; False when there is nothing."""
        with self._box:
            draft = Draft(self._text.value, self._to.value or "")
            if not draft.text.strip():
                return False
            self._text.value = ""
        self._background.start(self._deliver(draft))
        return True

    async def _deliver(self, draft: Draft) -> None:
        async with self._sending:
            try:
                await self.client.send(draft.text, recipient=draft.recipient)
            except Exception as error:
                self._unsent.append(draft)
                self.problem(f"Not sent: {str(error) or type(error).__name__}")
                if not isinstance(error, FAILURES):
                    # A mistake of the kit's own: the log shows where.
                    raise
            else:
                self.problem("")
