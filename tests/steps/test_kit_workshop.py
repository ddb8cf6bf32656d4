"""The workshop's own rules; the steps themselves are tested on a real local cloud."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from chatkit.chat.panel.panel import ChatPanel
from chatkit.cloud.connection import Cloud
from chatkit.core import settings as store
from chatkit.core.errors import NotStarted, SetupError
from chatkit.core.running.presence import BOARD, SCREEN
from chatkit.steps import identity, local_settings, session
from chatkit.steps.local_servers import FUNCTIONS, PAGE, LocalServers
from chatkit.steps.session import Session
from chatkit.workshop import Workshop
from tests.app_versions import write_app


@pytest.fixture
def workshop(home: Path, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """A workshop on the azure target, over the stand-in."""
    monkeypatch.setattr(session, "connect", lambda settings, where: cloud)
    for name in ("CHATKIT_TARGET", "CHATKIT_SUFFIX", "CHATKIT_REGION"):
        monkeypatch.delenv(name, raising=False)
    return Workshop.open(target="azure", suffix="abc123")


def test_what_was_chosen_is_remembered(workshop: Workshop) -> None:
    """Every notebook opens the same workshop."""
    again = Workshop.open()
    assert (again.settings.target, again.settings.suffix, again.settings.region) == (
        "azure",
        "abc123",
        "eastus2",
    )
    assert repr(again) == "Workshop on Azure, eastus2"


def test_opening_it_again_writes_nothing(workshop: Workshop) -> None:
    """On a full disk, too, people open it to delete what is there."""
    file = workshop.home / "settings.json"
    before = file.stat().st_ino
    Workshop.open()
    assert file.stat().st_ino == before


def test_the_environment_chooses_too(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """An instructor hands out suffixes."""
    monkeypatch.setenv("CHATKIT_SUFFIX", "seat07")
    monkeypatch.setenv("CHATKIT_REGION", "westus2")
    settings = Workshop.open().settings
    assert (settings.names.resource_group, settings.region) == ("chatkit-seat07", "westus2")


def test_names_stay_while_resources_exist(workshop: Workshop) -> None:
    """Otherwise nobody would find them to delete them."""
    workshop.session.learn(resource_group="chatkit-abc123")
    with pytest.raises(SetupError, match="clean_up"):
        Workshop.open(suffix="other1")
    assert workshop.settings.suffix == "abc123"


def test_a_switch_that_fails_leaves_the_target_as_it_was(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is not signed in stays where the resources are; so does what else was chosen."""

    def refuse(settings: store.Settings, where: Path) -> Cloud:
        raise NotStarted("Nobody is signed in.")

    store.save(workshop.home, replace(workshop.settings, target="local"))
    monkeypatch.setattr(session, "connect", refuse)
    with pytest.raises(NotStarted):
        Workshop.open(target="azure")
    assert workshop.settings.target == "local" and workshop.settings.suffix == "abc123"


