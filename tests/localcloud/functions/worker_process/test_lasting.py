"""What the child tells of a function that does not end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from chatkit.cloud.app_log.failures import endless
from chatkit.localcloud.functions.console.console import Console
from chatkit.localcloud.functions.worker_process.chatkit_worker import lasting
from chatkit.localcloud.functions.worker_process.chatkit_worker.lasting import Lasting

SOURCE = "def run(wait):\n    wait()\n"


def _run(folder: Path) -> Callable[[Callable[[], object]], None]:
    """A function of an app in a folder."""
    path = folder / "send_message.py"
    path.write_text(SOURCE, encoding="utf-8")
    names: dict[str, Any] = {}
    exec(compile(SOURCE, str(path), "exec"), names)
    run: Callable[[Callable[[], object]], None] = names["run"]
    return run


def test_the_line_that_does_not_end_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the child through the log to what a learner reads; what ends is not told."""
    monkeypatch.setattr(lasting, "AFTER_S", 0.0)
    monkeypatch.setattr(lasting, "PERIOD_S", 0.01)
    told: SimpleQueue[dict[str, Any]] = SimpleQueue()
    watch, end, run = Lasting(told.put), threading.Event(), _run(tmp_path)

    def serve() -> None:
        with watch.noted("Quick"):
            pass
        with watch.noted("SendMessage"):
            run(end.wait)

    serving = threading.Thread(target=serve)
    serving.start()
    said = told.get(timeout=20)
    end.set()
    serving.join()
    lines: list[str] = []
    Console("app", echo=lines.append).lasting(said["name"], 12, said["stack"])
    Console("app", echo=lines.append).lasting("", 12, said["stack"])
    failure, loading = endless("\n".join(lines), tmp_path)
    assert failure.what == "Your function SendMessage does not end."
    assert failure.why == "send_message.py, line 2: wait() → not ended after 12 s"
    assert (loading.what, loading.why) == ("The functions cannot be loaded.", failure.why)
    assert failure.fix("local").startswith("Correct line 2 of functions/send_message.py")


def test_another_task_of_the_event_loop_is_not_taken_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A function that awaits has no line of its own: the thread is in the one that blocks."""
    monkeypatch.setattr(lasting, "AFTER_S", 0.0)
    monkeypatch.setattr(lasting, "PERIOD_S", 0.01)
    told: SimpleQueue[dict[str, Any]] = SimpleQueue()
    watch, end, run = Lasting(told.put), threading.Event(), _run(tmp_path)

    async def awaits(over: asyncio.Event) -> None:
        with watch.noted("Awaits"):
            await over.wait()

    async def blocks(over: asyncio.Event) -> None:
        with watch.noted("Blocks"):
            run(end.wait)
        over.set()

    async def both() -> None:
        over = asyncio.Event()
        await asyncio.gather(awaits(over), blocks(over))

    serving = threading.Thread(target=asyncio.run, args=(both(),))
    serving.start()
    said = told.get(timeout=20)
    end.set()
    serving.join()
    assert said["name"] == "Blocks" and told.empty()
