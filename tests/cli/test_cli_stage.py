"""`chatkit stage …`: what is typed, and what is asked."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from chatkit.cli.stage import verbs
from chatkit.cloud import local_stage
from chatkit.core.errors import SetupError
from chatkit.core.running import room_hosts
from chatkit.core.running.own_addresses import OwnAddress
from tests.cli.typing_verbs import Chatkit

WIFI = OwnAddress("192.168.5.7", "wlan0")
CABLE = OwnAddress("10.0.0.3", "eth0")
PUBLIC = OwnAddress("8.8.8.8", "eth1")


class Terminal(io.StringIO):
    """A person who has typed something."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def types(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """A function that types an answer, at a machine in two networks and on the internet."""
    monkeypatch.setattr(room_hosts, "own_addresses", lambda: [WIFI, CABLE, PUBLIC])
    return lambda text: monkeypatch.setattr(sys, "stdin", Terminal(f"{text}\n"))


@pytest.mark.parametrize(
    ("text", "seconds"), [("4h", 14400), ("90m", 5400), ("1h30m", 5400), ("1.5h", 5400)]
)
def test_how_long_is_read(text: str, seconds: float) -> None:
    """As people write it."""
    assert verbs.lasting(text) == seconds


@pytest.mark.parametrize("text", ["", "4", "1.5", "1e3", "x", "0h", "25h", "-1h", "h", "1h 99999m"])
def test_how_long_is_refused(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(typer.BadParameter):
        verbs.lasting(text)


def test_bad_usage_starts_nothing(chatkit: Chatkit) -> None:
    """Exit code 2, one sentence."""
    typed = chatkit("stage", "up", "--for", "soon")
    assert typed.code == 2
    assert "4h, 90m or 1h30m" in typed.err
    typed = chatkit("stage", "up", "--where", "LOCAL")
    assert typed.code == 2
    assert "the nearest is local" in typed.err


def test_no_stage_is_open_where_nothing_runs(chatkit: Chatkit) -> None:
    """Asking starts no local cloud."""
    typed = chatkit("stage", "status", "--json")
    assert typed.code == 0
    assert set(json.loads(typed.out).values()) == {None}
    assert "stage up" in chatkit("stage", "status").out
    assert "No stage is open." in chatkit("stage", "down").out
    assert "0 messages" in chatkit("stage", "down", "--forget").out


@pytest.mark.parametrize("name", ["sheet.pdf", "sheet"])
def test_a_run_sheet_is_a_page_or_markdown(chatkit: Chatkit, tmp_path: Path, name: str) -> None:
    """A page is never called PDF, which no program would open."""
    typed = chatkit("stage", "sheet", "--out", str(tmp_path / name))
    assert typed.code == 2
    assert "it is .html or .md" in typed.err


def test_stop_ends_the_stage(chatkit: Chatkit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the home is on the network any more."""
    ended = local_stage.Ended(was_open=True, forgotten=0)
    monkeypatch.setattr(local_stage, "end", lambda _: ended)
    assert chatkit("stop").out == "Stopped: the stage.\n"


def test_the_network_is_chosen_from_a_list(types: Callable[[str], None]) -> None:
    """The first is the default."""
    types("2")
    assert verbs._chosen("", is_agreed=False) == CABLE.host
    types("")
    assert verbs._chosen("", is_agreed=False) == WIFI.host
    types("3")
    with pytest.raises(SetupError, match="no address 3"):
        verbs._chosen("", is_agreed=False)


def test_a_public_address_is_asked_about(types: Callable[[str], None]) -> None:
    """The whole internet is more than a room."""
    types("n")
    with pytest.raises(typer.Abort):
        verbs._chosen(PUBLIC.host, is_agreed=False)
    types("y")
    assert verbs._chosen(PUBLIC.host, is_agreed=False) == PUBLIC.host
    assert verbs._chosen(PUBLIC.host, is_agreed=True) == PUBLIC.host


def test_nobody_can_be_asked(types: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """A script names the address, and agrees to a public one beforehand."""
    types("")
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    with pytest.raises(SetupError, match="several networks"):
        verbs._chosen("", is_agreed=False)
    with pytest.raises(SetupError, match="whole internet"):
        verbs._chosen(PUBLIC.host, is_agreed=False)
