"""A lock's entries, one by one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit.pack import locks

ROOT = Path(__file__).resolve().parents[2]
NAMES = st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
VERSIONS = st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,2}", fullmatch=True)
HASHES = st.sets(st.from_regex(r"[0-9a-f]{64}", fullmatch=True), min_size=1, max_size=4)
MARKERS = st.sampled_from(["", "sys_platform == 'win32'", "python_full_version < '3.13'"])


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-test.lock"])
def test_every_line_of_a_lock_is_an_entry_with_hashes(name: str) -> None:
    """Nothing of it is overlooked."""
    text = (ROOT / name).read_text(encoding="utf-8")
    found = locks.entries(text)
    assert len(found) == sum("==" in line and not line[0].isspace() for line in text.splitlines())
    assert sum(len(entry.hashes) for entry in found) == text.count("--hash=sha256:")


@given(st.lists(st.tuples(NAMES, VERSIONS, MARKERS, HASHES), max_size=5), st.sampled_from("\n\r"))
def test_what_is_written_is_read(lines: list[tuple[str, str, str, set[str]]], end: str) -> None:
    """Whatever the lines are, and also with the line ends of a checkout on Windows."""
    text = ""
    for name, version, marker, hashes in lines:
        condition = f" ; {marker}" if marker else ""
        each = "".join(f" \\\n    --hash=sha256:{one}" for one in sorted(hashes))
        text += f"{name}=={version}{condition}{each}\n"
    found = locks.entries(text.replace("\n", "\r\n") if end == "\r" else text)
    assert [(entry.name, entry.version, {*entry.hashes}) for entry in found] == [
        (name, version, hashes) for name, version, _, hashes in lines
    ]
    assert [str(entry.requirement.marker or "") for entry in found] == [
        marker.replace("'", '"') for _, _, marker, _ in lines
    ]


def test_an_entry_is_a_line_without_its_marker() -> None:
    """It was chosen for a machine already."""
    (entry,) = locks.entries(f"A.b==1.0 ; os_name == 'nt' --hash=sha256:{'0' * 64}\n")
    assert entry.line() == f"a-b==1.0 --hash=sha256:{'0' * 64}"