def test_what_uses_the_old_target_stops_and_is_told_of_once(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The functions here hold a key of a SignalR instance that is another one there."""
    local_settings.write(workshop.functions_folder, signalr="AccessKey=x;", storage="")
    store.save(workshop.home, replace(workshop.settings, target="local"))
    stopped: list[str] = []

    def stop(_: LocalServers, name: str) -> bool:
        stopped.append(name)
        return True

    monkeypatch.setattr(LocalServers, "stop", stop)
    opened = Workshop.open(target="azure")
    assert stopped == [FUNCTIONS, PAGE, SCREEN, BOARD]
    assert not local_settings.keys_in(workshop.functions_folder)
    assert "write_local_settings()" in str(opened.session.restart_rows())
    assert not opened.session.restart_rows()
    Workshop.open()
    assert stopped == [FUNCTIONS, PAGE, SCREEN, BOARD]


def test_an_unknown_target_is_refused(workshop: Workshop) -> None:
    """With the two there are."""
    with pytest.raises(SetupError, match="Targets are local, azure"):
        Workshop.open(target="moon")


def test_nothing_is_known_at_first(workshop: Workshop) -> None:
    """`chatkit status --json` prints null."""
    values = workshop.status().as_dict()
    assert values.pop("target") == "azure"
    assert values.pop("completed") == []
    assert [*values] == [
        "resource_group",
        "signalr",
        "function_app",
        "storage_account",
        "api_base_url",
        "web_url",
        "local_api_base_url",
        "local_web_url",
        "authentication",
    ]
    assert not any(values.values())


def test_completed_sections_are_kept_in_order(workshop: Workshop) -> None:
    """Also when another notebook had the workshop open before."""
    other = Workshop.open()
    workshop.session.learn(resource_group="chatkit-abc123")
    workshop.complete("02")
    other.complete("01")
    assert workshop.status().as_dict()["completed"] == ["01", "02"]


@pytest.mark.parametrize(
    ("step", "hint"),
    [
        (lambda workshop: workshop.set_page_url(), r'catch_up\("08"\)'),
        (lambda workshop: workshop.chat_panel("alice"), r'none are deployed. .*catch_up\("06"\)'),
        (lambda workshop: workshop.chat_panel("alice", where="deployed"), r'catch_up\("08"\)'),
        (lambda workshop: workshop.publish_functions(), r'catch_up\("07"\)'),
        (lambda workshop: workshop.enable_authentication(), r'catch_up\("09"\)'),
        (lambda workshop: workshop.chat_panel("alice", where="local"), r'catch_up\("06"\)'),
        (lambda workshop: workshop.start_page(), "prepare_page"),
    ],
)
def test_a_step_too_early_names_the_one_before(
    workshop: Workshop, step: Callable[[Workshop], object], hint: str
) -> None:
    """Sections can be opened in any order."""
    with pytest.raises(SetupError, match=hint):
        step(workshop)


def test_secrets_and_notebooks_are_not_published(workshop: Workshop) -> None:
    """What would be is listed, before anything is sent."""
    write_app(workshop.folder)
    before = workshop.package_files()
    for name in (".env", "notes.ipynb", "local.settings.json"):
        (workshop.functions_folder / name).write_text("{}", encoding="utf-8")
    assert workshop.package_files() == before
    assert {"function_app.py", "host.json", "requirements.txt"} <= {*before}


def test_a_page_that_still_calls_this_machine_is_not_uploaded(workshop: Workshop) -> None:
    """Deployed, it would work for nobody else."""
    workshop.session.learn(api_base_url="https://app.example")
    workshop.page_folder.mkdir(parents=True)
    (workshop.page_folder / "config.json").write_text(
        '{"apiBaseUrl": "http://localhost:7071"}', encoding="utf-8"
    )
    with pytest.raises(SetupError, match="still calls http://localhost:7071.*set_page_url"):
        workshop.upload_page()


def test_a_place_for_a_chat_is_local_or_deployed(workshop: Workshop) -> None:
    """Not a spelling of it."""
    with pytest.raises(SetupError, match="local or deployed"):
        workshop.chat_panel("alice", where="here")


def test_a_look_at_the_cloud_starts_nothing(
    home: Path, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever only reads a property wants to know, not to wait for a process."""
    store.save(home, store.Settings(suffix="abc123"))
    workshop = Workshop(Session(home, connector=lambda settings, where: cloud))
    with pytest.raises(NotStarted, match="chatkit local up"):
        _ = workshop.cloud
    assert not (home / "local").exists()


def test_a_home_that_was_deleted_is_not_begun_by_a_step(home: Path) -> None:
    """Nobody has the names of what it would make; the first cell begins anew."""
    workshop = Workshop(Session(home))
    shutil.rmtree(home)
    with pytest.raises(NotStarted, match=r"was deleted.*Workshop\.open\(\)"):
        workshop.start_functions()
    assert not home.exists()


def test_a_cloud_that_cannot_start_is_said_in_its_own_words(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command's sentence, not its exit code."""
    (home / "local").write_text("a file where the folder should be", encoding="utf-8")
    monkeypatch.delenv("CHATKIT_TARGET", raising=False)
    store.save(home, store.Settings(suffix="abc123"))
    with pytest.raises(SetupError) as caught:
        Workshop.open()
    assert str(caught.value) and "Traceback" not in str(caught.value)


@pytest.mark.parametrize(
    ("deployed", "local", "place"),
    [
        ("http://d", "http://l", "deployed"),
        (None, "http://l", "local"),
        ("http://d", None, "deployed"),
    ],
)
def test_a_panel_without_a_place_takes_the_chat_that_there_is(
    workshop: Workshop,
    monkeypatch: pytest.MonkeyPatch,
    deployed: str | None,
    local: str | None,
    place: str,
) -> None:
    """The deployed one, and before section 07 that on this machine."""
    monkeypatch.setattr(identity, "has_sign_in", lambda _session, _where: False)
    monkeypatch.setattr(ChatPanel, "open", lambda api, _names, **_more: api)
    monkeypatch.setattr(Session, "api_base_url", deployed)
    monkeypatch.setattr(Session, "local_api_base_url", local)
    monkeypatch.setattr(Session, "on_cloud", nullcontext)
    monkeypatch.setattr(Session, "api_of", lambda _session, where: where)
    assert str(workshop.chat_panel("alice")) == place
