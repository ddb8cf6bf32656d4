"""docs/problems.md: every problem that the doctor knows, from its entries, with the tests that
prove it.

`CHATKIT_WRITE_TABLES=1 python -m pytest tests/lesson/doctor/test_doctor_document.py` writes it.
"""

from __future__ import annotations

from pathlib import Path

from chatkit.knowledge.problem import Problem
from chatkit.knowledge.problems import AREAS, PROBLEMS
from chatkit.lesson.doctor.probes import GENERAL, PROBES
from tests.lesson.doctor import test_doctor_faults, test_doctor_identity_faults
from tests.lesson.doctor.doctor_faults import Fault

PATH = Path(__file__).parents[3] / "docs" / "problems.md"
BEYOND = {
    "private-port": "who may use a forwarded port is known to GitHub, not to the codespace",
    "no-template": "which templates Core Tools have is theirs to say",
    "guest-name": "whether a name is a guest's is not to be seen from outside",
    "forged-request": (
        "cookies are the browser's; given the message, the doctor looks whether authentication"
        " knows the page"
    ),
    "may-not-register": (
        "an account cannot ask beforehand whether it may register an app: reading the tenant's"
        " policy needs a right of its own"
    ),
}
"""Problems of the first list, of people who followed the tutorial, that have no probe."""
HEAD = """# Problems, their causes and fixes

Generated from `chatkit/knowledge`, the one place where the kit keeps what it knows of problems:
notes under Azure's errors and the doctor take it from there. `chatkit doctor` and
`workshop.doctor()` look for them; with `--symptom "..."` or `workshop.doctor("...")` the doctor
reads a message, too, pasted as it is, and says which problem it belongs to. The first thread in
which people met it, or the page that documents it, is linked; the doctor names all.

*seen*: the doctor looks at files, settings, resources, at what the SDK emits for the functions and
at what answers where; a test breaks a real workshop on the local cloud in each of these ways and
demands that this problem alone is named, in these words, and none once it is repaired.
*message*: it knows what the browser, the tool or the service says; a test feeds that and demands
this problem first. Before and after every section the doctor finds nothing
(`test_doctor_healthy.py`). What could not be looked at has a line of its own, and then nobody says
that nothing is wrong.

"""
LIMITS = """
## What cannot be seen

{seen} of {all} problems are to be seen in the workshop. Most of the others are refusals of a
service, a tool or a browser at the moment when something is asked of it: their message is all there
is. Of problems that people met in the tutorial these have no probe:

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
    parts = [HEAD, "<!-- problems: begin -->\n"]
    for area, problems in AREAS.items():
        parts.append(f"\n## {area}\n\n| problem | noticed by | cause | fix |\n|---|---|---|---|\n")
        parts += [f"{row(problem)}\n" for problem in problems]
    titles = {problem.key: problem.title for problem in PROBLEMS}
    reasons = "\n".join(f"- {titles[key]}: {why}." for key, why in BEYOND.items())
    seen = len({*PROBES, *GENERAL})
    parts += [
        "<!-- problems: end -->\n",
        LIMITS.format(seen=seen, all=len(PROBLEMS), reasons=reasons),
    ]
    return "".join(parts)


def row(problem: Problem) -> str:
    """One problem."""
    seen = ", ".join(f'"…{fault.seen}…"' for fault in faults() if fault.key == problem.key)
    noticed = f"message; seen {seen}" if seen else "message"
    cells = (
        f"[{problem.title}]({problem.addresses[0]})",
        noticed,
        problem.cause,
        problem.fix,
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def faults() -> tuple[Fault, ...]:
    """Every way in which a test breaks a workshop."""
    return (*test_doctor_faults.FAULTS, *test_doctor_identity_faults.FAULTS)
