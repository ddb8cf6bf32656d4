"""Names and facts in settings.json."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from chatkit.core import settings as store
from chatkit.core.errors import SetupError


def test_a_new_home_gets_a_suffix(tmp_path: Path) -> None:
    """Six characters, the first a letter: what every name can take."""
    assert re.fullmatch(r"[a-z][a-z0-9]{5}", store.load(tmp_path).suffix)


def test_settings_come_back_as_they_were_saved(tmp_path: Path) -> None:
    """Facts belong to their target."""
    settings = (
        store.Settings(suffix="abc123")
        .learned(web_url="http://x/")
        .with_section("02")
        .with_section("01")
    )
    store.save(tmp_path, settings)
    again = store.load(tmp_path)
    assert again == settings
    assert again.facts.completed == ("01", "02")


def test_each_target_knows_its_own_facts() -> None:
    """The local address is not Azure's."""
    local = store.Settings(suffix="abc123").learned(web_url="http://x/")
    assert replace(local, target="azure").facts.web_url == ""


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"target": "moon", "suffix": "abc", "region": "x", "known": {}}']
)
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    """It is never replaced silently: it holds the names of resources that cost money."""
    (tmp_path / "settings.json").write_text(text, encoding="utf-8")
    with pytest.raises(SetupError):
        store.load(tmp_path)
    assert (tmp_path / "settings.json").read_text(encoding="utf-8") == text


@pytest.mark.parametrize("suffix", ["", "a", "UPPER", "with-hyphen", "thirteenchars1", "ünicode"])
def test_a_suffix_that_does_not_fit_is_refused(suffix: str) -> None:
    """It becomes part of a storage account's name."""
    with pytest.raises(SetupError):
        store.checked_suffix(suffix)


def test_another_hub_comes_back(tmp_path: Path) -> None:
    """Names carry it to everything that talks to the hub."""
    store.save(tmp_path, store.Settings(suffix="abc123", hub="lobby"))
    assert store.load(tmp_path).names.hub == "lobby"


def test_the_usual_hub_is_not_stored(tmp_path: Path) -> None:
    """The file of a home stays as it was."""
    store.save(tmp_path, store.Settings(suffix="abc123"))
    assert "hub" not in json.loads((tmp_path / "settings.json").read_text(encoding="utf-8"))
    assert store.load(tmp_path).hub == "chat"


@pytest.mark.parametrize("hub", ["", "1st", "with space", "with-hyphen", "x" * 129, 7])
def test_a_hub_that_azure_would_refuse_is_refused(tmp_path: Path, hub: object) -> None:
    """It becomes part of every address of the service."""
    document = {"target": "local", "suffix": "abc123", "region": "eastus2", "known": {}, "hub": hub}
    (tmp_path / "settings.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(SetupError):
        store.load(tmp_path)


def test_forgetting_keeps_which_sections_are_completed() -> None:
    """A clean-up takes resources away, not what somebody has learned."""
    settings = store.Settings(suffix="abc123").learned(web_url="http://x/").with_section("01")
    assert settings.forgotten().facts == store.Known(completed=("01",))


def test_cells_find_each_resources_name_in_the_settings() -> None:
    """The notebooks write `settings.signalr`."""
    settings = store.Settings(suffix="abc123")
    own = [settings.resource_group, settings.signalr, settings.storage_account]
    names = settings.names
    assert own == [names.resource_group, names.signalr, names.storage_account]
    assert [settings.function_app, settings.plan] == [names.function_app, names.plan]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that holds the package, and nobody has set `CHATKIT_HOME`."""
    place = tmp_path / "installed"
    place.mkdir()
    monkeypatch.delenv("CHATKIT_HOME", raising=False)
    monkeypatch.setattr(store, "checkout", lambda: place)
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "alice")
    monkeypatch.chdir(tmp_path)
    return place


def test_a_checkout_has_its_home_and_the_work_beside_it(installed: Path) -> None:
    """Both are ignored by git."""
    (installed / "pyproject.toml").touch()
    assert store.home() == installed / ".chatkit"
    assert store.chat_folder() == installed / "my-chat"
    assert store.kit() == installed


def test_a_checkout_of_somebody_else_is_only_read(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a shared machine everybody has a home of their own."""
    (installed / "pyproject.toml").touch()
    monkeypatch.setattr("os.access", lambda path, _mode: not str(path).startswith(str(installed)))
    assert store.home() == installed.parent / "alice" / "chatkit" / ".chatkit"
    assert store.chat_folder() == installed.parent / "alice" / "chatkit" / "my-chat"
    assert store.kit() == installed


def test_an_installed_package_has_its_home_at_the_users(installed: Path) -> None:
    """Its notebooks are data of the package."""
    (installed / "chatkit" / "kit").mkdir(parents=True)
    assert store.home() == installed.parent / "alice" / "chatkit" / ".chatkit"
    assert store.kit() == installed / "chatkit" / "kit"


def test_a_home_that_0_2_0_has_begun_is_found_from_the_folders_below(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There an installed package kept everything in the current folder."""
    begun = installed.parent / "course"
    store.save(begun / ".chatkit", store.Settings(suffix="abc123"))
    below = begun / "my-chat" / "notebooks"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert store.home() == begun / ".chatkit"
    assert store.chat_folder() == begun / "my-chat"


def test_a_home_that_somebody_else_has_put_above_is_not_used(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who may write in a folder above could read keys, else."""
    store.save(installed.parent / ".chatkit", store.Settings(suffix="abc123"))
    monkeypatch.setattr("os.getuid", lambda: 12345)
    assert store.home() == installed.parent / "alice" / "chatkit" / ".chatkit"


@pytest.mark.parametrize("is_checkout", [False, True])
def test_a_folder_that_was_laid_out_has_its_home_in_it(
    installed: Path, monkeypatch: pytest.MonkeyPatch, is_checkout: bool
) -> None:
    """For all that runs in it or below; the kit itself stays where it is."""
    if is_checkout:
        (installed / "pyproject.toml").touch()
    course = installed.parent / "course"
    (course / "notebooks").mkdir(parents=True)
    (course / store.LAID_OUT).touch()
    monkeypatch.chdir(course / "notebooks")
    assert store.home() == course / ".chatkit"
    assert store.chat_folder() == course / "my-chat"
    assert store.kit() == installed


def test_a_checkout_in_such_a_folder_has_its_own(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is around it is not looked at."""
    (installed / "pyproject.toml").touch()
    (installed.parent / "notebooks").mkdir()
    (installed.parent / store.LAID_OUT).touch()
    monkeypatch.chdir(installed)
    assert store.home() == installed / ".chatkit"


def test_cells_of_a_package_run_where_their_kernel_finds_the_home(installed: Path) -> None:
    """In a checkout they run beside the notebooks; a package's own folder is only read."""
    assert store.cells_folder() == installed / "notebooks"
    (installed / "chatkit" / "kit").mkdir(parents=True)
    assert store.cells_folder() == installed.parent / "alice" / "chatkit"
    assert store.cells_folder().is_dir()
