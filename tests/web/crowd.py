"""Many people who talk at once, and what that costs a page: nodes, memory, and processor time."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page

PEOPLE = 1_000
BEGAN = datetime(2026, 11, 29, 10, tzinfo=UTC)
STEP = 7_919  # a prime: who speaks next is somebody else
PAUSE = timedelta(milliseconds=37)
TASK = "ThreadControllerImpl::RunTask"
CATEGORIES = ["toplevel", "devtools.timeline"]
# Elements and texts, each of them.
NODES = """list => {
    const nodes = document.createTreeWalker(list, NodeFilter.SHOW_ALL);
    let count = 0;
    while (nodes.nextNode()) count += 1;
    return count;
}"""


def messages(count: int, *, begin: int = 0, people: int = PEOPLE) -> list[dict[str, Any]]:
    """Messages as the hub sends them: of short and of long ones, of people one after the other."""
    return [message(number, number * STEP % people) for number in range(begin, begin + count)]


def message(number: int, person: int) -> dict[str, Any]:
    """One of them, which says its number."""
    sent_at = (BEGAN + number * PAUSE).isoformat(timespec="milliseconds")
    return {
        "id": f"2026-11-29-{number:06}",
        "sender": f"guest {person}",
        "senderId": f"guest-{person:016x}",
        "text": f"number {number}" + ", and what else one says" * (number % 5),
        "sentAt": sent_at.replace("+00:00", "Z"),
    }


def nodes(page: Page) -> int:
    """How many nodes the list of messages has."""
    return int(page.locator(".log ol").evaluate(NODES))


def heap_bytes(session: CDPSession) -> float:
    """What the page's script keeps, after everything else was thrown away."""
    session.send("Performance.enable")
    for _ in range(2):
        session.send("HeapProfiler.collectGarbage")
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(float(each["value"]) for each in metrics if each["name"] == "JSHeapUsedSize")


def begin_tasks(browser: Browser, page: Page) -> None:
    """Begin to record what the page's main thread does."""
    browser.start_tracing(page=page, categories=CATEGORIES)


def tasks_ms(browser: Browser) -> list[float]:
    """Processor time of each task of the page's main thread since, the longest first.

    Processor time is what a machine without anything else to do would need.
    """
    events = json.loads(browser.stop_tracing())["traceEvents"]
    calls = [each for each in events if each["name"] == "FunctionCall"]
    threads = [(each["pid"], each["tid"]) for each in calls]
    main = max(set(threads), key=threads.count)
    tasks = [
        each["tdur"] / 1_000
        for each in events
        if each["name"] == TASK and (each["pid"], each["tid"]) == main and "tdur" in each
    ]
    return sorted(tasks, reverse=True)
