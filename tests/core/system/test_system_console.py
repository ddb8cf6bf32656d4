"""Printing where not every character can be printed."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest

from chatkit.core.system import console

PRINT = "from chatkit.core.system import console; console.prepare(); print('✓ Ünï 学习 🎉 \\udcc3')"


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437", "latin-1", "utf-8"])
def test_no_character_ends_a_program(encoding: str) -> None:
    """What the encoding does not have is spelled out; half of a character, too."""
    done = subprocess.run(
        [sys.executable, "-c", PRINT], capture_output=True, env={"PYTHONIOENCODING": encoding}
    )
    assert done.returncode == 0 and done.stderr == b""
    text = done.stdout.decode(encoding)
    assert ("✓" in text) == (encoding == "utf-8") and r"\udcc3" in text


def test_a_program_whose_output_the_kit_reads_writes_utf8() -> None:
    """Whatever the locale is."""
    done = subprocess.run(
        [sys.executable, "-c", r"print('\u2713 \u5b66\u4e60')"],
        capture_output=True,
        env={"LC_ALL": "C", "PYTHONUTF8": "0", **console.UTF8_OUTPUT},
    )
    assert done.stdout.decode().strip() == "✓ 学习"


def test_streams_of_others_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of pytest, and none where there is no console (`pythonw`)."""
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    console.prepare()
    assert not console.can_write("✓") and console.can_write("x")


def test_a_line_is_drawn_over_and_taken_away(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without escape sequences, and no wider than the terminal."""
    monkeypatch.setenv("COLUMNS", "20")
    console.draw_line("waiting for something long")
    console.draw_line("")
    first, second = capsys.readouterr().err.split("\r")[1:3]
    assert first == "waiting for somethi" and second == " " * 19
