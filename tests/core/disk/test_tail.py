"""The end of a log, read while somebody writes it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from chatkit.core.disk.tail import read_tail
from tests.attacks import app_log


def write(path: Path, text: str) -> None:
    """Write at the end of a log."""
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def renamed(path: Path) -> None:
    """Begin the log anew as a rotating log does."""
    path.rename(path.with_name(f"{path.name}.1"))


def copied(path: Path) -> None:
    """Begin the log anew as a program's own output is."""
    shutil.copyfile(path, path.with_name(f"{path.name}.1"))
    path.write_text("", encoding="utf-8")


def test_what_is_new_is_read_once_and_in_whole_lines(tmp_path: Path) -> None:
    """A line that is being written comes with the next reading."""
    path = tmp_path / "app.log"
    assert read_tail(path).text == ""
    write(path, "one\ntw")
    first = read_tail(path)
    write(path, "o\nthree\n")
    second = read_tail(path, after=first.position)
    assert (first.text, second.text) == ("one\n", "two\nthree\n")
    assert read_tail(path, after=second.position).text == ""


@pytest.mark.parametrize("rotate", [renamed, copied])
def test_nothing_is_lost_when_the_log_begins_anew(
    tmp_path: Path, rotate: Callable[[Path], None]
) -> None:
    """What came between the last reading and the rotation lies in the file before."""
    path = tmp_path / "app.log"
    write(path, "one\n")
    position = read_tail(path).position
    write(path, "two\n")
    rotate(path)
    write(path, "3\n")
    assert read_tail(path, after=position).text == "two\n3\n"
    assert read_tail(path).text == "one\ntwo\n3\n"


def test_of_a_long_log_the_end_is_read(tmp_path: Path) -> None:
    """From the beginning of a line on."""
    path = tmp_path / "app.log"
    write(path, "".join(f"line {number}\n" for number in range(1000)))
    assert read_tail(path, most_bytes=25).text == "line 998\nline 999\n"


@pytest.mark.parametrize("after", app_log.POSITIONS)
def test_a_position_that_nobody_gave_out_reads_the_end(tmp_path: Path, after: str) -> None:
    """It comes over the network."""
    path = tmp_path / "app.log"
    write(path, "one\n")
    assert read_tail(path, after=after).text == "one\n"
