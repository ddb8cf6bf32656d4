"""Typing a verb, in this process."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from chatkit.cli.app import main
from tests.cli.typing_verbs import Chatkit, Typed


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home of its own."""
    folder = tmp_path / "home"
    monkeypatch.setenv("CHATKIT_HOME", str(folder))
    return folder


@pytest.fixture
def chatkit(
    home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Chatkit:
    """A function that types `chatkit …` in that home."""

    def type_verb(*arguments: str) -> Typed:
        monkeypatch.setattr(sys, "argv", ["chatkit", *arguments])
        capfd.readouterr()
        try:
            code = main()
        except SystemExit as error:  # of verbs that read their arguments with argparse
            code = int(error.code or 0)
        written = capfd.readouterr()
        return Typed(code, written.out, written.err)

    return type_verb
