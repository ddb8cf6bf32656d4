"""`chatkit report`: shown, or written after it was shown."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from chatkit.cloud.trace.record import Record
from chatkit.core import settings
from tests.cli.typing_verbs import Chatkit

URL = (
    "https://management.azure.com/subscriptions/0aa0aaa0-0000-4000-8000-00000000000a"
    "/resourceGroups/chatkit-abc123?api-version=2025-04-01"
)


@pytest.fixture
def sent(chatkit: Chatkit) -> Chatkit:
    """Something was sent from this home."""
    settings.save(settings.home(), settings.Settings(target="azure", suffix="abc123"))
    noted = {"method": "GET", "url": URL, "status": 404, "code": "ResourceGroupNotFound"}
    Record(settings.home(), "azure").note(noted)
    return chatkit


def test_without_a_file_it_is_shown(sent: Chatkit) -> None:
    """As JSON that programs read; nothing is written."""
    before = sorted(settings.home().iterdir())
    typed = sent("report")
    assert json.loads(typed.out)["calls"][0]["code"] == "ResourceGroupNotFound"
    assert "abc123" not in typed.out and sorted(settings.home().iterdir()) == before


def test_it_says_what_is_in_it_and_then_writes(sent: Chatkit, tmp_path: Path) -> None:
    """For its owner alone, with the target and the kit's version."""
    file = tmp_path / "report.json"
    typed = sent("report", str(file))
    lines = typed.out.splitlines()
    assert lines[0].startswith("1 request to the target azure")
    assert lines[-1].startswith("Written to ") and typed.code == 0
    assert json.loads(file.read_text(encoding="utf-8"))["target"] == "azure"
    assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0


def test_nothing_sent_is_said(chatkit: Chatkit) -> None:
    """With what to do."""
    typed = chatkit("report")
    assert typed.code == 1 and "Nothing was sent to the target local" in typed.err


def test_a_file_that_cannot_be_written_is_said(sent: Chatkit, tmp_path: Path) -> None:
    """One sentence."""
    (tmp_path / "folder").mkdir()
    typed = sent("report", str(tmp_path / "folder"))
    assert typed.code == 1 and typed.err.count("\n") <= 3


def test_a_report_replaces_only_a_report(sent: Chatkit, tmp_path: Path) -> None:
    """A slip of the keys costs nobody a notebook; a second report is as usual."""
    notes = tmp_path / "notes.ipynb"
    notes.write_text("{}", encoding="utf-8")
    typed = sent("report", str(notes), "--yes")
    assert typed.code == 1 and "no report of chatkit" in typed.err
    assert notes.read_text(encoding="utf-8") == "{}"
    report = tmp_path / "report.json"
    assert [sent("report", str(report), "--yes").code for _ in range(2)] == [0, 0]


@pytest.mark.parametrize("place", ["/", "", ".."])
def test_a_folder_is_no_place_for_a_report(sent: Chatkit, place: str) -> None:
    """One sentence, before anything is shown."""
    typed = sent("report", place)
    assert typed.code == 1 and "is a folder" in typed.err and typed.out == ""
