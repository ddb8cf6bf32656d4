"""The file of a detached program's output stays short while it runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from time import monotonic

import pytest

from chatkit.core import log_files
from chatkit.core.processes import last_lines, start_detached, wait_until

PRINTING = """
import subprocess, sys
from chatkit.core.log_files import rotate_output
for number in range(300):
    print(f"line {number:03}" + 90 * ".", flush=True)
    rotate_output(max_bytes=10_000)
subprocess.run([sys.executable, "-c", "print('a child', flush=True)"])
print("the end", flush=True)
"""


def test_a_log_that_a_program_and_its_child_hold_is_rotated(tmp_path: Path) -> None:
    """Both print on at the end of the short file; the lines before are in the other."""
    log = tmp_path / "program.log"
    process = start_detached([sys.executable, "-c", PRINTING], folder=tmp_path, log=log)
    ended = process.wait_until(
        lambda: last_lines(log) == ["the end"] or None, until=monotonic() + 20
    )
    assert ended
    content = log.read_bytes()
    assert content.endswith(b"a child\nthe end\n")
    assert b"\0" not in content
    older = (tmp_path / "program.log.1").read_bytes()
    assert len(content) < 11_000
    assert len(older) < 11_000
    numbers = [int(line[5:8]) for line in (older + content).splitlines() if line[:5] == b"line "]
    assert numbers == [*range(numbers[0], 300)]  # no line of them is lost
    assert wait_until(lambda: process.exit_code, until=monotonic() + 20, unless=bool) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="making links needs a right there")
def test_a_link_in_the_place_of_a_log_is_replaced_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it leads to is neither emptied nor overwritten; so it is with the older part."""
    other = tmp_path / "mine.txt"
    other.write_bytes(b"mine")
    log = tmp_path / "program.log"
    for path in (log, tmp_path / "program.log.1"):
        path.symlink_to(other)
    descriptor = log_files.open_for_output(log)
    os.write(descriptor, b"a line")
    monkeypatch.setenv(log_files.VARIABLE, str(log))
    monkeypatch.setattr(log_files, "STDOUT", descriptor)
    log_files.rotate_output(max_bytes=1)
    os.close(descriptor)
    assert other.read_bytes() == b"mine"
    assert (tmp_path / "program.log.1").read_bytes() == b"a line" and log.read_bytes() == b""


def test_a_terminal_is_left_alone(tmp_path: Path) -> None:
    """A program whose output goes elsewhere touches no file, whatever its variables say."""
    other = tmp_path / "other.log"
    other.write_bytes(bytes(20_000))
    code = "from chatkit.core.log_files import rotate_output; rotate_output(max_bytes=10)"
    log = tmp_path / "program.log"
    process = start_detached(
        [sys.executable, "-c", code],
        folder=tmp_path,
        log=log,
        environment={"CHATKIT_OUTPUT": str(other)},
    )
    assert wait_until(lambda: process.exit_code, until=monotonic() + 20, unless=bool) == 0
    assert other.stat().st_size == 20_000
