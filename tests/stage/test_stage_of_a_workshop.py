"""A workshop's stage: at which address, for which chat, and what is shown of it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from chatkit.cloud import local_cloud, local_stage
from chatkit.cloud.local_stage import StageState
from chatkit.core import settings as store
from chatkit.core.codes import qr
from chatkit.core.errors import (
    NoSuchChoice,
    NotOffered,
    NotStarted,
    ServiceError,
    SetupError,
)
from chatkit.core.running import room_hosts
from chatkit.core.running.own_addresses import OwnAddress
from chatkit.stage import on_azure as on_azure_stage
from chatkit.stage import stage
from chatkit.stage.stage import Wanted
from chatkit.stage.verbs import StageVerbs
from chatkit.steps.session import Session

WIFI = OwnAddress("192.168.5.7", "wlan0")
CABLE = OwnAddress("10.0.0.3", "eth0")
PUBLIC = OwnAddress("8.8.8.8", "eth1")
LOOPBACK = OwnAddress("127.0.0.1", "lo")
CONTAINERS = OwnAddress("172.17.0.1", "docker0")
NO_TIMES: list[Any] = [0, -1, math.nan, math.inf, 90_000, True, "2"]
NO_NUMBERS: list[Any] = [-1, 100_001, 1.5, "150", True]
STATE = StageState(
    url="http://192.168.5.7:8080/",
    stage_url="http://192.168.5.7:8080/stage",
    people=3,
    connected=2,
    messages_per_s=0.5,
    tier="free",
    units=1,
    waiting=0,
    holds=20,
    seconds_left=5400,
    notice="",
    deployed=True,
)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> list[OwnAddress]:
    """The addresses of this machine, which a test fills."""
    found: list[OwnAddress] = []
    monkeypatch.setattr(room_hosts, "own_addresses", lambda: found)
    return found


@pytest.fixture
def on_azure(tmp_path: Path) -> Session:
    """A session whose chat is deployed to Azure."""
    settings = store.load(tmp_path).wanted(target="azure", suffix="abcdef", region=None)
    store.save(tmp_path, settings)
    session = Session(tmp_path)
    session.learn(web_url="https://chatkitabcdef.z20.web.core.windows.net/")
    return session


# At which address


def test_the_only_network_is_the_one(machine: list[OwnAddress]) -> None:
    """Networks of containers and public ones are no room's."""
    machine += [WIFI, CONTAINERS, PUBLIC, LOOPBACK]
    assert room_hosts.chosen("") == WIFI


@pytest.mark.parametrize(
    ("there", "words"),
    [
        ([WIFI, CABLE, LOOPBACK], ("192.168.5.7 (wlan0, local network)", "10.0.0.3", "--host")),
        ([LOOPBACK, PUBLIC], ("no address on a local network", "8.8.8.8 (eth1, public", "hotspot")),
        ([], ("none at all",)),
    ],
)
def test_several_or_none_are_told(
    machine: list[OwnAddress], there: list[OwnAddress], words: tuple[str, ...]
) -> None:
    """Nobody opens a stage at an address that nobody chose."""
    machine += there
    with pytest.raises(SetupError) as refused:
        room_hosts.chosen("")
    told = f"{refused.value} {refused.value.hint}"
    assert all(word in told for word in words)


def test_a_named_address_is_this_machines(machine: list[OwnAddress]) -> None:
    """Public ones too, for who names them; all of 127.0.0.0/8 is this machine's."""
    machine += [WIFI, PUBLIC, LOOPBACK]
    assert room_hosts.chosen("8.8.8.8").is_public
    assert room_hosts.chosen("127.0.0.2").is_loopback
    for other in ("192.168.5.8", "0.0.0.0", "nonsense"):
        with pytest.raises(SetupError, match="not an address of this machine"):
            room_hosts.chosen(other)


# Which chat


def test_without_a_chat_there_is_no_stage(tmp_path: Path) -> None:
    """The error says how to make one; a place that is none is named."""
    session = Session(tmp_path)
    for where in ("", "local", "deployed"):
        with pytest.raises(NotStarted) as refused:
            stage._chat(session, where)
        assert "07 and 08" in refused.value.hint
    with pytest.raises(NoSuchChoice, match="nowhere"):
        stage.up(session, Wanted(where="nowhere"))


def test_the_deployed_chat_comes_first(tmp_path: Path) -> None:
    """Unless the one on this machine is wanted."""
    session = Session(tmp_path)
    session.learn(function_app="api", web_url="http://127.0.0.1:1/", storage_account="page")
    assert stage._chat(session, "") == {"site": "api", "account": "page"}
    with pytest.raises(NotStarted):
        stage._chat(session, "local")


