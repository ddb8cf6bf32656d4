"""New connections wait while descriptors are scarce."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from chatkit.core import accepting, descriptors, tls
from chatkit.core.accepting import FULL, Acceptor
from chatkit.core.ports import bind
from chatkit.core.processes import run_child
from tests.attacks.limits import TLS_HALF_OPEN


class Echo(asyncio.Protocol):
    """Sends back what comes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """The port of a server that echoes."""
    sockets = bind(0, ipv4_only=True, wanted_for="a test")
    acceptor = Acceptor(sockets, Echo, None)
    yield int(sockets[0].getsockname()[1])
    await acceptor.close()


async def echoed(port: int) -> bytes:
    """Send three bytes on a new connection, and return what comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"abc")
        return await reader.readexactly(3)
    finally:
        writer.close()
        await writer.wait_closed()


async def test_connections_wait_until_there_is_room(
    port: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """None is refused, and one that was open before goes on."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"1")
    assert await reader.readexactly(1) == b"1"
    monkeypatch.setattr(descriptors, "is_scarce", lambda _: True)
    waiting = [asyncio.create_task(echoed(port)) for _ in range(5)]
    async with asyncio.timeout(10):
        while FULL not in caplog.text:
            await asyncio.sleep(0.01)
    writer.write(b"2")
    assert await reader.readexactly(1) == b"2"
    assert not any(task.done() for task in waiting)
    monkeypatch.setattr(descriptors, "is_scarce", lambda _: False)
    assert await asyncio.gather(*waiting) == [b"abc"] * 5
    writer.close()
    await writer.wait_closed()


async def test_no_descriptor_at_all_is_no_error(
    port: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The system refuses to take a connection; it is taken as soon as that is possible."""
    loop = asyncio.get_running_loop()
    taken = loop.sock_accept
    failures = 3

    async def sock_accept(sock: socket.socket) -> tuple[socket.socket, object]:
        nonlocal failures
        if failures:
            failures -= 1
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return await taken(sock)

    monkeypatch.setattr(loop, "sock_accept", sock_accept)
    monkeypatch.setattr(accepting, "ROOM_PAUSE_S", 0.01)
    assert await echoed(port) == b"abc"  # the first accept began before
    assert await echoed(port) == b"abc"
    assert not failures
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize("name", TLS_HALF_OPEN)
async def test_a_handshake_that_never_ends_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """Nothing is logged about it, and the next client is served."""
    monkeypatch.setattr(accepting, "HANDSHAKE_WITHIN_S", 0.1)
    certificates = tls.load(tmp_path / "tls")
    sockets = bind(0, ipv4_only=True, wanted_for="a test")
    acceptor = Acceptor(sockets, Echo, certificates.server)
    port = int(sockets[0].getsockname()[1])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(TLS_HALF_OPEN[name])
    async with asyncio.timeout(10):
        with suppress(ConnectionError):
            await reader.read()
    writer.close()
    trust = ssl.create_default_context(cafile=str(certificates.ca_file))
    reader, writer = await asyncio.open_connection("localhost", port, ssl=trust)
    writer.write(b"abc")
    assert await reader.readexactly(3) == b"abc"
    writer.transport.abort()
    await acceptor.close()
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux sets another process's limit")
async def test_a_child_gets_the_limit_from_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Old programs cannot live with a high one."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    monkeypatch.setattr(descriptors, "_inherited", soft - 1)
    code = (
        "import resource, sys\n"
        "wanted = int(sys.argv[1])\n"
        "while resource.getrlimit(resource.RLIMIT_NOFILE)[0] != wanted: pass\n"
        "print(*resource.getrlimit(resource.RLIMIT_NOFILE))"
    )
    lines: list[str] = []
    command = [sys.executable, "-c", code, str(soft - 1)]
    async with asyncio.timeout(20):
        await run_child(command, environment=os.environ, on_line=lines.append)
    assert lines == [f"{soft - 1} {hard}"]
