"""One user of the chat room: reads history, sends, and hears what the hub sends."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Protocol
from urllib.parse import quote

import aiohttp

from chatkit.chat.client.addresses import is_loopback
from chatkit.chat.client.connection import HubConnection, State, Timing
from chatkit.chat.client.expired import expired
from chatkit.chat.client.messages import ChatMessage
from chatkit.chat.client.rest import ask_app
from chatkit.chat.client.sign_in import HEADER
from chatkit.chat.client.tap import Tap
from chatkit.core.availability import Availability, explaining
from chatkit.core.errors import LocalProtocolError, NotStarted, RemoteProtocolError

TARGET = "newMessage"
REMOVED = "messagesRemoved"
"""With a list of ids: a check has taken its messages out of the room again."""


class Room(Protocol):
    """Who shows a chat; called on the client's loop, must not block."""

    def message(self, message: ChatMessage) -> None:
        """A message arrived live."""

    def removed(self, ids: Collection[str]) -> None:
        """Messages are no longer in the room."""

    def state(self, state: State, why: str) -> None:
        """The connection's state changed."""

    def problem(self, sentence: str) -> None:
        """Something arrived that is not a chat message."""


class ChatClient:
    """One user, on the function app's API: POST /api/negotiate, POST and GET /api/messages.

    Args:
        api_base_url: Scheme, host and port of the function app, without /api.
        user: Name put on messages; an app with authentication uses its own instead.
        room: Hears messages and states.
        headers: Sent with every request to the API, for example X-ZUMO-AUTH.
        timing: Delays of the connection.
        availability: Of the function app, and of what it stands on.
    """

    def __init__(
        self,
        api_base_url: str,
        user: str,
        room: Room,
        *,
        headers: Mapping[str, str] | None = None,
        timing: Timing | None = None,
        availability: Availability | None = None,
    ) -> None:
        self.api = f"{api_base_url.rstrip('/')}/api"
        self.user = user
        self.tap = Tap()
        self._room = room
        self._headers = dict(headers or {})
        self._timing = timing or Timing()
        self._availability = availability or Availability()
        self._session: aiohttp.ClientSession | None = None
        self._connection: HubConnection | None = None

    async def start(self) -> None:
        """Connect to the hub.

        Raises:
            ChatkitError: As `HubConnection.start`; nothing stays open then.
        """
        if self._session:
            raise LocalProtocolError(f"{self.user} is already connected.")
        self._session = aiohttp.ClientSession(
            trust_env=not is_loopback(self.api), trace_configs=[self.tap.traces()]
        )
        self._connection = HubConnection(
            self._session,
            f"{self.api}/negotiate",
            self,
            self._headers,
            self._timing,
            tap=self.tap,
            availability=self._availability,
        )
        try:
            await self._connection.start()
        except BaseException:
            await self.close()
            raise

    async def send(self, text: str, *, recipient: str = "") -> ChatMessage | None:
        """Send a message to everybody, or to one user.

        Returns:
            The message as the app answered it; None when the app answers nothing.
        """
        body = {"sender": self.user, "text": text}
        if recipient:
            body["recipient"] = recipient
        answer = await self._ask("POST", f"{self.api}/messages", body)
        if not answer:
            return None
        return ChatMessage.from_json(answer)

    async def history(self, *, limit: int = 50, before: str = "") -> tuple[ChatMessage, ...]:
        """Read stored messages, newest first.

        Args:
            limit: At most so many.
            before: Id of a message; only older ones are returned.
        """
        url = f"{self.api}/messages?limit={limit}"
        if before:
            url += f"&before={quote(before, safe='')}"
        answer = await self._ask("GET", url)
        if not isinstance(answer, list):
            raise RemoteProtocolError("GET /api/messages did not answer a list.")
        return tuple(ChatMessage.from_json(item) for item in answer)

    async def close(self) -> None:
        """Leave the hub and release every socket. Safe to call at any time."""
        # Both are forgotten before the first wait: nothing uses them while they close.
        connection = self._connection
        session = self._session
        self._connection = None
        self._session = None
        if connection:
            await connection.stop()
        if session:
            await session.close()

    def drop_connection(self) -> bool:
        """Lose the connection as a failing network loses it; it is restored as after any loss.

        False if there is none.
        """
        return self._connection is not None and self._connection.cut()

    def expire_tokens(self) -> bool:
        """From now on show a session token that has expired; to the service, an expired token once.

        Then reconnect with them.

        The session itself is not touched: signing in again is what helps.

        Returns:
            Whether there was a connection to lose.
        """
        if HEADER in self._headers:
            self._headers[HEADER] = expired(self._headers[HEADER])
        if self._connection:
            self._connection.expire_token()
        return self.drop_connection()

    def received(self, target: str, arguments: list[Any]) -> None:
        """Pass a `newMessage` or `messagesRemoved` on; other targets are not ours."""
        if target.lower() == REMOVED.lower() and arguments and isinstance(arguments[0], list):
            self._room.removed([str(one) for one in arguments[0]])
        if target.lower() != TARGET.lower():
            return
        if len(arguments) != 1:
            count = len(arguments)
            self._room.problem(
                f"{TARGET} arrived with {count} arguments; the page takes one, the message."
            )
            return
        try:
            self._room.message(ChatMessage.from_json(arguments[0]))
        except RemoteProtocolError as error:
            self._room.problem(error.message)

    def changed(self, state: State, why: str) -> None:
        """Pass a change of state on."""
        self._room.state(state, why)

    async def _ask(self, method: str, url: str, body: object = None) -> Any:
        session = self._open_session()
        with explaining(self._availability.absence):
            return await ask_app(
                session, method, url, self._availability, body=body, headers=self._headers
            )

    def _open_session(self) -> aiohttp.ClientSession:
        if not self._session:
            raise NotStarted(
                f"{self.user} is not connected.", hint="Run the cell that opens the panel again."
            )
        return self._session
