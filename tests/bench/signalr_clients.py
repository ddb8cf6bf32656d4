"""The load generator of the SignalR benchmark: plain sockets in a process of their own, pinned to the other core.

`python signalr_clients.py PORT COUNT PATH TOKEN STALLED`: connects COUNT WebSocket clients, then counts the bytes they
receive. Prints one JSON line when all are connected; each line on its standard input is answered with the bytes so far and
the time of the last one.
"""

from __future__ import annotations

import json
import os
import selectors
import socket
import sys
import threading
import time

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
HANDSHAKE = b'{"protocol":"json","version":1}\x1e'
BATCH = 200


def main() -> None:
    """Connect, report, count until standard input ends."""
    port, count, path, token, stalled = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4], int(sys.argv[5])
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {1})
    began = time.time()
    sockets: list[socket.socket] = []
    while len(sockets) < count:
        sockets += connect(port, min(BATCH, count - len(sockets)), path, token)
    print(json.dumps({"connected_per_s": count / (time.time() - began)}), flush=True)
    counted = Counter(sockets[stalled:])
    threading.Thread(target=counted.run, daemon=True).start()
    for _ in sys.stdin:
        print(json.dumps({"bytes": counted.bytes, "last": counted.last}), flush=True)


def connect(port: int, count: int, path: str, token: str) -> list[socket.socket]:
    """Open some WebSockets; with a token also shake hands as a hub client."""
    authorization = f"Authorization: Bearer {token}\r\n" if token else ""
    request = (
        f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n{authorization}\r\n"
    ).encode()
    opened = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]
    for sock in opened:
        sock.sendall(request)
    for sock in opened:
        read_until(sock, b"\r\n\r\n")
        if token:
            sock.sendall(bytes((0x81, 0x80 | len(HANDSHAKE))) + bytes(4) + HANDSHAKE)
    if token:
        for sock in opened:
            read_until(sock, b"{}\x1e")
    return opened


def read_until(sock: socket.socket, end: bytes) -> None:
    """Read up to and including some bytes."""
    content = b""
    while not content.endswith(end):
        chunk = sock.recv(1 if end == b"\r\n\r\n" else 4096)
        if not chunk:
            raise ConnectionError(content.decode("latin-1"))
        content += chunk


class Counter:
    """Counts what a number of sockets receive."""

    def __init__(self, sockets: list[socket.socket]) -> None:
        self.bytes = 0
        self.last = 0.0
        self._selector = selectors.DefaultSelector()
        for sock in sockets:
            sock.setblocking(False)
            self._selector.register(sock, selectors.EVENT_READ)

    def run(self) -> None:
        """For ever."""
        while True:
            for key, _ in self._selector.select(0.5):
                chunk = key.fileobj.recv(65536)  # type: ignore[union-attr]
                if chunk:
                    self.bytes += len(chunk)
                    self.last = time.time()
                else:
                    self._selector.unregister(key.fileobj)


if __name__ == "__main__":
    main()
