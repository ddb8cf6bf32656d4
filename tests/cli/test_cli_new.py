"""`chatkit new`: what it refuses, and what it offers."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from chatkit.core.settings import checkout
from chatkit.setup import locked
from chatkit.setup.installers import SetupFailed
from tests.cli.typing_verbs import Chatkit


@pytest.fixture
def old_packages(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """An environment that is not as the lock says; the locks that are installed in it."""
    asked: list[Path] = []
    monkeypatch.setattr(locked, "others", lambda _lock: {"typer": "0.1", "rich": "0.1"})
    monkeypatch.setattr(locked, "can_be_installed", lambda: True)
    monkeypatch.setattr(locked, "install", asked.append)
    return asked


def test_a_file_is_no_folder(chatkit: Chatkit, tmp_path: Path) -> None:
    """One sentence says so."""
    (tmp_path / "course").touch()
    done = chatkit("new", str(tmp_path / "course"))
    assert done.code == 1 and "course is a file. Choose another name." in done.err


def test_no_name_is_no_folder(chatkit: Chatkit) -> None:
    """A variable that is not set does not fill the folder that one is in."""
    done = chatkit("new", "")
    assert done.code == 2 and "A course needs a folder." in done.err


def test_what_to_type_next_can_be_typed(chatkit: Chatkit, tmp_path: Path) -> None:
    """Where the folder's name has a space."""
    folder = tmp_path / "M\u00fcller Kurs"
    done = chatkit("new", str(folder), "--no-lock")
    quote = '"' if os.name == "nt" else "'"
    assert f"Next: cd {quote}{folder}{quote} && chatkit lab" in done.out


def test_a_checkout_needs_none(chatkit: Chatkit) -> None:
    """It has all of it, and would be written over."""
    done = chatkit("new", str(checkout()))
    assert done.code == 1 and "`python3 -m chatkit lab` opens it" in done.err


def test_it_offers_to_install_by_the_lock(
    chatkit: Chatkit,
    tmp_path: Path,
    old_packages: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """To a person; yes installs it."""
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda question, default: "2 packages" in question)
    done = chatkit("new", str(tmp_path / "course"))
    assert done.code == 0
    assert [lock.name for lock in old_packages] == ["requirements.lock"]


def test_without_a_person_it_says_how(
    chatkit: Chatkit, tmp_path: Path, old_packages: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script is asked nothing, and its packages stay as they are."""
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    done = chatkit("new", str(tmp_path / "course"))
    assert "2 packages here have other versions than tested; --lock installs those" in done.out
    chatkit("new", str(tmp_path / "course"), "--no-lock")
    assert old_packages == []
    chatkit("new", str(tmp_path / "course"), "--lock")
    assert len(old_packages) == 1


def test_an_environment_of_others_stays_as_it_is(
    chatkit: Chatkit, tmp_path: Path, old_packages: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a shared machine it takes no writes."""
    monkeypatch.setattr(locked, "can_be_installed", lambda: False)
    done = chatkit("new", str(tmp_path / "course"), "--lock")
    assert done.code == 0 and "this environment is read-only" in done.out and old_packages == []


def test_packages_that_cannot_be_had_are_said(
    chatkit: Chatkit, tmp_path: Path, old_packages: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is there all the same."""

    def refuse(_lock: Path) -> None:
        raise SetupFailed("the packages cannot be downloaded.")

    monkeypatch.setattr(locked, "install", refuse)
    done = chatkit("new", str(tmp_path / "course"), "--lock")
    assert done.code == 1 and "The tested versions are not installed: the packages" in done.err
    assert (tmp_path / "course" / "notebooks").is_dir()
