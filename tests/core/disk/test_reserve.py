"""The space kept for deleting, where its file is something else."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from chatkit.core.disk.reserve import SIZE_BYTES, Reserve


def test_it_takes_its_space_and_gives_it_back(tmp_path: Path) -> None:
    """A change that must not fail gets all of it."""
    reserve = Reserve(tmp_path / "reserve")
    reserve.fill()
    assert (tmp_path / "reserve").stat().st_size == SIZE_BYTES
    with reserve.lent():
        assert (tmp_path / "reserve").stat().st_size == 0
    assert (tmp_path / "reserve").stat().st_size == SIZE_BYTES


def test_a_pipe_in_its_place_is_not_waited_for(tmp_path: Path) -> None:
    """Opening one waits for a reader that never comes."""
    if sys.platform == "win32":
        pytest.skip("Windows has no pipes among files")
    os.mkfifo(tmp_path / "reserve")
    reserve = Reserve(tmp_path / "reserve")
    reserve.fill()
    assert reserve.is_needed
    with reserve.lent():
        pass