def test_a_page_that_nobody_has_uploaded_is_no_chat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Section 07 knows the address of the page already, which section 08 brings there."""
    session = Session(tmp_path)
    session.learn(function_app="api", web_url="http://127.0.0.1:1/", storage_account="page")
    monkeypatch.setattr(stage, "status_at", lambda _: 404)
    with pytest.raises(NotStarted):
        stage._chat(session, "")


# What is shown


def test_a_stage_shows_its_address_and_its_room() -> None:
    """In a cell with the code, in a terminal as lines."""
    shown = stage.shown(STATE, people=150)
    lines = "\n".join(shown.lines())
    assert "http://192.168.5.7:8080/stage" in lines
    assert "  to type   192.168.5.7:8080" in lines
    assert "1 h 30 min" in lines
    assert "too few for 150 people" in lines
    html = shown._repr_mimebundle_()["text/html"]
    assert 'src="data:image/svg+xml;base64,' in html
    assert "chat for everybody" in html


def test_a_stage_that_waits_says_why() -> None:
    """Without an address there is no code."""
    notice = "192.168.5.7 is not this machine's address any more."
    shown = stage.shown({**STATE, "url": None, "notice": notice})
    assert shown.code(in_colour=True) == ""
    assert notice in "\n".join(shown.lines())


def test_news_come_first() -> None:
    """The network has changed: that is what is to know."""
    assert stage.shown({**STATE, "notice": "It moved."}).rows[0] == ("news", "It moved.")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(5400, "1 h 30 min"), (14400, "4 h"), (60, "1 min"), (2, "2 s"), (0, "1 s")],
)
def test_time_is_told_in_hours_and_minutes(seconds: float, words: str) -> None:
    """And in seconds at the end: a stage of two seconds is not open for a minute."""
    assert stage.left(seconds) == words


def test_a_code_is_white_on_black_where_there_are_colours() -> None:
    """Half blocks are light modules: right on every ground when the colours are set."""
    plain = qr.text("http://192.168.5.7:8080/", in_colour=False).splitlines()
    assert plain[0] == "█" * len(plain[0])
    coloured = qr.text("http://192.168.5.7:8080/", in_colour=True).splitlines()
    assert coloured[0] == f"\x1b[97;40m{plain[0]}\x1b[0m"


@pytest.mark.parametrize(
    "wanted",
    [
        *(Wanted(for_s=for_s) for for_s in NO_TIMES),
        *(Wanted(people=people) for people in NO_NUMBERS),
        Wanted(where="LOCAL"),
    ],
)
def test_a_stage_that_there_is_not_is_refused(on_azure: Session, wanted: Wanted) -> None:
    """On each target in the same words, before anything is looked at; it is bad usage."""
    with pytest.raises((NotOffered, NoSuchChoice)) as refused:
        stage.up(on_azure, wanted)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("hours", [None, "2"])
def test_hours_are_a_number(on_azure: Session, hours: object) -> None:
    """A cell gets a sentence, as the verb does."""
    verbs = StageVerbs()
    verbs.session = on_azure
    with pytest.raises(NotOffered, match="24 hours"):
        verbs.stage(hours=hours)  # type: ignore[arg-type]


# Azure


def test_without_a_screen_azure_has_its_address_still(on_azure: Session) -> None:
    """Nothing ran, and nobody says that something did."""
    assert stage.state(on_azure) is None
    told = stage.summary(on_azure, None)
    assert (told["url"], told["stage_url"]) == (on_azure.web_url, None)
    assert on_azure_stage.NO_SCREEN in "\n".join(on_azure_stage.shown(on_azure).lines())
    assert stage.down(on_azure).text.startswith("No screen ran")


@pytest.mark.parametrize("wanted", [Wanted(host="127.0.0.1"), Wanted(port=80)])
def test_on_azure_there_is_no_address_to_choose(on_azure: Session, wanted: Wanted) -> None:
    """What has no effect is refused."""
    with pytest.raises(SetupError):
        stage.up(on_azure, wanted)


@pytest.mark.parametrize("wanted", [Wanted(), Wanted(for_s=60)])
def test_on_azure_there_must_be_functions_to_listen_to(on_azure: Session, wanted: Wanted) -> None:
    """A page alone is no chat."""
    with pytest.raises(NotStarted, match="no deployed chat"):
        stage.up(on_azure, wanted)


# A local cloud that does not run


def test_ending_the_stage_of_a_cloud_that_does_not_run(tmp_path: Path) -> None:
    """A file tells its next start; there is nothing to tell where no cloud has been."""
    where = tmp_path / "local"
    assert not local_stage.end(where)["was_open"]
    assert not where.exists()
    where.mkdir()
    assert not local_stage.end(where)["was_open"]
    assert (where / local_stage.NO_MORE).exists()


def test_forgetting_is_never_said_to_be_done_when_it_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cloud of an older version leaves it to the next start; a full disk says so."""
    monkeypatch.setattr(local_cloud, "running", lambda _: object())
    monkeypatch.setattr(local_cloud, "ask", lambda *_, **__: {"was_open": True})
    assert local_stage.end(tmp_path, forget=True) == {"was_open": True, "forgotten": None}
    assert (tmp_path / local_stage.NO_MORE).read_text(encoding="utf-8") == local_stage.FORGET

    def full(*_: object, **__: object) -> None:
        raise ServiceError(507, "InsufficientStorage", "The disk is full.")

    monkeypatch.setattr(local_cloud, "ask", full)
    with pytest.raises(SetupError, match="full"):
        local_stage.end(tmp_path, forget=True)
    assert not local_stage.end(tmp_path)["was_open"]


def test_without_a_cloud_everything_is_unknown(tmp_path: Path) -> None:
    """The names are there, for scripts."""
    told = stage.summary(Session(tmp_path), None)
    assert json.dumps(told) == (
        '{"url": null, "stage_url": null, "people": null, "connected": null,'
        ' "messages_per_s": null, "tier": null}'
    )


@pytest.mark.parametrize(
    ("kept", "says"),
    [
        ('{"url": "http://192.168.5.7:8080/", "until": 9e9}', "http://192.168.5.7:8080/"),
        ('{"url": "http://192.168.5.7:8080/", "until": 1}', ""),  # its time is over
        ("{", ""),
        ('{"until": 9e9}', ""),
    ],
)
def test_a_stage_of_a_local_cloud_that_was_killed_comes_back(
    tmp_path: Path, kept: str, says: str
) -> None:
    """`stage status` says where; not when somebody has ended it meanwhile."""
    session = Session(tmp_path)
    where = tmp_path / "local"
    where.mkdir()
    (where / local_stage.OPEN).write_text(kept, encoding="utf-8")
    told = stage.comes_back(session)
    assert says in told and bool(told) is bool(says)
    local_stage.end(where)
    assert stage.comes_back(session) == ""
