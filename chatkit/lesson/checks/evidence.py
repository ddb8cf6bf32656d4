"""How checks look at things: one way to fail, and listeners on a hub."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp

from chatkit.chat.client.addresses import is_loopback
from chatkit.chat.client.background_loop import portal
from chatkit.chat.client.connection import FAILURES, HubConnection, State
from chatkit.core.errors import ChatkitError, CheckFailed

T = TypeVar("T")
WRITER = "chatkit"
ARRIVAL_S = 10.0
QUIET_S = 0.3
LIMIT_S = 90.0


def expect(condition: object, what: str, *, expected: str, got: object, hint: str) -> None:
    """Fail a check unless a condition holds.

    Raises:
        CheckFailed: It does not hold.
    """
    if not condition:
        raise CheckFailed(what, expected=expected, got=str(got), hint=hint)


@contextmanager
def expecting(what: str, *, expected: str, hint: str) -> Iterator[None]:
    """Fail a check when Azure, or the way to it, refuses in the block; the error is kept as the cause.

    Raises:
        CheckFailed: An Azure SDK raised.
    """
    from azure.core.exceptions import AzureError

    try:
        yield
    except AzureError as error:
        said = next(
            (line.strip() for line in str(error.message).splitlines() if line.strip()),
            type(error).__name__,
        )
        raise CheckFailed(what, expected=expected, got=said[:300].rstrip("."), hint=hint) from error


def words(what: str) -> str:
    """The text of a check's message, which people will read, too; no two are the same."""
    return f"A check is running: {what} ({uuid.uuid4().hex[:6]})."


def run(work: Coroutine[Any, Any, T]) -> T:
    """Do asynchronous work from a check, which itself runs in a cell."""
    return portal().call(work, timeout_s=LIMIT_S)


@dataclass
class Ear:
    """Somebody who listens on a hub and notes every invocation."""

    name: str
    frames: list[tuple[str, list[Any]]] = field(default_factory=list)
    _new: asyncio.Event = field(default_factory=asyncio.Event)

    def received(self, target: str, arguments: list[Any]) -> None:
        """Note an invocation."""
        self.frames.append((target, arguments))
        self._new.set()

    def changed(self, state: State, why: str) -> None:
        """States are not noted."""

    async def hears(self, text: str) -> bool:
        """Wait for an invocation that has this text in an argument."""
        try:
            async with asyncio.timeout(ARRIVAL_S):
                while not self.heard(text):
                    self._new.clear()
                    await self._new.wait()
        except TimeoutError:
            return False
        return True

    def heard(self, text: str) -> list[tuple[str, list[Any]]]:
        """The invocations so far that have this text in an argument."""
        return [frame for frame in self.frames if text in json.dumps(frame[1], ensure_ascii=False)]


@asynccontextmanager
async def listening(
    *doors: tuple[str, str, str], headers: Mapping[str, Mapping[str, str]] | None = None
) -> AsyncIterator[list[Ear]]:
    """Connect listeners, each through a door: its name, a negotiate address, and a token when that is the service's own.

    Args:
        doors: One for each listener.
        headers: What a listener of this name shows to the negotiate function.

    Raises:
        CheckFailed: One could not connect.
    """
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(
            aiohttp.ClientSession(trust_env=not is_loopback(doors[0][1]))
        )
        ears = [Ear(name) for name, _, _ in doors]
        for ear, (_, url, token) in zip(ears, doors, strict=True):
            connection = HubConnection(
                session, url, ear, (headers or {}).get(ear.name, {}), access_token=token
            )
            try:
                await connection.start()
            except FAILURES as error:
                raise _not_connected(error) from error
            stack.push_async_callback(connection.stop)
        yield ears


def _not_connected(error: BaseException) -> CheckFailed:
    message = error.message if isinstance(error, ChatkitError) else str(error)
    hint = (
        error.hint if isinstance(error, ChatkitError) else ""
    ) or "The function host's log says more."
    return CheckFailed(
        "Connecting to the hub", expected="a connection", got=message.rstrip("."), hint=hint
    )
