"""One more person of the chat on Azure, who only listens, for as long as the screen is there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection

from chatkit.chat.client.client import ChatClient
from chatkit.chat.client.connection import FAILURES, State
from chatkit.chat.client.messages import ChatMessage
from chatkit.chat.client.sign_in import PersonNeeded, sign_in
from chatkit.core.errors import ChatkitError, ServiceError
from chatkit.localcloud.stage.azure.room import AzureRoom
from chatkit.localcloud.stage.moderation.recent import SHOWN

log = logging.getLogger("chatkit.stage.azure")
NAME = "the screen"
# A user whom the sign-in page of the local cloud offers. Entra ID asks a person.
TEST_USER = "carol"
AGAIN_S = 5.0
UNAUTHORIZED = (401, 403)
CONNECTING = "The screen is not in the chat yet."
LOST = "The screen has lost the chat, and tries to come back. Phones may go on."
PERSON_NEEDED = (
    "The chat asks for a sign-in that only a person can do: this screen shows how to join, and no"
    " messages."
)
NO_HISTORY = "What was said before the screen was there is missing: {why}"


class Listening:
    """Brings what the chat says into a room.

    Args:
        api_base_url: Scheme, host and port of the function app, without /api.
        room: Gets the messages.
    """

    def __init__(self, api_base_url: str, room: AzureRoom) -> None:
        self._api = api_base_url
        self._room = room
        self._headers: dict[str, str] = {}
        self._states: asyncio.Queue[State] = asyncio.Queue()
        self.why_not = CONNECTING
        """Why no messages come; empty while they do."""
        self.missing = ""
        """Why what was said before is not there; empty when it is."""

    async def stay(self) -> None:
        """Be in the chat, and come back whenever that has ended."""
        while True:
            try:
                await self._be_there()
            except PersonNeeded:
                self.why_not = PERSON_NEEDED
            except FAILURES as error:
                self.why_not = f"The screen cannot get into the chat: {_sentence(error)}"
            except Exception as error:  # whatever an app answers, the screen stays
                log.exception("the chat answers what the screen does not understand")
                self.why_not = f"The screen cannot get into the chat: {_sentence(error)}"
            await asyncio.sleep(AGAIN_S)

    async def _be_there(self) -> None:
        """Connect, and stay until the connection is closed for good."""
        self._states = asyncio.Queue()
        client = ChatClient(self._api, NAME, self, headers=self._headers)
        try:
            await client.start()
            while (state := await self._next_state()) != "closed":
                await self._follow(state, client)
        except ServiceError as error:
            if error.status not in UNAUTHORIZED:
                raise
            await self._sign_in(error)
        finally:
            await client.close()

    async def _next_state(self) -> State:
        """What comes next; while the history is missing, it is asked for again."""
        if not self.missing or self.why_not:
            return await self._states.get()
        try:
            async with asyncio.timeout(AGAIN_S):
                return await self._states.get()
        except TimeoutError:
            return "connected"

    async def _follow(self, state: State, client: ChatClient) -> None:
        if state == "reconnecting":
            self.why_not = LOST
        if state == "connected":
            self.why_not = ""
            self.missing = await self._learn(client)

    async def _learn(self, client: ChatClient) -> str:
        """Read what was said before; returns why that failed, because new messages come anyway."""
        try:
            self._room.learn(await client.history(limit=SHOWN))
        except FAILURES as error:
            if isinstance(error, ServiceError) and error.status in UNAUTHORIZED:
                raise
            return NO_HISTORY.format(why=_sentence(error))
        return ""

    async def _sign_in(self, refused: ServiceError) -> None:
        """Get a session for the next try.

        Raises:
            PersonNeeded: Only a person can have one.
            ServiceError: There is one, and it was refused.
        """
        if self._headers:  # it has ended: the next try signs in again
            self._headers = {}
            raise refused
        self._headers = (await sign_in(self._api, TEST_USER)).headers

    # What the client tells

    def message(self, message: ChatMessage) -> None:
        """A message arrived live."""
        self._room.take(message)

    def removed(self, ids: Collection[str]) -> None:
        """Messages are no longer in the chat."""
        self._room.remove(ids)

    def state(self, state: State, _why: str) -> None:
        """The connection's state changed."""
        self._states.put_nowait(state)

    def problem(self, _sentence: str) -> None:
        """What is no message is nothing for a screen."""


def _sentence(error: BaseException) -> str:
    if isinstance(error, ChatkitError):
        return error.message
    return f"it answers what nobody can use ({type(error).__name__})."
