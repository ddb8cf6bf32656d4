"""What an app prints is written whole and in order, and holds up nobody."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from chatkit.localcloud.functions.console import backlog
from chatkit.localcloud.functions.console.backlog import FULL
from chatkit.localcloud.functions.console.console import LINE_CHARACTERS, Console
from chatkit.localcloud.functions.worker_process.worker import Worker, WorkerOptions
from tests import growth

LENGTH = 200_000
# Of the 20 ms that another client may wait at most; a slice takes 1 ms.
LONGEST_S = 0.01
OUTPUTS = {
    "beginnings of tokens": "eyJ-",
    "tokens without an end": "eyJa.b.",
    "pairs": "a=b&",
    "one word": "a",
    "names": "sig=",
    "bearers": "Bearer ",
    "lines": "a line of the app =\n",
    "empty lines": "\n",
    "JSON": '{"sender": "alice", "text": "hello"}, ',
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_much_output_is_written_in_small_steps(name: str) -> None:
    """Between the steps the event loop serves others. Measured in the loop's own processor time."""
    part = OUTPUTS[name]
    with growth.no_collector():
        longest_s = asyncio.run(_longest_step_s(part * (LENGTH // len(part))))
    assert longest_s < LONGEST_S


async def _longest_step_s(text: str) -> float:
    written: list[str] = []
    console = Console("app", echo=written.append)
    begun = time.thread_time()
    console.user_line(text)
    console.plain("the end")
    longest_s = time.thread_time() - begun
    while written[-1:] != ["the end"]:
        begun = time.thread_time()
        await asyncio.sleep(0)
        longest_s = max(longest_s, time.thread_time() - begun)
    return longest_s


async def test_lines_stay_in_order_and_whole() -> None:
    """Short lines that come behind a long text wait for it."""
    written: list[str] = []
    console = Console("app", echo=written.append)
    long = "x" * (LINE_CHARACTERS // 2) + " =" + "y" * LINE_CHARACTERS
    console.user_line(f"first\r\nsecond\n\n{long}")
    console.executing("hello", "1", "a test")
    console.close()
    texts = [line.partition("] ")[2] for line in written]
    assert texts[:3] == ["first", "second", ""]
    assert "".join([texts[3], *written[4:-1]]) == long
    assert texts[-1].startswith("Executing 'Functions.hello'")


async def test_a_secret_in_a_long_line_is_masked(tmp_path: Path) -> None:
    """Also in the file, and where the line goes on in the next one."""
    file = tmp_path / "app.log"
    console = Console("app", file=file)
    for before in (0, 30, 65, 99):
        filling = "word " * (LINE_CHARACTERS // 5)
        console.user_line(f"{filling}{'x' * before} code=c2VjcmV0 {filling}")
    console.close()
    text = file.read_text(encoding="utf-8")
    assert text.count("code=***") == 4
    assert "c2VjcmV0" not in text


async def test_without_an_event_loop_nothing_waits() -> None:
    """A command that prints through the console has printed when it ends."""
    written: list[str] = []
    await asyncio.to_thread(Console("app", echo=written.append).plain, "eyJ-" * LENGTH)
    assert len("".join(written)) > 0


async def test_an_app_that_prints_faster_than_its_log_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its pipe is not read on, so memory does not grow; afterwards it goes on."""
    slice_s = backlog.SLICE_S
    monkeypatch.setattr(backlog, "SLICE_S", 0)  # the log stands still until its backlog is full
    written: list[str] = []
    console = Console("app", echo=written.append)
    script = "print('a=b ' * 1000, flush=True)\n" * 3 + "for _ in range(1500): print('a=b ' * 1000)"
    largest = 0
    worker = await Worker.start(
        WorkerOptions(
            tmp_path,
            {},
            console.user_line,
            (sys.executable, "-c", f"import sys; sys.stdout = sys.stderr\n{script}"),
            console.backlog,
        )
    )
    while not worker.ended.is_set():
        await asyncio.sleep(0)
        largest = max(largest, console.backlog.size)
        if console.backlog.is_full:
            monkeypatch.setattr(backlog, "SLICE_S", slice_s)
    console.close()
    assert FULL < largest < FULL + 2_000_000
    assert sum(len(line) for line in written) > 1500 * 4000


WAYS: dict[str, Callable[[Console, str], None]] = {
    "a printed line": Console.user_line,
    "a line of the host": Console.host_line,
}


@pytest.mark.parametrize("way", WAYS)
def test_the_work_for_output_grows_with_it(way: str) -> None:
    """Whatever a stranger made the app print."""

    def work(text: str) -> None:
        WAYS[way](Console("app", echo=lambda _: None), text)

    assert growth.growth(lambda size: "eyJ-\n" * size, work) < growth.LIMIT


def test_a_local_run_says_a_line_once(caplog: pytest.LogCaptureFixture) -> None:
    """On its terminal; the local cloud's log is for apps that have none."""
    lines: list[str] = []
    Console("app", echo=lines.append).host_line("The worker process ended.", error=True)
    assert len(lines) == 1 and not caplog.records
    Console("app").host_line("The worker process ended.", error=True)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
