"""One client connection to a SignalR hub: negotiate, WebSocket, handshake, keep-alive, reconnect.

Follows Microsoft's TransportProtocols.md and HubProtocol.md (dotnet/aspnetcore), JSON over
WebSockets only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import aiohttp

from chatkit.chat.client.addresses import negotiate_address, websocket_address, with_query
from chatkit.chat.client.expired import expired
from chatkit.chat.client.link import Link
from chatkit.chat.client.rest import ask, ask_app, refusal
from chatkit.chat.client.tap import Tap
from chatkit.core.availability import Availability, explaining
from chatkit.core.errors import (
    ChatkitError,
    ConnectionClosed,
    LocalProtocolError,
    RemoteProtocolError,
    ServiceError,
)
from chatkit.wire.hub_messages import Close, Completion, HubMessage, Invocation, Ping

State = Literal["connecting", "connected", "reconnecting", "closed"]
REDIRECTS = 10
SERVICE_HINT = (
    "That is SignalR Service, as the connection string names it: workshop.write_local_settings()"
    " writes the present one, workshop.upload_settings() sends it."
)
FAILURES = (ChatkitError, aiohttp.ClientError, OSError, TimeoutError)


class Listener(Protocol):
    """Who hears about a connection; called on the connection's own loop, must not block."""

    def received(self, target: str, arguments: list[Any]) -> None:
        """The hub invoked a method of this client."""

    def changed(self, state: State, why: str) -> None:
        """The connection's state changed; `why` is a sentence or empty."""


@dataclass(frozen=True)
class Timing:
    """Delays as in Microsoft's clients.

    Attributes:
        keep_alive_s: A ping is sent this often.
        server_timeout_s: The connection counts as lost after this silence.
        handshake_timeout_s: The service must answer the handshake within this time.
        retry_delays_s: Waits before each attempt to reconnect; after the last one the connection is
            closed.
        absence_s: While nothing can answer there is no attempt; this often it looks again.
    """

    keep_alive_s: float = 15
    server_timeout_s: float = 30
    handshake_timeout_s: float = 15
    retry_delays_s: tuple[float, ...] = (0, 2, 10, 30)
    absence_s: float = 1


@dataclass(frozen=True)
class Ended:
    """How a WebSocket ended."""

    why: str
    may_reconnect: bool = True


