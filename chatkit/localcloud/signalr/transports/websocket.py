"""WebSocket connections of clients, and the hub endpoint: the first protocol on an instance's port.

The first bytes on a connection decide: a WebSocket request for `/client` is served here, anything
else goes to aiohttp with nothing lost. The WebSocket protocol itself is the `websockets` library's
sans-IO core, so an idle client costs one small object and no task, and a broadcast writes to the
transport directly.
"""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from websockets.exceptions import InvalidMessage
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol

from chatkit.core.accepting import ProtocolFactory
from chatkit.localcloud.core.first_bytes import FirstBytes, Refused, hand_over
from chatkit.localcloud.core.runners import MAX_HEAD_BYTES
from chatkit.localcloud.signalr.core.connection import (
    MAX_WAITING_BYTES,
    PROTOCOL_ERROR,
    SLOW,
    Connection,
    State,
)
from chatkit.localcloud.signalr.core.errors import SignalRError
from chatkit.localcloud.signalr.core.instance import Instance
from chatkit.wire.framing import websocket_frame

CLIENT_PATHS = (b"/client", b"/client/")
END_OF_HEAD = b"\r\n\r\n"
MAX_FRAME_BYTES = 1024 * 1024
CLOSING_S = 3
# RFC 6455 §7.4.1: normal closure, and going away (a browser that leaves the page).
CLEAN_CLOSE = (1000, 1001)
HEAD_WITHIN_S = 15
BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
Utf8 = codecs.getincrementaldecoder("utf-8")
Accept = Callable[[Request], Connection]


def hub_endpoint(
    instance: Instance, accept: Accept
) -> Callable[[ProtocolFactory], ProtocolFactory]:
    """A port for clients and for HTTP: for `HttpServer(app, peek=hub_endpoint(instance, accept))`.

    Args:
        instance: Whose port it is.
        accept: Decides about a WebSocket request: a connection, or SignalRError.
    """

    def web_socket() -> WebSocketClient:
        return WebSocketClient(instance, accept)

    def peek(http: ProtocolFactory) -> ProtocolFactory:
        return lambda: FirstBytes(_ByHead(web_socket, http), within_s=HEAD_WITHIN_S)

    return peek


class _ByHead:
    """Chooses by the head of a connection's first request, however small its pieces are."""

    def __init__(self, web_socket: ProtocolFactory, http: ProtocolFactory) -> None:
        self._web_socket = web_socket
        self._http = http
        self._searched = 0

    def __call__(self, first: bytearray) -> asyncio.BaseProtocol | None:
        # The end of a head may lie across two pieces.
        end = first.find(END_OF_HEAD, max(0, self._searched - len(END_OF_HEAD)))
        self._searched = len(first)
        if (self._searched if end < 0 else end) > MAX_HEAD_BYTES:
            raise Refused(_too_long(bytes(first)))
        if end < 0:
            return None
        return self._web_socket() if is_upgrade(bytes(first)) else self._http()


def _too_long(head: bytes) -> bytes:
    line_end = head.find(b"\r\n")
    is_line = line_end < 0 or line_end > MAX_HEAD_BYTES // 2
    status = b"414 URI Too Long" if is_line else b"431 Request Header Fields Too Large"
    return b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def is_upgrade(head: bytes) -> bool:
    """Say whether a request head asks for a WebSocket on the client endpoint."""
    request_line, _, headers = head.partition(b"\r\n")
    method, _, target = request_line.partition(b" ")
    path = target.partition(b" ")[0].partition(b"?")[0]
    return method == b"GET" and path in CLIENT_PATHS and b"upgrade: websocket" in headers.lower()


