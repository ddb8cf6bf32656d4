"""The tier that a stage took goes back when the stage ends, however it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from chatkit.cloud import local_cloud, local_stage
from chatkit.core.errors import SetupError
from chatkit.stage import size
from chatkit.stage.stage import Wanted, up
from chatkit.workshop import Workshop
from tests.homes import workshop_in

pytestmark = pytest.mark.long
LIMIT_S = 60.0
PEOPLE = 150
NO_PORT = 70_000


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """A SignalR Service instance on the free tier; of app and page only the names are needed."""
    with workshop_in(tmp_path_factory.mktemp("home") / "home") as opened:
        opened.create_resource_group()
        opened.create_signalr()
        opened.session.learn(
            function_app="api", storage_account="page", web_url="http://127.0.0.1:1/"
        )
        yield opened


def tier(workshop: Workshop) -> str:
    """Which it is now."""
    now = size.look(workshop.session, 1).now
    assert now is not None
    return now.tier.name


def open_for_many(workshop: Workshop, *, for_s: float = 3600.0) -> None:
    """Open the stage for more than the free tier takes."""
    shown = up(workshop.session, Wanted(host="127.0.0.1", for_s=for_s, people=PEOPLE))
    assert "from free tier, 1 unit to standard tier" in "\n".join(shown.lines())


def until(look: Callable[[], bool]) -> None:
    """Wait for something to be so."""
    deadline = time.monotonic() + LIMIT_S
    while not look():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def kill(workshop: Workshop) -> None:
    """End the local cloud's process as `kill -9` does."""
    known = local_cloud.running(workshop.home / "local")
    assert known is not None
    process = psutil.Process(known["pid"])
    process.kill()
    process.wait(LIMIT_S)


def test_it_goes_back_with_stage_down(workshop: Workshop) -> None:
    """And what was there before stays as it was."""
    open_for_many(workshop)
    workshop.end_stage()
    assert tier(workshop) == "free"


def test_it_goes_back_when_the_time_is_over(workshop: Workshop) -> None:
    """Nobody has to think of it."""
    open_for_many(workshop, for_s=3.0)
    until(lambda: tier(workshop) == "free")


def test_it_goes_back_after_a_kill(workshop: Workshop) -> None:
    """The next start goes on with the stage, and its end takes the tier back."""
    open_for_many(workshop)
    kill(workshop)
    local_cloud.start(workshop.home / "local")
    assert tier(workshop) == "standard"
    workshop.end_stage()
    assert tier(workshop) == "free"


def test_it_goes_back_when_the_stage_was_ended_meanwhile(workshop: Workshop) -> None:
    """With no process that could do it; the next start does."""
    open_for_many(workshop)
    kill(workshop)
    workshop.end_stage()
    local_cloud.start(workshop.home / "local")
    until(lambda: tier(workshop) == "free")


def test_it_goes_back_when_the_time_was_over_meanwhile(workshop: Workshop) -> None:
    """No process was there to see it; the next start does."""
    open_for_many(workshop, for_s=3.0)
    kill(workshop)
    ended = time.monotonic() + 3.0
    until(lambda: time.monotonic() > ended)
    local_cloud.start(workshop.home / "local")
    until(lambda: tier(workshop) == "free")


class Killed(BaseException):
    """What no program survives."""


@pytest.mark.parametrize("is_restarted", [False, True])
def test_it_goes_back_when_the_verb_was_killed(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, *, is_restarted: bool
) -> None:
    """After the change and before the stage: its end, or the next start of the local cloud."""

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(local_stage, "open_stage", killed)
        up(workshop.session, Wanted(host="127.0.0.1", people=PEOPLE))
    assert tier(workshop) == "standard"
    if is_restarted:
        kill(workshop)
        local_cloud.start(workshop.home / "local")
        until(lambda: tier(workshop) == "free")
    workshop.end_stage()
    assert tier(workshop) == "free"


def test_what_somebody_chose_in_between_stays(workshop: Workshop) -> None:
    """Also when the stage opens anew, for more than that."""
    open_for_many(workshop)
    workshop.scale("standard", units=2)
    up(workshop.session, Wanted(host="127.0.0.1", people=2_500))
    workshop.end_stage()
    assert tier(workshop) == "standard"
    workshop.scale("free")


def test_a_stage_that_does_not_open_leaves_the_tier(workshop: Workshop) -> None:
    """And nothing that a later end would take back."""
    with pytest.raises(SetupError):
        up(workshop.session, Wanted(host="127.0.0.1", port=NO_PORT, people=PEOPLE))
    assert tier(workshop) == "free"
    workshop.scale("standard", units=1)
    workshop.end_stage()
    assert tier(workshop) == "standard"
    workshop.scale("free")
