"""The chat page in a full room: 1,000 messages of 1,000 people.

The peer is the plain list: the same connection, and for every message an element at the end of the
list, which is scrolled to. Both on a phone's screen. Processor time is that of the page's main
thread; on a phone with a quarter of this processor a task takes four times as long.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "functions"))  # the app's own

from tests.chromium import launched
from tests.functions.fake_blobs import FakeContainer
from tests.web import crowd
from tests.web.stand_in import Room

MESSAGES = 1_000
AT_ONCE = 20
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
}
PLAIN = """<!doctype html><meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="app.css"><script src="vendor/signalr.min.js"></script>
<div class="room"><main><div class="log"><ol></ol></div></main></div>
<script type="module">
const add = (parent, name, looks, text = "") => {
  const made = parent.appendChild(document.createElement(name));
  made.className = looks;
  made.textContent = text;
  return made;
};
const { apiBaseUrl } = await (await fetch("config.json")).json();
const hub = new signalR.HubConnectionBuilder()
  .withUrl(`${apiBaseUrl}/api`, { withCredentials: false }).build();
const list = document.querySelector("ol");
hub.on("newMessage", ({ sender, text, sentAt }) => {
  const line = add(list, "li", "message");
  add(line, "span", "avatar colour-1", sender[0]);
  const said = add(line, "div", "said");
  const who = add(said, "p", "who");
  add(who, "bdi", "name", sender);
  add(who, "time", "", new Date(sentAt).toLocaleTimeString());
  add(said, "p", "text", text);
  list.parentElement.scrollTop = list.parentElement.scrollHeight;
});
await hub.start();
add(document.body, "p", "connected");
</script>"""


def run() -> dict[str, object]:
    """Measure both, one after the other, in the same browser."""
    with chat() as room, launched() as browser:
        ours = measured(browser, room, lambda page: page.goto(room.page_url))
        peer = measured(browser, room, lambda page: open_plain(page, room.page_url))
    ratios = {f"ratio_{name}": round(ours[name] / peer[name], 3) for name in ours}
    return {
        "messages": MESSAGES,
        "people": crowd.PEOPLE,
        **ours,
        "peer": "a plain list that appends every message",
        **{f"peer_{name}": value for name, value in peer.items()},
        **ratios,
    }


@contextmanager
def chat() -> Iterator[Room]:
    """A room of guests, in this process."""
    with Room(FakeContainer()) as room:
        os.environ.update(AzureSignalRConnectionString=room.connection_string)
        room.guest = {"id": "guest-1", "name": "alice"}
        yield room


def open_plain(page: Page, url: str) -> None:
    """Open the peer at the page's own address, in the place of a file that has no policy."""
    page.goto(f"{url}app.css")
    page.set_content(PLAIN)


def measured(browser: Browser, room: Room, visit: Callable[[Page], object]) -> dict[str, float]:
    """What a page costs: nodes, memory, and processor time of its main thread."""
    context = browser.new_context(**PHONE)
    page = context.new_page()
    page.set_default_timeout(120_000)
    visit(page)
    page.locator(".connected").wait_for(state="attached")
    session = context.new_cdp_session(page)
    crowd.begin_tasks(browser, page)
    room.say_all(crowd.messages(MESSAGES), at_once=AT_ONCE)
    page.locator(".text").filter(has_text=f"number {MESSAGES - 1}").wait_for()
    tasks = crowd.tasks_ms(browser)
    figures = {
        "list_nodes": float(crowd.nodes(page)),
        "longest_task_ms": round(tasks[0], 1),
        "cpu_ms": round(sum(tasks)),
        "heap_mb": round(crowd.heap_bytes(session) / 1e6, 2),
    }
    context.close()
    return figures
