"""docs/problems.md: every problem that the doctor knows, from its entries, with the tests that
prove it.

`CHATKIT_WRITE_TABLES=1 python -m pytest tests/lesson/doctor/test_doctor_document.py` writes it.
"""

from __future__ import annotations

from pathlib import Path

from chatkit.lesson.doctor.problems import PROBLEMS
from chatkit.lesson.doctor.problems.problem import Problem
from tests.lesson.doctor import (
    test_doctor_faults,
    test_doctor_identity_faults,
    test_doctor_symptoms,
)
from tests.lesson.doctor.doctor_faults import Fault

PATH = Path(__file__).parents[3] / "docs" / "problems.md"
BROKEN = test_doctor_faults.test_a_fault_is_named_with_its_fix_and_nothing_else.__name__
BROKEN_IDENTITY = (
    test_doctor_identity_faults.test_a_fault_is_named_with_its_fix_and_nothing_else.__name__
)
CONFIRMED = test_doctor_identity_faults.test_a_symptom_is_confirmed_by_what_is_to_be_seen.__name__
SAID = test_doctor_symptoms.test_a_symptom_is_its_problem_and_no_other.__name__
MESSAGE_ONLY = {
    6: "who may use a forwarded port is known to GitHub, not to the codespace",
    22: "which templates Core Tools have is theirs to say",
    40: "whether a name is a guest's is not to be seen from outside",
    42: (
        "cookies are the browser's; given the message, the doctor looks whether authentication"
        " knows the page"
    ),
    46: (
        "an account cannot ask beforehand whether it may register an app: reading the tenant's"
        " policy needs a right of its own"
    ),
}
HEAD = """# Problems, their causes and fixes

Generated from the doctor's entries. `chatkit doctor` and `workshop.doctor()` look for them; with
`--symptom "..."` or `workshop.doctor("...")` the doctor reads a message, too, pasted as it is, and
says which problem it belongs to. Each was met by people in public threads: the first of them is
linked, the doctor names all.

*probe*: the doctor looks at files, settings, resources and what answers where, and says what it
sees in these words; a test breaks a real workshop on the local cloud in each of these ways and
demands that this problem alone is named, and none once it is repaired. *message*: it knows what the
browser, the tool or the service says; a test feeds that and demands this problem alone. Before and
after every section the doctor finds nothing (`test_doctor_healthy.py`).

"""
LIMITS = """
## What cannot be seen

{known} of {all} problems are to be seen in the workshop. Of the others only the message tells:

{reasons}

Some things have no message of their own (a bill, a message that reaches nobody, a page that stays
connected): the doctor sees their cause where there is one, and otherwise knows them only by
ordinary words for them. An app on Azure where people sign in with a password is looked at from
outside only: whose name negotiate writes into a token is seen on the local cloud, where a name is
all that the sign-in asks for. What depends on the browser, the company's network or the phone is
beyond the doctor, unless a message names it.
"""


def document() -> str:
    """Text of docs/problems.md."""
    parts = [
        HEAD,
        (
            "<!-- problems: begin -->\n| | problem | noticed by | cause | fix | tests"
            " |\n|---|---|---|---|---|---|\n"
        ),
    ]
    parts += [f"{row(problem)}\n" for problem in PROBLEMS]
    reasons = "\n".join(f"- {number}: {why}." for number, why in MESSAGE_ONLY.items())
    seen = sum(1 for problem in PROBLEMS if problem.probe)
    parts += [
        "<!-- problems: end -->\n",
        LIMITS.format(known=seen, all=len(PROBLEMS), reasons=reasons),
    ]
    return "".join(parts)


def row(problem: Problem) -> str:
    """One problem."""
    seen = ", ".join(f'"…{fault.seen}…"' for fault in faults() if fault.number == problem.number)
    noticed = ["message", *([f"probe {seen}"] if seen else [])]
    title = f"[{problem.title}]({problem.addresses[0]})"
    cells = (
        str(problem.number),
        title,
        ", ".join(noticed),
        problem.cause,
        problem.fix,
        " ".join(proofs(problem)),
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def proofs(problem: Problem) -> list[str]:
    """Names of the tests."""
    here, there = test_doctor_faults.FAULTS, test_doctor_identity_faults.FAULTS
    named = [
        ("test_doctor_faults.py", BROKEN, here),
        ("test_doctor_identity_faults.py", BROKEN_IDENTITY, there),
    ]
    named.append(
        ("test_doctor_identity_faults.py", CONFIRMED, test_doctor_identity_faults.CONFIRMED)
    )
    found = [
        f"`{file}::{test}`"
        for file, test, faults in named
        if problem.number in {fault.number for fault in faults}
    ]
    return [*found, f"`test_doctor_symptoms.py::{SAID}`"]


def faults() -> tuple[Fault, ...]:
    return (*test_doctor_faults.FAULTS, *test_doctor_identity_faults.FAULTS)
