"""docs/problems.md says what the doctor's entries say, and every entry is proven."""

from __future__ import annotations

import os

from chatkit.knowledge.problems import PROBLEMS
from chatkit.lesson.doctor.probes import CONFIRM, GENERAL, PROBES
from tests.lesson.doctor import problems_table

# Other tests than those of faults prove them: test_probes.py, test_doctor_preflight.py.
ELSEWHERE = {"host-not-running", "settings-not-uploaded", "resources-gone"}


def test_the_document_is_current() -> None:
    """CHATKIT_WRITE_TABLES=1 writes it anew."""
    if os.environ.get("CHATKIT_WRITE_TABLES"):
        problems_table.PATH.write_text(problems_table.document(), encoding="utf-8")
    written = problems_table.PATH.read_text(encoding="utf-8")
    assert written == problems_table.document(), "CHATKIT_WRITE_TABLES=1 writes it anew"


def test_every_probe_is_proven_by_a_fault() -> None:
    """And every problem that a probe or its confirmation names is a known one."""
    broken = {fault.key for fault in problems_table.faults()}
    assert {*PROBES, *GENERAL} - ELSEWHERE == broken - ELSEWHERE
    assert {*PROBES, *GENERAL, *CONFIRM} <= {problem.key for problem in PROBLEMS}
    assert not {*PROBES, *GENERAL} & set(problems_table.BEYOND)
