"""docs/problems.md says what the doctor's entries say, and every entry is proven."""

from __future__ import annotations

import os

from chatkit.lesson.doctor.problems import PROBLEMS
from tests.lesson.doctor import problems_table


def test_the_document_is_current() -> None:
    """CHATKIT_WRITE_TABLES=1 writes it anew."""
    if os.environ.get("CHATKIT_WRITE_TABLES"):
        problems_table.PATH.write_text(problems_table.document(), encoding="utf-8")
    written = problems_table.PATH.read_text(encoding="utf-8")
    assert written == problems_table.document(), "CHATKIT_WRITE_TABLES=1 writes it anew"


def test_every_probe_is_proven_by_a_fault() -> None:
    """And what has none is listed with the reason, of which there are at most seven."""
    broken = {fault.number for fault in problems_table.faults()}
    assert {problem.number for problem in PROBLEMS if problem.probe} == broken
    assert {problem.number for problem in PROBLEMS if not problem.probe} == set(
        problems_table.MESSAGE_ONLY
    )
    assert len(problems_table.MESSAGE_ONLY) <= 7