@dataclass
class HubConnection:
    """One connection, kept up until `stop`.

    Attributes:
        session: Does the HTTP requests and the WebSocket.
        negotiate_url: The function that hands out address and token, ending in /negotiate.
        listener: Hears invocations and changes of state.
        headers: Sent to `negotiate_url` only, never to the service.
        access_token: For a `negotiate_url` that is the service's own already: its token; empty for
            a function's.
        tap: Hears every frame.
        availability: Of those that it talks to.
    """

    session: aiohttp.ClientSession
    negotiate_url: str
    listener: Listener
    headers: Mapping[str, str] = field(default_factory=dict)
    timing: Timing = Timing()
    access_token: str = ""
    tap: Tap = field(default_factory=Tap)
    availability: Availability = Availability()
    state: State = field(default="closed", init=False)
    _link: Link | None = field(default=None, init=False)
    _task: asyncio.Task[None] | None = field(default=None, init=False)
    _why: str = field(default="", init=False)
    _shows_expired: bool = field(default=False, init=False)

    async def start(self) -> None:
        """Connect; returns when the hub has accepted the handshake.

        Raises:
            NotStarted: Nothing listens at the negotiate address.
            ServiceError: Function or service refused.
            RemoteProtocolError: The peer does not speak the protocol.
        """
        if self.state != "closed":
            raise LocalProtocolError("This connection is already started.")
        self._become("connecting")
        try:
            with explaining(self.availability.absence):
                link = await self._open()
        except FAILURES as error:
            self._become("closed", str(error))
            raise
        self._become("connected")
        self._task = asyncio.create_task(self._stay(link))

    async def stop(self) -> None:
        """Leave the hub and release the socket. Safe to call at any time."""
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        if self._link:
            with suppress(*FAILURES):
                await self._link.send(Close())
            await self._link.close()
            self._link = None
        self._become("closed")

    def cut(self) -> bool:
        """Lose the network.

        The socket is gone without a goodbye, and the connection has to see to itself.

        Returns:
            Whether there was a connection to lose.
        """
        if self._link is None or self.state != "connected":
            return False
        self._link.cut()
        return True

    def expire_token(self) -> None:
        """Show the service an expired token, once: the next time this connects."""
        self._shows_expired = True

    async def _stay(self, link: Link) -> None:
        while True:
            ended = await self._serve(link)
            await link.close()
            # A service that is shut down says that nobody may come back; it may start again.
            if not ended.may_reconnect and self.availability.absence() is None:
                self._become("closed", ended.why)
                return
            self._become("reconnecting", ended.why)
            again = await self._reopen()
            if isinstance(again, Ended):
                self._become("closed", again.why)
                return
            link = again
            self._become("connected")

    async def _reopen(self) -> Link | Ended:
        error: BaseException = TimeoutError("gave up")
        was_absent = False
        for delay in self.timing.retry_delays_s:
            await asyncio.sleep(delay)
            was_absent = await self._until_present()
            try:
                return await self._open()
            except FAILURES as failure:
                error = failure
                self._become("reconnecting", str(failure))
        if was_absent or await self._until_present():
            return await self._reopen()
        return Ended(str(error) or type(error).__name__, may_reconnect=False)

    async def _until_present(self) -> bool:
        """Wait for as long as nothing can answer: that is no reason to give up.

        Returns:
            Whether there was something to wait for.
        """
        was_absent = False
        while (absent := self.availability.absence()) is not None:
            was_absent = True
            self._become("reconnecting", str(absent))
            await asyncio.sleep(self.timing.absence_s)
        return was_absent

    async def _open(self) -> Link:
        url, token = await self._negotiate()
        link = Link(await self._connect(url, token), self.tap)
        try:
            async with asyncio.timeout(self.timing.handshake_timeout_s):
                await link.shake_hands()
        except TimeoutError:
            await link.close()
            raise RemoteProtocolError("The service did not answer the handshake.") from None
        except BaseException:
            await link.close()
            raise
        self._link = link
        return link

    async def _negotiate(self) -> tuple[str, str]:
        """The address of the WebSocket and its token, from the function and the service it names.

        Strategy: a negotiate answer either sends on (`url`, `accessToken`) or names the connection
        (`connectionToken`, `connectionId` in version 0). The first hop is the app's, the second the
        service's own, which gets the token.
        """
        url = self.negotiate_url
        token = self.access_token
        headers = {**self.headers, **negotiate_headers(token)}
        for _ in range(REDIRECTS):
            try:
                answer = await self._ask_negotiate(url, token, headers)
            except ServiceError as error:
                raise explained(error, token) from None
            if not isinstance(answer, dict):
                raise RemoteProtocolError(
                    "Negotiate did not answer a JSON object.",
                    hint="It has to return url and accessToken.",
                )
            if answer.get("error"):
                raise RemoteProtocolError(f"Negotiate was refused: {answer['error']}")
            if "url" not in answer:
                return websocket_address(url, answer), token
            token = self._shown(str(answer.get("accessToken") or token))
            headers = negotiate_headers(token)
            url = negotiate_address(str(answer["url"]))
        raise RemoteProtocolError(f"Negotiate sent on more than {REDIRECTS} times.")

    async def _ask_negotiate(self, url: str, token: str, headers: Mapping[str, str]) -> Any:
        """Ask the function, or with its token the service."""
        address = with_query(url, "negotiateVersion=1")
        if token:
            return await ask(self.session, "POST", address, headers=headers, hint=SERVICE_HINT)
        return await ask_app(self.session, "POST", address, self.availability, headers=headers)

    def _shown(self, token: str) -> str:
        if not self._shows_expired:
            return token
        self._shows_expired = False
        return expired(token)

    async def _connect(self, url: str, token: str) -> aiohttp.ClientWebSocketResponse:
        close = aiohttp.ClientWSTimeout(ws_close=2.0)
        try:
            return await self.session.ws_connect(
                url, headers=bearer(token), timeout=close, max_msg_size=0
            )
        except aiohttp.WSServerHandshakeError as error:
            raise explained(refusal(error.status, "GET", url, ""), token) from None

    async def _serve(self, link: Link) -> Ended:
        pings = asyncio.create_task(self._ping(link))
        try:
            while True:
                async with asyncio.timeout(self.timing.server_timeout_s):
                    messages = await link.receive()
                for message in messages:
                    if isinstance(message, Close):
                        return Ended(
                            message.error or "The service closed the connection.",
                            message.allow_reconnect,
                        )
                    await self._dispatch(message, link)
        except TimeoutError:
            return Ended(f"The service was silent for {self.timing.server_timeout_s:g} s.")
        except ConnectionClosed as closed:
            return Ended(closed.message)
        except RemoteProtocolError as error:
            return Ended(error.message, may_reconnect=False)
        finally:
            pings.cancel()
            await asyncio.wait([pings])

    async def _dispatch(self, message: HubMessage, link: Link) -> None:
        if not isinstance(message, Invocation):
            return
        self.listener.received(message.target, list(message.arguments))
        if message.invocation_id is not None:
            await link.send(
                Completion(message.invocation_id, error="Client didn't provide a result.")
            )

    async def _ping(self, link: Link) -> None:
        with suppress(*FAILURES):
            while True:
                await asyncio.sleep(self.timing.keep_alive_s)
                await link.send(Ping())

    def _become(self, state: State, why: str = "") -> None:
        if (state, why) != (self.state, self._why):
            self.state = state
            self._why = why
            self.listener.changed(state, why)


def explained(error: ServiceError, token: str) -> ServiceError:
    """A refusal by the service, which knows a token where the app knows a person."""
    if token and error.status == 401:
        error.hint = (
            "The service takes no token that has expired, was changed, or was signed with another"
            " instance's key. A new negotiate brings a new one; if that one is refused too, the"
            " app's connection string is not this instance's."
        )
    return error


def bearer(token: str) -> dict[str, str]:
    """The header that carries a token, none for none."""
    if not token:
        return {}
    return {"Authorization": f"Bearer {token}"}


def negotiate_headers(token: str) -> dict[str, str]:
    """Headers of the negotiate request to the service.

    The WebSocket after it gets a TCP connection of its own.
    """
    if not token:
        return {}
    return {**bearer(token), "Connection": "close"}
