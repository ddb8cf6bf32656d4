"""The chat panel: users side by side in a cell, each with a connection of its own.

Plain ipywidgets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any

import ipywidgets

from chatkit.chat.client.background_loop import BackgroundLoop, background_loop
from chatkit.chat.client.connection import State as Connected
from chatkit.chat.client.messages import ChatMessage
from chatkit.chat.client.sign_in import SignedIn
from chatkit.chat.inspector.widget import Inspector
from chatkit.chat.panel import names, view
from chatkit.chat.panel.column import Column
from chatkit.chat.panel.listing import Listing
from chatkit.chat.panel.people import Users
from chatkit.chat.panel.reopening import Run, replaces, this_run
from chatkit.chat.widgets.close_widgets import close_widgets
from chatkit.chat.widgets.last_state import LastState, State
from chatkit.core.availability import Availability, explaining
from chatkit.core.errors import CheckFailed, RemoteProtocolError, UnknownUser
from chatkit.core.results import Result, enumerated

ARRIVAL_S = 10.0
_open: list[ChatPanel] = []


class ChatPanel:
    """Users of one chat room side by side, live. Open it with `ChatPanel.open`.

    Every user is a real SignalR client: what one sends goes to the function app, from there to the
    service, and comes back to all of them, the sender too. Type into a column and press Enter to
    speak as its user; "To" makes it private. `inspector` shows what goes over the wire meanwhile,
    `say` does the same as typing, from a cell.
    """

    def __init__(
        self,
        api_base_url: str,
        users: Sequence[str],
        *,
        people: Mapping[str, SignedIn] | None = None,
        background: BackgroundLoop | None = None,
        availability: Availability | None = None,
    ) -> None:
        self.users = tuple(users)
        self._api_base_url = api_base_url
        self._run = this_run()
        self._background = background or background_loop()
        self._closed = False
        self._inspector: Inspector | None = None
        self._availability = availability or Availability()
        known = people or {}
        keys = {user: user for user in self.users}
        keys |= {user: known[user].key for user in self.users if user in known}
        self._everybody = Users(
            {key: user for user, key in keys.items()},
            {person.key: person.name for person in known.values()},
            has_sign_in=any(person.id for person in known.values()),
        )
        self._columns = {
            user: Column(
                api_base_url,
                user,
                self._background,
                users=self._everybody,
                person=known.get(user),
                availability=self._availability,
                stated=self._is_connected,
                painted=self._has_changed,
            )
            for user in self.users
        }
        boxes = [column.widget for column in self._columns.values()]
        self.widget = ipywidgets.HBox(boxes, layout=ipywidgets.Layout(flex_flow="row wrap"))
        self._last_state = LastState(
            self._background, self.widget, name=repr(self), draw=self._state
        )

    @classmethod
    def open(
        cls,
        api_base_url: str,
        users: Sequence[str],
        *,
        people: Mapping[str, SignedIn] | None = None,
        background: BackgroundLoop | None = None,
        availability: Availability | None = None,
    ) -> ChatPanel:
        """Connect every user.

        What an earlier run of the same cell opened is closed first, and so is a panel of the same
        users in the same room, unless it comes from this very run.

        Args:
            api_base_url: Scheme, host and port of the function app.
            users: Names, each once.
            people: The users as they are signed in, for an app that asks who they are.
            background: Where the connections live; the loop of this process by default.
            availability: Of the function app, and of what it stands on.

        Raises:
            ChatkitError: A user could not connect; nothing stays open then.
        """
        _close_replaced(api_base_url, tuple(users), this_run())
        panel = cls(
            api_base_url, users, people=people, background=background, availability=availability
        )
        try:
            # First: what is known is closed by the cell's next run, whenever this one is stopped.
            _open.append(panel)
            panel._background.call(panel._start())
            _listing.begin()
        except BaseException:
            panel.close()
            raise
        return panel

    def say(self, user: str, text: str, *, to: str = "") -> Result:
        """Send a message as one user and wait until everybody whom it is for has received it.

        Args:
            user: Who speaks.
            text: What they say.
            to: The one other user it is for: a name of the panel, or somebody in the speaker's list
                of people, by the name as it is shown, the whole name or the id; empty for
                everybody.

        Raises:
            CheckFailed: Somebody did not receive it within 10 s.
            UnknownUser: Nobody of that name is in the panel, or to be written to; or more than one.
        """
        begun = monotonic()
        speaker = self._column(user)
        recipient = self._recipient(speaker, to)
        keys = (speaker.person.key, recipient)
        columns = [one for one in self._columns.values() if not recipient or one.person.key in keys]
        with explaining(self._availability.absence):
            message = self._background.call(self._say(speaker, text, recipient, columns))
        people = speaker.people
        whom = f" to {people.addressed(message.recipient)}" if message.recipient else ""
        receivers = enumerated([one.user for one in columns])
        text = f"{message.sender}{whom}: {message.text}\nreceived by {receivers}"
        return Result(text, seconds=monotonic() - begun)

    def messages(self, user: str) -> tuple[ChatMessage, ...]:
        """What one user sees, oldest first.

        Raises:
            UnknownUser: Nobody of that name is in the panel.
        """
        return self._column(user).messages

    def inspector(self) -> Inspector:
        """Show what goes over the wire from now on.

        Every HTTP request and every SignalR frame of the panel's users.

        Tokens and keys are left out. It can also cut a connection and let a token expire, to see
        what happens then.
        """
        if self._inspector is None or self._inspector.is_closed:
            self._inspector = Inspector(
                {column.user: column.client for column in self._columns.values()},
                self._background,
                absence=self._availability.absence,
            )
        return self._inspector

    def close(self) -> None:
        """Leave the hub; what was said stays in the cell. Safe to call twice."""
        if self._closed:
            return
        # First: it shows people as they were connected.
        self._last_state.close()
        self._background.call(self._stop())
        if self._inspector:
            self._inspector.close()
        close_widgets(self.widget)
        # Last: a caller who is interrupted before closes it the next time.
        with suppress(ValueError):
            _open.remove(self)
        self._closed = True

    def __repr__(self) -> str:
        return f"Chat panel of {enumerated(self.users)}"

    def _repr_mimebundle_(self, **_asked: object) -> Any:
        return {
            **self.widget._repr_mimebundle_(),
            "text/html": self._state().html,
            "text/plain": repr(self),
        }

    def _ipython_display_(self) -> None:
        self._last_state.show()

    def _state(self) -> State:
        seen = {
            user: view.Seen(column.connection[0], column.messages, column.reader())
            for user, column in self._columns.items()
        }
        return State(view.snapshot(repr(self), seen), view.transcript(seen))

    def _has_changed(self) -> None:
        self._last_state.changed()

    def _column(self, user: str) -> Column:
        column = self._columns.get(user)
        if column is None:
            raise UnknownUser(
                f"{user} is not in this panel.", hint=f"There are {enumerated(self.users)}."
            )
        return column

    def _recipient(self, speaker: Column, to: str) -> str:
        """What the app knows the one by to whom a user wants to write."""
        if not to:
            return ""
        if to in self._columns:
            return self._columns[to].person.key
        people = speaker.people
        found = people.named(to)
        if len(found) == 1:
            return found[0]
        if not found and not people.has_sign_in:
            return to
        if found:
            raise UnknownUser(
                f"{len(found)} people are called {to}.",
                hint=f"Say which: {enumerated(list(map(people.called, found)))}.",
            )
        labels = [label for label, _ in people.others()]
        raise UnknownUser(
            f"{speaker.user} knows nobody who is called {to}.",
            hint=f"{enumerated(names.nearest_first(to, labels)) or 'Nobody'} can be written to;"
            " others can once they have spoken.",
        )

    async def _start(self) -> None:
        await asyncio.gather(*(column.start() for column in self._columns.values()))

    async def _stop(self) -> None:
        closing = asyncio.gather(*(column.close() for column in self._columns.values()))
        # Who stops waiting for it does not stop it.
        await asyncio.shield(closing)

    async def _say(
        self, column: Column, text: str, recipient: str, receivers: Sequence[Column]
    ) -> ChatMessage:
        message = await column.client.send(text, recipient=recipient)
        if message is None or not message.id:
            raise RemoteProtocolError("POST /api/messages did not answer the message with its id.")
        for other in receivers:
            try:
                async with asyncio.timeout(ARRIVAL_S):
                    await other.wait_for(message.id)
            except TimeoutError:
                raise CheckFailed(
                    f"The message of {column.user}",
                    expected=f"it at {other.user} within {ARRIVAL_S:g} s",
                    got="nothing",
                    hint="Does SendMessage write to hub chat with target newMessage?",
                ) from None
        return message

    def _is_connected(self, key: str, state: Connected) -> None:
        """A user's connection has changed, which every column shows."""
        self._everybody.states[key] = state
        for column in self._columns.values():
            column.painter.soon()


def _close_all() -> None:
    for panel in tuple(_open):
        panel.close()


_listing = Listing(lambda: bool(_open), _close_all)


def _close_replaced(api_base_url: str, users: tuple[str, ...], run: Run) -> None:
    # Closing a panel takes it off the list.
    for old in tuple(_open):
        same = (old._api_base_url, old.users) == (api_base_url, users)
        if replaces(run, old._run, same_room_and_users=same):
            old.close()
