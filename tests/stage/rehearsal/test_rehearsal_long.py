"""A rehearsal on a real stage: nothing of it is left, however it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest

from chatkit.cloud import local_stage
from chatkit.workshop import Workshop
from tests.bench.bench_stage import phone, say_hello
from tests.homes import workshop_in

pytestmark = pytest.mark.long
LIMIT_S = 30.0
REHEARSE = (sys.executable, "-m", "chatkit", "stage", "rehearse", "--people", "8")


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """A chat that is deployed, and on a stage."""
    with workshop_in(tmp_path_factory.mktemp("home") / "home") as opened:
        opened.catch_up("09")
        opened.stage(host="127.0.0.1")
        yield opened


def state(workshop: Workshop) -> local_stage.StageState:
    found = local_stage.state(workshop.home / "local")
    assert found is not None
    return found


def history(workshop: Workshop) -> list[str]:
    """What a rehearsal has said, as anybody reads it, past the stage's own filter, too."""
    url = f"{workshop.api_base_url}/api/messages?limit=200"
    with urlopen(url, timeout=LIMIT_S) as answer:
        texts = [str(message["text"]) for message in json.loads(answer.read())]
    return [text for text in texts if "rehearsal" in text]


def until(look: Callable[[], bool]) -> None:
    """Wait for something to be so."""
    deadline = time.monotonic() + LIMIT_S
    while not look():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_left_alone(workshop: Workshop, *, people: int | None) -> bool:
    known = state(workshop)
    return not history(workshop) and known["people"] == people and known["connected"] == 0


def others() -> float:
    """How many programs share a processor of this machine, 1 for none besides this one."""
    return max(1.0, psutil.getloadavg()[0] / (os.cpu_count() or 1))


def test_a_rehearsal_leaves_nothing(workshop: Workshop) -> None:
    """No message, no name, nobody who was there."""
    result = workshop.rehearse_stage(people=8, messages=16)
    assert result.is_whole, result.lines()
    assert result.data["delivered"] == 8 * 16
    until(lambda: is_left_alone(workshop, people=0))
    assert state(workshop)["messages_per_s"] == 0


def test_a_phone_sees_the_first_message_soon(workshop: Workshop) -> None:
    """Within three seconds of the code, the best of five; later as others use the machine."""
    say_hello(workshop)
    url = state(workshop)["url"]
    assert url is not None
    assert phone(url)["best_s"] <= 3 * others()


def test_one_that_is_killed_leaves_nothing(workshop: Workshop, tmp_path: Path) -> None:
    """What waits beside it cleans up."""
    people = state(workshop)["people"]
    environment = {**os.environ, "CHATKIT_HOME": str(workshop.home)}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [*REHEARSE, "--messages", "500"], env=environment, stdout=log, stderr=log
        )
        try:
            until(lambda: len(history(workshop)) > 5)
        finally:
            process.kill()
            process.wait()
    until(lambda: is_left_alone(workshop, people=people))


def test_a_stage_that_ends_in_the_middle_ends_it(workshop: Workshop) -> None:
    """One sentence, exit code 1, soon; and nothing is left."""
    environment = {**os.environ, "CHATKIT_HOME": str(workshop.home)}
    process = subprocess.Popen(
        [*REHEARSE, "--messages", "500", "--json"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    until(lambda: len(history(workshop)) > 5)
    workshop.end_stage()
    written, said = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 1
    assert written == b""
    assert "The stage was closed in the middle of the rehearsal." in said.decode()
    until(lambda: not history(workshop))
