"""The panel: how soon it shows a frame, how often a flood paints, what one message more costs.

The peer is the plain way: one HTML widget that is given the html of the last 200 messages with
every new one.
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ipywidgets
from aiohttp.test_utils import TestServer

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from chatkit.chat.client.background_loop import BackgroundLoop
from chatkit.chat.client.messages import ChatMessage
from chatkit.chat.panel import view
from chatkit.chat.panel.panel import ChatPanel
from chatkit.chat.widgets import painter
from tests.chat.panel.test_panel_view import reader
from tests.chat.stub_room import StubRoom, until

SINGLE, FLOOD, COSTED = 200, 1000, 4000
PAUSE_S, PACE_S, CHUNK = 0.12, 0.002, 200


def run() -> dict[str, object]:
    """Measure on a stub of the room, in this process.

    The panel's loop and the stub's are two threads.
    """
    with room() as (app, outside):
        panel = ChatPanel.open(app.url, ("alice", "bob"))
        try:
            return {
                **shown_ms(panel, app, outside),
                **flood(panel, app, outside),
                **cost_us(panel),
                **peer_us(),
                **watching_us(panel, app, outside),
            }
        finally:
            panel.close()


@contextmanager
def room() -> Iterator[tuple[StubRoom, BackgroundLoop]]:
    """A room on a loop of its own."""
    outside, app = BackgroundLoop(), StubRoom()

    async def start() -> TestServer:
        server = TestServer(app.app())
        await server.start_server()
        app.url = str(server.make_url("")).rstrip("/")
        return server

    server = outside.call(start())
    try:
        yield app, outside
    finally:
        outside.call(server.close())
        outside.stop()


def message(name: str) -> dict[str, str]:
    """Something carol says."""
    return {"id": name, "sender": "carol", "text": f"[{name}]", "sentAt": "2026-11-23T12:00:00Z"}


def blocks(panel: ChatPanel, user: str) -> list[Any]:
    """The HTML widgets of a user's list."""
    return list(panel._columns[user]._list.widget.children)


def shown_ms(panel: ChatPanel, app: StubRoom, outside: BackgroundLoop) -> dict[str, object]:
    """From writing the frame until the trait with the message is set.

    One message at a time, panel at rest.
    """
    arrived: dict[str, float] = {}

    def note(change: Any) -> None:
        arrived.setdefault(change["new"].rsplit("[", 1)[-1].split("]")[0], time.perf_counter())

    for block in blocks(panel, "bob"):
        block.observe(note, "value")

    async def one(name: str) -> float:
        await asyncio.sleep(PAUSE_S)
        begun = time.perf_counter()
        await app.invoke("newMessage", message(name))
        await until(lambda: name in arrived)
        return (arrived[name] - begun) * 1000

    times = [outside.call(one(f"one {number}")) for number in range(SINGLE)]
    for block in blocks(panel, "bob"):
        block.unobserve_all("value")
    cuts = statistics.quantiles(times, n=100)
    return {
        "frame_to_trait_p50_ms": round(cuts[49], 2),
        "frame_to_trait_p99_ms": round(cuts[98], 2),
    }


def flood(panel: ChatPanel, app: StubRoom, outside: BackgroundLoop) -> dict[str, object]:
    """A thousand messages in a few seconds: how often traits are set, when the last is shown."""
    updates: list[object] = []
    for block in blocks(panel, "bob"):
        block.observe(lambda change: updates.append(change["owner"]), "value")

    async def pour() -> float:
        begun = time.perf_counter()
        for number in range(FLOOD):
            await app.invoke("newMessage", message(f"flood {number}"))
            await asyncio.sleep(PACE_S)
        await until(
            lambda: any(f"[flood {FLOOD - 1}]" in block.value for block in blocks(panel, "bob")), 30
        )
        return time.perf_counter() - begun

    seconds = outside.call(pour(), timeout_s=60)
    for block in blocks(panel, "bob"):
        block.unobserve_all("value")
    most = max(updates.count(block) for block in set(updates))
    return {
        "flood_messages": FLOOD,
        "flood_shown_s": round(seconds, 2),
        "flood_updates_of_one_trait": most,
        "flood_updates_allowed": int(seconds / painter.EVERY_S) + 2,
    }


def cost_us(panel: ChatPanel) -> dict[str, object]:
    """Processor time to take and paint a message, after nearly none and after thousands."""
    column, background = panel._columns["alice"], panel._background
    took: list[tuple[float, float]] = []

    async def measure() -> None:
        column.painter.stop()
        for number in range(COSTED):
            new = ChatMessage(
                f"cost {number}", "carol", "Twenty letters, or so.", "2026-11-23T13:00:00Z"
            )
            begun = time.thread_time()
            column.message(new)
            taken = time.thread_time()
            column.paint()
            took.append((taken - begun, time.thread_time() - taken))

    before = len(column.messages)
    gc.collect()
    background.call(measure(), timeout_s=120)
    few, many = took[200:1200], took[-1000:]
    return {
        "messages_before": before,
        "messages_after": before + COSTED,
        "take_us": round(least_busy_us([first for first, _ in few]), 1),
        "take_after_us": round(least_busy_us([first for first, _ in many]), 1),
        "paint_us": round(least_busy_us([second for _, second in few]), 1),
        "paint_after_us": round(least_busy_us([second for _, second in many]), 1),
    }


def peer_us() -> dict[str, object]:
    """The plain way, at 200 messages."""
    shown = [
        ChatMessage(f"{number}", "carol", "Twenty letters, or so.", "2026-11-23T13:00:00Z")
        for number in range(200)
    ]
    whole, times = ipywidgets.HTML(), []
    for number in range(100):
        shown = [
            *shown[1:],
            ChatMessage(f"new {number}", "carol", "Twenty letters, or so.", "2026-11-23T13:00:00Z"),
        ]
        begun = time.thread_time()
        whole.value = view.message_list(shown, me=reader("alice"))
        times.append(time.thread_time() - begun)
    return {
        "peer": "one HTML widget of 200 messages",
        "peer_paint_us": round(least_busy_us(times), 1),
    }


def watching_us(panel: ChatPanel, app: StubRoom, outside: BackgroundLoop) -> dict[str, object]:
    """What recording adds to a frame; without an inspector it is one look at an attribute."""
    tap = panel._columns["bob"].client.tap
    message = b'{"id":"x","sender":"carol","text":"Hello, everybody!"}'
    data = b'{"type":1,"target":"newMessage","arguments":[' + message + b"]}\x1e"

    def frames(act: Callable[[], None]) -> float:
        begun = time.thread_time()
        for _ in range(5000):
            act()
        return float((time.thread_time() - begun) / 5000 * 1e6)

    def unwatched() -> None:
        if tap.watcher:
            tap.watcher.frame("received", data)

    quiet = frames(unwatched)
    inspector = panel.inspector()
    watcher = tap.watcher
    assert watcher

    async def record() -> float:
        inspector._painter.stop()
        return frames(lambda: watcher.frame("received", data))

    recorded: float = panel._background.call(record())
    inspector.close()
    return {"frame_unwatched_us": round(quiet, 3), "frame_recorded_us": round(recorded, 1)}


def least_busy_us(seconds: list[float]) -> float:
    """The median in microseconds, of the stretch in which the machine did least besides."""
    stretches = [seconds[begin : begin + CHUNK] for begin in range(0, len(seconds), CHUNK)]
    return min(statistics.median(stretch) for stretch in stretches) * 1e6
