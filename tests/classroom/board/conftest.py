"""One board for all tests that change nothing for the others: each takes a person of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.classroom.board.board_testing import OpenBoard, open_board

PEOPLE = 130


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenBoard]:
    """A class's board, and its home as everybody's: never beyond one file."""
    with open_board(tmp_path_factory.mktemp("class") / "home", PEOPLE) as opened:
        yield opened


_taken = 0


@pytest.fixture
def number(board: OpenBoard) -> int:
    """The number of a person who is in no other test."""
    global _taken
    _taken += 1
    return _taken
