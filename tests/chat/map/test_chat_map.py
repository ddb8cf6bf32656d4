"""The map in a cell, over a local cloud that tells what the test lets it tell."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chatkit.chat.client.background_loop import BackgroundLoop
from chatkit.chat.map import widget
from chatkit.chat.map.widget import ON_AZURE, ChatMap
from chatkit.chat.widgets import last_state
from chatkit.core.errors import NotStarted
from chatkit.core.settings import Settings
from chatkit.journeys.journey import Journey, News
from chatkit.lesson import chat_map
from chatkit.lesson.chat_map import MapVerb
from tests.chat.shell import Shell
from tests.journeys.ways import message, request

PAGE = "http://127.0.0.1:1/#c2VjcmV0LXRva2Vu"
FOREIGN = "<img src=x onerror=alert(1)>"
LIMIT_S = 10.0


class Cloud:
    """What the control endpoint would answer."""

    def __init__(self, *journeys: Journey) -> None:
        self.run = "first"
        self.journeys = [*journeys]
        self.problem: Exception | None = None

    def ask(self, after: int) -> News:
        if self.problem is not None:
            raise self.problem
        new = [one.as_json() for one in self.journeys if one.number > after]
        return {"run": self.run, "journeys": new}


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """With one message and one request."""
    monkeypatch.setattr(widget, "TICK_S", 0.005)
    return Cloud(message(1), request(2))


@pytest.fixture
def shown(cloud: Cloud, background: BackgroundLoop) -> Iterator[ChatMap]:
    opened = ChatMap.open(cloud.ask, lambda: PAGE, background=background)
    yield opened
    opened.close()


def wait(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + LIMIT_S
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.005)


def picture(shown: ChatMap) -> str:
    return str(shown.widget.children[1].value)


def controls(shown: ChatMap) -> tuple[Any, ...]:
    """Pause, next hop, slow motion, choice."""
    return tuple(shown.widget.children[3].children)


def test_print_shows_the_ways_as_lines(shown: ChatMap) -> None:
    """Without a front end, and for a screen reader."""
    text = repr(shown)
    assert text.startswith("alice: Hello: browsers -> functions -> storage, ")
    assert "\n  4  functions -> SignalR" in text
    bundle = shown._repr_mimebundle_()
    assert bundle["text/plain"] == text
    assert 'alt="alice: Hello: browsers' in bundle["text/html"]


def test_what_opens_the_page_is_in_no_output(
    shown: ChatMap, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only who asks for the address gets it: outputs are stored."""
    shell = Shell()
    monkeypatch.setattr(last_state, "ipython_shell", lambda: shell)
    shown._ipython_display_()
    everything = f"{shown._repr_mimebundle_()} {shell.outputs} {shown!r}"
    assert "c2VjcmV0" not in everything and shown.page == PAGE


def test_a_message_that_comes_is_played_and_stays(shown: ChatMap, cloud: Cloud) -> None:
    """From its first hop on."""
    seen: set[str] = set()
    shown.widget.children[1].observe(lambda change: seen.add(change["new"]), "value")
    cloud.journeys.append(message(3, "bob: Hi"))
    wait(lambda: any("hop 1 of 6" in one and "bob" in one for one in seen))
    assert "bob: Hi" in repr(shown)
    assert [journey.number for journey in shown.journeys] == [1, 2, 3]


def test_pause_next_hop_and_choosing(shown: ChatMap, cloud: Cloud) -> None:
    """A way that is chosen begins anew; paused, only the button goes on."""
    pause, step, slow, choice = controls(shown)
    pause.value = slow.value = True
    assert [label for label, _ in choice.options] == [
        "what comes",
        "2. GET /api/messages",
        "1. alice: Hello",
    ]
    choice.value = 1
    wait(lambda: "hop 1 of 6" in picture(shown))
    step.click()
    wait(lambda: "hop 2 of 6" in picture(shown))
    cloud.journeys.append(message(3))
    wait(lambda: len(choice.options) == 4)
    assert "hop 2 of 6" in picture(shown)


def test_a_foreign_text_stays_text(background: BackgroundLoop, cloud: Cloud) -> None:
    """Everything that people write comes by here."""
    cloud.journeys = [message(1, FOREIGN)]
    opened = ChatMap.open(cloud.ask, lambda: PAGE, background=background)
    values = [child.value for child in opened.widget.children if hasattr(child, "value")]
    assert FOREIGN not in str(values) + opened._repr_mimebundle_()["text/html"]
    opened.close()


def test_a_cloud_that_ends_is_said_and_a_new_one_is_followed(shown: ChatMap, cloud: Cloud) -> None:
    """The picture stays meanwhile."""
    cloud.problem = NotStarted("The local cloud does not run.")
    wait(lambda: "does not run" in shown.widget.children[0].value)
    assert repr(shown).startswith("The local cloud does not run.\nThe map is as it was last")
    assert "does not run" in shown._repr_mimebundle_()["text/html"] and "alice: Hello" in repr(
        shown
    )
    cloud.problem = None
    cloud.run, cloud.journeys = "second", [message(1, "carol: Back again")]
    wait(lambda: "carol: Back again" in repr(shown))
    wait(lambda: shown.widget.children[0].value == "")
    assert "does not run" not in repr(shown)


def test_the_pages_address_is_that_of_the_cloud_that_runs(tmp_path: Path) -> None:
    """Not the one of the moment when the cell ran; without a cloud it says so."""
    told = partial(chat_map._page, tmp_path)
    with pytest.raises(NotStarted):
        told()
    (tmp_path / "cloud.json").write_text(json.dumps({"map": PAGE}), encoding="utf-8")
    assert told() == PAGE


def test_a_new_map_takes_the_place_of_the_one_before(
    shown: ChatMap, cloud: Cloud, background: BackgroundLoop
) -> None:
    """The cell is run again: one asks the local cloud, not two."""
    other = ChatMap.open(cloud.ask, lambda: PAGE, background=background)
    assert widget._open == [other]
    other.close()
    other.close()
    assert widget._open == [] and "alice: Hello" in repr(other)


def test_on_azure_it_says_what_to_use_instead() -> None:
    """No traceback, and no look at a local cloud that may run."""

    class OnAzure(MapVerb):
        session: Any = SimpleNamespace(settings=Settings(target="azure"))

    assert repr(OnAzure().map()) == ON_AZURE and "workshop.logs()" in ON_AZURE
