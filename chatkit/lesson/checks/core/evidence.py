"""How checks look at things: one way to fail, and clients on a hub that note what they receive."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp

from chatkit.chat.client.addresses import is_loopback
from chatkit.chat.client.background_loop import background_loop
from chatkit.chat.client.connection import FAILURES, HubConnection, State
from chatkit.core.errors import ChatkitError, CheckFailed
from chatkit.lesson.http import Answer, fetch
from chatkit.wire.check_marks import check_text, new_run

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
    """Fail a check when Azure, or the way to it, refuses in the block.

    The error is kept as the cause.

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


@dataclass
class Sent:
    """What a run of checks has sent.

    Attributes:
        run: A part of its messages' marks.
        texts: Of its messages.
        ids: Of those that were answered.
        told: Called with each text before its message is sent.
    """

    run: str = field(default_factory=new_run)
    texts: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    told: Callable[[str], None] = lambda _text: None

    def note(self, text: str) -> None:
        """A message with this text is about to be sent."""
        self.texts.append(text)
        self.told(text)


_sent: ContextVar[Sent | None] = ContextVar("sent", default=None)


@contextmanager
def noting_messages(sent: Sent) -> Iterator[Sent]:
    """Note what the checks in the block send, before it is sent."""
    token = _sent.set(sent)
    try:
        yield sent
    finally:
        _sent.reset(token)


def message_text(what: str) -> str:
    """The text of a check's message, to be sent now; no two are the same."""
    sent = _sent.get() or Sent()
    text = check_text(what, sent.run)
    sent.note(text)
    return text


def announce(name: str) -> str:
    """Say that many messages are about to be sent, each with `name RUN (` in its text.

    Returns:
        The run, which is a part of their marks, too.
    """
    sent = _sent.get() or Sent()
    sent.note(f"{name} {sent.run} (")
    return sent.run


def post_message(api: str, body: object, *, headers: Mapping[str, str]) -> Answer:
    """Send a message to the functions, and note its id."""
    answer = fetch("POST", f"{api}/api/messages", body=body, headers=headers)
    message = answer.json()
    sent = _sent.get()
    if sent is not None and isinstance(message, dict) and isinstance(message.get("id"), str):
        sent.ids.add(message["id"])
    return answer


def run(work: Coroutine[Any, Any, T]) -> T:
    """Do asynchronous work from a check, which itself runs in a cell."""
    return background_loop().call(work, timeout_s=LIMIT_S)


@dataclass(frozen=True)
class HubEndpoint:
    """Where a client asks for its connection to a hub.

    Attributes:
        name: Of the client that connects there.
        url: A negotiate address.
        token: Given when the address is the service's own; a negotiate function hands one out.
    """

    name: str
    url: str
    token: str = ""


@dataclass
class Recipient:
    """A client on a hub that notes every invocation."""

    name: str
    frames: list[tuple[str, list[Any]]] = field(default_factory=list)
    _new: asyncio.Event = field(default_factory=asyncio.Event)

    def received(self, target: str, arguments: list[Any]) -> None:
        """Note an invocation."""
        self.frames.append((target, arguments))
        self._new.set()

    def changed(self, state: State, why: str) -> None:
        """States are not noted."""

    async def wait_for(self, text: str) -> bool:
        """Wait for an invocation that has this text in an argument."""
        return await self._wait(lambda: self.frames_with(text), ARRIVAL_S)

    async def wait_for_frames(self, count: int, *, limit_s: float) -> bool:
        """Wait until so many invocations have come."""
        return await self._wait(lambda: len(self.frames) >= count, limit_s)

    async def _wait(self, has_come: Callable[[], object], limit_s: float) -> bool:
        try:
            async with asyncio.timeout(limit_s):
                while not has_come():
                    self._new.clear()
                    await self._new.wait()
        except TimeoutError:
            return False
        return True

    def frames_with(self, text: str) -> list[tuple[str, list[Any]]]:
        """The invocations so far that have this text in an argument."""
        return [frame for frame in self.frames if text in json.dumps(frame[1], ensure_ascii=False)]


@asynccontextmanager
async def listening(
    *endpoints: HubEndpoint, headers: Mapping[str, Mapping[str, str]] | None = None
) -> AsyncIterator[list[Recipient]]:
    """Connect a client to each endpoint, for as long as the block runs.

    Args:
        endpoints: One for each client.
        headers: What a client of this name shows to the negotiate function.

    Raises:
        CheckFailed: One could not connect.
    """
    async with AsyncExitStack() as stack:
        is_local = is_loopback(endpoints[0].url)
        session = await stack.enter_async_context(aiohttp.ClientSession(trust_env=not is_local))
        recipients = []
        for endpoint in endpoints:
            recipient = Recipient(endpoint.name)
            shown = (headers or {}).get(endpoint.name, {})
            connection = HubConnection(
                session, endpoint.url, recipient, shown, access_token=endpoint.token
            )
            try:
                await connection.start()
            except FAILURES as error:
                raise _not_connected(error) from error
            stack.push_async_callback(connection.stop)
            recipients.append(recipient)
        yield recipients


def _not_connected(error: BaseException) -> CheckFailed:
    message = str(error)
    hint = ""
    if isinstance(error, ChatkitError):
        message = error.message
        hint = error.hint
    return CheckFailed(
        "Connecting to the hub",
        expected="a connection",
        got=message.rstrip("."),
        hint=hint or "The function host's log says more.",
    )