class WebSocketClient(asyncio.Protocol):
    """One client's WebSocket: bytes to hub bytes, and the sending half of its connection."""

    __slots__ = (
        "_accept",
        "_closing",
        "_connection",
        "_instance",
        "_lost_reason",
        "_protocol",
        "_text",
        "_transport",
    )
    text_only = False
    wants_keep_alive = True
    gone_reason: str | None = None

    def __init__(self, instance: Instance, accept: Accept) -> None:
        self._instance = instance
        self._accept: Accept | None = accept
        self._protocol = ServerProtocol(max_size=MAX_FRAME_BYTES)
        self._connection: Connection | None = None
        self._closing: asyncio.TimerHandle | None = None
        #: of the text message that is arriving in fragments
        self._text: codecs.IncrementalDecoder | None = None
        self._lost_reason: str | None = "The connection was lost without a closing frame."

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        # More than this waiting means a reader too slow to keep: pause_writing is called then.
        transport.set_write_buffer_limits(high=MAX_WAITING_BYTES)

    def data_received(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        if isinstance(self._protocol.handshake_exc, InvalidMessage) and self._accept is not None:
            self._transport.write(BAD_REQUEST)  # a body, for example; the library only hangs up
        if self._protocol.parser_exc is not None and self._connection is not None:
            # A frame too long or broken. The hub's Close message goes before the closing frame,
            # which waits in the protocol.
            self._connection.close(PROTOCOL_ERROR)
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._open(event)
            elif isinstance(event, Frame):
                self._frame(event)
        self._flush()

    def eof_received(self) -> None:
        self._protocol.receive_eof()
        self._flush()

    def connection_lost(self, error: Exception | None) -> None:
        if self._closing is not None:
            self._closing.cancel()
        if self._connection is not None:
            self._instance.connections.lost(self._connection, self._lost_reason)
            self._connection = None

    def pause_writing(self) -> None:
        """The client reads so slowly that more waits for it than the service keeps.

        Drop it, never slow the others.
        """
        if self._connection is not None:
            self._connection.abort(SLOW)

    # The sending half

    def send(self, payload: bytes, *, binary: bool) -> None:
        """Queue one payload as one frame."""
        if not self._transport.is_closing():
            self._transport.write(websocket_frame(payload, binary=binary))

    def waiting_bytes(self) -> int:
        """Bytes in the transport's buffer."""
        return self._transport.get_write_buffer_size()

    def is_gone(self) -> bool:
        """`connection_lost` tells when a WebSocket ends."""
        return False

    def close(self, *, abort: bool = False) -> None:
        """Send the closing frame, wait a little for the client's, end.

        With abort drop what waits.
        """
        if abort:
            self._transport.abort()
        elif self._protocol.state.name == "OPEN":
            self._protocol.send_close(1000)
            self._flush()

    def _open(self, request: Request) -> None:
        assert self._accept is not None
        response = self._protocol.accept(request)
        connection = None
        if response.status_code == 101:
            try:
                connection = self._accept(request)
            except SignalRError as error:
                response = refusal(self._protocol, error)
        self._accept = None
        self._instance.trace.emit(
            "request",
            method="GET",
            path="/client",
            upgrade="websocket",
            status=response.status_code,
        )
        self._protocol.send_response(response)
        self._flush()
        if connection is not None:
            self._take(connection)

    def _take(self, connection: Connection) -> None:
        self._connection = connection
        if connection.state is State.OPEN:
            self._replace(connection)
            return
        # A fan-out may write to the transport only where nothing has to be kept for a reconnect.
        transport = self._transport if connection.stateful is None else None
        self._instance.attach(connection, self, transport=transport)

    def _replace(self, connection: Connection) -> None:
        """The client of a stateful connection is back, perhaps before its old transport ended."""
        old = connection.sink
        connection.resume(self)
        if isinstance(old, WebSocketClient):
            old._connection = None
            old.close(abort=True)

    def _frame(self, event: Frame) -> None:
        if self._connection is None:
            return
        if event.opcode is Opcode.CLOSE:
            received = self._protocol.close_rcvd
            is_clean = received is not None and received.code in CLEAN_CLOSE
            if is_clean or self._connection.state is State.CLOSED:
                self._lost_reason = None
            else:
                self._lost_reason = "The client closed with an error."
        elif event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            if not self._is_text(event):
                self._protocol.fail(1007, "invalid UTF-8")
                return
            # Hub messages are a stream of bytes: where WebSocket messages begin and end does not
            # matter.
            self._instance.receive(self._connection, bytes(event.data))

    def _is_text(self, event: Frame) -> bool:
        """RFC 6455 §8.1: a text message must be UTF-8 as a whole.

        Its fragments may cut a character. Binary is fine.
        """
        if event.opcode is not Opcode.CONT:
            self._text = None
        if event.opcode is Opcode.TEXT:
            self._text = Utf8()
        if self._text is None:
            return True
        try:
            self._text.decode(event.data, final=event.fin)
        except UnicodeDecodeError:
            return False
        return True

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._transport.write(data)
            else:
                self._end()
                return
        if self._protocol.close_expected() and self._closing is None:
            self._closing = asyncio.get_running_loop().call_later(CLOSING_S, self._transport.abort)

    def _end(self) -> None:
        if self._transport.is_closing():
            return
        if self._protocol.parser_exc is None:
            self._transport.close()
        elif self._closing is None:
            # The client may still be sending: closing now would reset the connection, and what it
            # was told with it.
            self._transport.write_eof()
            self._closing = asyncio.get_running_loop().call_later(CLOSING_S, self._transport.abort)


class _TakenOver(web.StreamResponse):
    """Says to aiohttp that the connection is not its own any more.

    Nothing is written, nothing is closed.
    """

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        raise ConnectionResetError("taken over")


def take_over(request: web.Request, instance: Instance, accept: Accept) -> web.StreamResponse:
    """Serve a WebSocket asked for on a connection that has carried plain HTTP before."""
    transport = request.transport
    assert isinstance(transport, asyncio.Transport)
    head = f"{request.method} {request.raw_path} HTTP/1.1\r\n".encode()
    head += (
        b"".join(name + b": " + value + b"\r\n" for name, value in request.raw_headers) + b"\r\n"
    )
    request.protocol.transport = None  # aiohttp would close it
    request.protocol.connection_lost(None)
    client = WebSocketClient(instance, accept)
    hand_over(transport, client, head)
    return _TakenOver()


def refusal(protocol: ServerProtocol, error: SignalRError) -> Response:
    """An HTTP answer instead of a WebSocket."""
    response = protocol.reject(error.status, error.message)
    for name, value in error.headers.items():
        response.headers[name] = value
    return response


def query_of(request: Request) -> tuple[str, dict[str, list[str]]]:
    """The raw query of a WebSocket request, and its parameters."""
    query = urlsplit(request.path).query
    return query, parse_qs(query, keep_blank_values=True)
