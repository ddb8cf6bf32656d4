"""The load generator of the SignalR benchmark.

Plain sockets in a process of their own, pinned to the other core.

`python signalr_clients.py PORT COUNT PATH TOKEN STALLED HOST`: connects COUNT WebSocket clients to
HOST, which is this machine, then counts the bytes they receive. Prints one JSON line when all are
connected, then one for each JSON line on its standard input: `{}` asks for the bytes so far and the
time of the last one, `{"post", "count", "bytes"}` sends an HTTP request again and again and waits
for what it causes, `{"flood", "seconds"}` sends one over 8 connections as fast as answers come.
"""

from __future__ import annotations

import json
import os
import queue
import selectors
import socket
import sys
import threading
import time
import traceback

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
HANDSHAKE = b'{"protocol":"json","version":1}\x1e'
PING = b'{"type":6}\x1e'
PING_S = 10
BATCH = 200


def main() -> None:
    """Connect, report, count until standard input ends."""
    port = int(sys.argv[1])
    count = int(sys.argv[2])
    path = sys.argv[3]
    token = sys.argv[4]
    stalled = int(sys.argv[5])
    host = sys.argv[6]
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {1})
    began = time.time()
    counted = Counter()
    # From the first client on: on a busy machine the last connects after the service's time-out.
    threading.Thread(target=counted.run, daemon=True).start()
    silent = connect(port, stalled, path, token, host=host)
    for connected in range(stalled, count, BATCH):
        batch = min(BATCH, count - connected)
        counted.add(connect(port, batch, path, token, host=host))
    print(json.dumps({"connected_per_s": count / (time.time() - began)}), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        if "post" in order:
            answer: dict[str, object] = {
                "ms": posts(port, order["post"].encode(), order["count"], counted, order["bytes"])
            }
        elif "flood" in order:
            answer = flood(port, order["flood"].encode(), order["seconds"])
        else:
            answer = {"bytes": counted.bytes, "last": counted.last}
        print(json.dumps(answer), flush=True)
    del silent  # held until here


def connect(port: int, count: int, path: str, token: str, *, host: str) -> list[socket.socket]:
    """Open some WebSockets and shake hands.

    Only the service, which is given a token, answers that.
    """
    authorization = f"Authorization: Bearer {token}\r\n" if token else ""
    request = (
        f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection:"
        " Upgrade\r\n"
        f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n{authorization}\r\n"
    ).encode()
    opened = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]
    for sock in opened:
        sock.sendall(request)
    for sock in opened:
        read_until(sock, b"\r\n\r\n", chunk_bytes=1)  # frames may follow at once
        # To every server: TCP acknowledges at once to who has never answered, which doubles the
        # cost of a send.
        sock.sendall(masked(HANDSHAKE))
    if token:
        for sock in opened:
            read_until(sock, b"{}\x1e")
    return opened


def masked(payload: bytes) -> bytes:
    """A client's WebSocket text frame; its mask is zero."""
    return bytes((0x81, 0x80 | len(payload))) + bytes(4) + payload


def read_until(sock: socket.socket, end: bytes, *, chunk_bytes: int = 4096) -> None:
    """Read up to and including some bytes."""
    content = b""
    while not content.endswith(end):
        chunk = sock.recv(chunk_bytes)
        if not chunk:
            raise ConnectionError(content.decode("latin-1"))
        content += chunk


def posts(port: int, request: bytes, count: int, counted: Counter, expected: int) -> list[float]:
    """Milliseconds from each request to the last byte it causes."""
    times = []
    with socket.create_connection(("127.0.0.1", port)) as sock:
        for _ in range(count):
            wanted = counted.bytes + expected
            began = time.time()
            sock.sendall(request)
            read_until(sock, b"\r\n\r\n", chunk_bytes=4096)
            while counted.bytes < wanted:
                time.sleep(0.0001)
            times.append((counted.last - began) * 1000)
    return times


def flood(port: int, request: bytes, seconds: float) -> dict[str, object]:
    """Requests a second over 8 connections, each sending the next when its answer is there."""
    selector = selectors.DefaultSelector()
    count = 0
    for _ in range(8):
        sock = socket.create_connection(("127.0.0.1", port))
        selector.register(sock, selectors.EVENT_READ)
        sock.sendall(request)
    began = time.time()
    while (took := time.time() - began) < seconds:
        for key, _ in selector.select(0.1):
            assert isinstance(key.fileobj, socket.socket)
            assert b" 202 " in key.fileobj.recv(4096)
            key.fileobj.sendall(request)
            count += 1
    return {"per_s": count / took, "count": count}


class Counter:
    """Counts what a number of sockets receive, and pings, or the service would drop them."""

    def __init__(self) -> None:
        self._added: queue.SimpleQueue[list[socket.socket]] = queue.SimpleQueue()
        self._selector = selectors.DefaultSelector()
        self.bytes = 0
        self.last = 0.0

    def add(self, sockets: list[socket.socket]) -> None:
        """Count what these receive, too."""
        self._added.put(sockets)

    def run(self) -> None:
        """For ever; a lost connection ends the process, and so the benchmark."""
        try:
            self._count()
        except OSError:
            traceback.print_exc()
            os._exit(1)

    def _count(self) -> None:
        pinged = time.time()
        while True:
            while not self._added.empty():
                for sock in self._added.get():
                    sock.setblocking(False)
                    self._selector.register(sock, selectors.EVENT_READ)
            if time.time() - pinged > PING_S:
                pinged = time.time()
                for key in self._selector.get_map().values():
                    key.fileobj.send(masked(PING))  # type: ignore[union-attr]
            for key, _ in self._selector.select(0.05):
                chunk = key.fileobj.recv(65536)  # type: ignore[union-attr]
                if not chunk:
                    raise ConnectionError("The server has closed a connection.")
                self.bytes += len(chunk)
                self.last = time.time()


if __name__ == "__main__":
    main()
