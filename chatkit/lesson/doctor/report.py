"""What a cell or a terminal shows of an examination: a stable text, html, and JSON.

Nothing in it is secret.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypedDict

from chatkit.core.results import duration, elapsed, escape, table
from chatkit.lesson.doctor.preflight.finding import Finding
from chatkit.lesson.doctor.problems.problem import Problem
from chatkit.lesson.http import masked

SECRETS = re.compile(
    r"(?i)((?:access|account|shared)?key|sig|signature|secret|password|token|code)=[^;&\s\"']+"
)
PASSWORDS = re.compile(r"://[^/\s:@]+:[^/\s@]+@")
UNMATCHED = "No known problem has these words in it."
HEALTHY = "The doctor finds nothing wrong."
NOT_SEEN = "in the pasted text only"
TRY = (
    (
        "Paste the whole message, with the address in it: what the browser's console, the"
        " function host or the cell printed."
    ),
    "Run the section's check, workshop.check(...): it says what it expected and what it got.",
    "Read the last lines of .chatkit/logs/functions.log, or `chatkit local logs`.",
    "docs/problems.md lists every problem that is known here.",
)


class CheckDocument(TypedDict):
    """One check, in JSON."""

    what: str
    ok: bool
    found: str
    hint: str


class ProblemDocument(TypedDict):
    """One problem, in JSON."""

    number: int
    title: str
    seen: str
    matches_symptom: bool
    cause: str
    fix: str
    links: list[str]


class ReportDocument(TypedDict):
    """What `chatkit doctor --json` prints."""

    ok: bool
    checks: list[CheckDocument]
    problems: list[ProblemDocument]
    unanswered: list[str]
    advice: list[str]


@dataclass(frozen=True)
class Diagnosis:
    """One problem that the learner has.

    Attributes:
        seen: What was looked at and is so; empty when only the pasted text speaks for it.
        matches_symptom: Whether the pasted text is what one sees of this problem.
    """

    problem: Problem
    seen: str = ""
    matches_symptom: bool = False

    def as_dict(self) -> ProblemDocument:
        """Ready for JSON."""
        problem = self.problem
        return {
            "number": problem.number,
            "title": problem.title,
            "seen": clean(self.seen),
            "matches_symptom": self.matches_symptom,
            "cause": problem.cause,
            "fix": problem.fix,
            "links": problem.addresses,
        }


@dataclass(frozen=True)
class Report:
    """Everything the doctor has to say; a cell ends on it.

    Attributes:
        checks: What the workshop needs, one by one.
        problems: What is wrong, by number; what was seen comes before what only the text tells.
        symptom: Whether a text was pasted.
        unanswered: Names of what did not answer in time.
    """

    checks: tuple[Finding, ...]
    problems: tuple[Diagnosis, ...] = ()
    symptom: bool = False
    unanswered: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems and all(check.ok for check in self.checks)

    @property
    def advice(self) -> tuple[str, ...]:
        """What to try when the pasted text is that of no known problem."""
        if self.symptom and not any(one.matches_symptom for one in self.problems):
            return TRY
        return ()

    def as_dict(self) -> ReportDocument:
        """Ready for JSON: `chatkit doctor --json` prints exactly this."""
        return {
            "ok": self.ok,
            "checks": [_check_document(check) for check in self.checks],
            "problems": [one.as_dict() for one in self.problems],
            "unanswered": list(self.unanswered),
            "advice": list(self.advice),
        }

    def lines(self) -> list[str]:
        """The text, line by line, with every check: for a terminal."""
        return [
            *(line for check in self.checks for line in _check(check)),
            *self._problem_lines(),
            *self._unknown(),
        ]

    def __repr__(self) -> str:
        # Without what was not answered: that depends on how busy the machine is, and a stored
        # notebook should not.
        return "\n".join(
            [
                *(line for check in self.checks if not check.ok for line in _check(check)),
                *self._problem_lines(),
            ]
        )

    def _repr_mimebundle_(self, **_filters: object) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._html()}

    def _problem_lines(self) -> list[str]:
        """The problems, or that there are none."""
        shown = [line for one in self.problems for line in _problem(one)]
        if self.advice:
            shown += [UNMATCHED, *(f"  - {hint}" for hint in self.advice)]
        return shown or ([HEALTHY] if self.ok else [])

    def _unknown(self) -> list[str]:
        if self.unanswered:
            return [f"Not known, for want of an answer: {', '.join(self.unanswered)}."]
        return []

    def _html(self) -> str:
        wrong = [line for check in self.checks if not check.ok for line in _check(check)]
        lines = [*wrong, *([] if self.problems else self._problem_lines()), *self._unknown()]
        rows = [
            (check.what, "ok" if check.ok else "NO", clean(check.found), check.hint)
            for check in self.checks
        ]
        checks = (
            f"<details><summary>{len(rows)} checks"
            f" {elapsed(duration(self.seconds))}</summary>{table((), rows)}</details>"
        )
        cards = "".join(map(_card, self.problems))
        paragraphs = "".join(f"<p>{escape(line)}</p>" for line in lines)
        return f'<div class="chatkit-result">{cards}{paragraphs}{checks}</div>'


def clean(text: str) -> str:
    """A text without keys, signatures, tokens, and passwords in addresses."""
    return masked(PASSWORDS.sub("://…@", SECRETS.sub(r"\1=…", text)))


def _check_document(check: Finding) -> CheckDocument:
    return {
        "what": check.what,
        "ok": check.ok,
        "found": clean(check.found),
        "hint": check.hint,
    }


def _check(check: Finding) -> list[str]:
    line = f"{'ok ' if check.ok else 'NO '} {check.what}: {clean(check.found)}"
    return [line] if check.ok else [line, f"     {check.hint}"]


def _problem(one: Diagnosis) -> list[str]:
    problem = one.problem
    seen = [f"     seen:  {clean(one.seen) or NOT_SEEN}"]
    return [
        f"NO  Problem {problem.number}: {problem.title}",
        *seen,
        f"     cause: {problem.cause}",
        f"     fix:   {problem.fix}",
    ]


def _card(one: Diagnosis) -> str:
    problem = one.problem
    rows = [
        ("seen", clean(one.seen) or NOT_SEEN),
        ("cause", problem.cause),
        ("fix", problem.fix),
        *(("met by others", url) for url in problem.addresses),
    ]
    return f"<p><b>{escape(f'Problem {problem.number}: {problem.title}')}</b></p>{table((), rows)}"
