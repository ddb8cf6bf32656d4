"""What a cell or a terminal shows of an examination: the answer first, then what was looked at.

Nothing in it is secret.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypedDict

from chatkit.core.results import duration, elapsed, escape, table
from chatkit.core.text.controls import visible
from chatkit.knowledge.problem import Problem
from chatkit.knowledge.problems import problem
from chatkit.lesson.doctor.preflight.finding import Finding
from chatkit.lesson.doctor.preflight.memory import Memory
from chatkit.lesson.http import masked

SECRETS = re.compile(
    r"(?i)((?:access|account|shared)?key|sig|signature|secret|password|token|code)=[^;&\s\"']+"
)
PASSWORDS = re.compile(r"://[^/\s:@]+:[^/\s@]+@")
WIDTH = 100
UNMATCHED = "No known problem has these words in it."
HEALTHY = "The doctor finds nothing wrong."
NOT_KNOWN = "The doctor sees nothing wrong, but could not look at everything."
NOT_SEEN = "in the pasted text only"
WORDS = {True: "ok", False: "NO", None: "??"}
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
    """One thing that was looked at, in JSON; `ok` is null when it is not known."""

    what: str
    ok: bool | None
    found: str
    hint: str


class ProblemDocument(TypedDict):
    """One problem, in JSON."""

    title: str
    cause: str
    fix: str
    seen: str
    links: list[str]


class ReportDocument(TypedDict):
    """What `chatkit doctor --json` prints.

    Attributes:
        ok: Null when nothing wrong is seen, and something could not be looked at.
        problems: What is wrong, the likeliest first; with a pasted text, what it may be.
        unknown: What could not be looked at, each with the reason.
        others: With a pasted text, what is wrong besides.
        checks: What was looked at.
        advice: What to try when the pasted text is that of no known problem.
        memory: What runs for this home takes, and how many more people have room, see
            `preflight.memory.Memory`; null when it was not measured.
    """

    ok: bool | None
    problems: list[ProblemDocument]
    unknown: list[str]
    others: list[ProblemDocument]
    checks: list[CheckDocument]
    advice: list[str]
    memory: dict[str, object] | None


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
        return {
            "title": self.problem.title,
            "cause": self.problem.cause,
            "fix": self.problem.fix,
            "seen": clean(self.seen),
            "links": self.problem.addresses,
        }

    def lines(self) -> list[str]:
        """For a terminal, and for the plain text of a cell."""
        rows = [("seen", clean(self.seen) or NOT_SEEN), ("cause", self.problem.cause)]
        return [f"NO  {self.problem.title}", *_rows([*rows, ("fix", self.problem.fix)])]

    def card(self) -> str:
        """For a front end."""
        rows = [
            ("seen", clean(self.seen) or NOT_SEEN),
            ("cause", self.problem.cause),
            ("fix", self.problem.fix),
            *(("met by others", url) for url in self.problem.addresses),
        ]
        return f"<p><b>{escape(self.problem.title)}</b></p>{table((), rows)}"


@dataclass(frozen=True)
class Report:
    """Everything the doctor has to say; a cell ends on it.

    Attributes:
        checks: What the workshop needs, one by one.
        problems: What is wrong; what the pasted text says comes before what only was seen.
        symptom: Whether a text was pasted.
        unknown: What could not be looked at, each with the reason.
        memory: What runs for the home takes; it is neither right nor wrong.
    """

    checks: tuple[Finding, ...]
    problems: tuple[Diagnosis, ...] = ()
    symptom: bool = False
    unknown: tuple[str, ...] = ()
    seconds: float = 0.0
    memory: Memory | None = None

    @property
    def ok(self) -> bool | None:
        """Whether nothing is wrong; None when nothing wrong is seen and something is not known."""
        if self.problems or self.failed:
            return False
        return None if self.not_known else True

    @property
    def failed(self) -> list[Finding]:
        """Checks that failed, but for those of which a problem says the same and more."""
        named = {one.problem.key for one in self.problems}
        is_said = bool(named - {"function-raises"})
        return [
            check
            for check in self.checks
            if check.ok is False
            and not (check.problem in named or (check.what == "WebSocket" and is_said))
        ]

    @property
    def not_known(self) -> list[str]:
        """What could not be looked at, each with the reason."""
        checks = [f"{one.what}: {clean(one.found)}" for one in self.checks if one.ok is None]
        return [*checks, *map(clean, self.unknown)]

    @property
    def advice(self) -> tuple[str, ...]:
        """What to try when the pasted text is that of no known problem."""
        if self.symptom and not any(one.matches_symptom for one in self.problems):
            return TRY
        return ()

    def as_dict(self) -> ReportDocument:
        """Ready for JSON: `chatkit doctor --json` prints exactly this."""
        seen = [
            *(one.as_dict() for one in self.problems if not one.matches_symptom),
            *map(_as_problem, self.failed),
        ]
        said = [one.as_dict() for one in self.problems if one.matches_symptom]
        return {
            "ok": self.ok,
            "problems": said if self.symptom else seen,
            "unknown": self.not_known,
            "others": seen if self.symptom else [],
            "checks": [_check_document(check) for check in self.checks],
            "advice": list(self.advice),
            "memory": self.memory.as_dict() if self.memory else None,
        }

    def lines(self) -> list[str]:
        """The text, line by line, for a terminal: the answer, then what was looked at."""
        answer = [part for line in self._answer() for part in _folded(line)]
        memory = textwrap.wrap(str(self.memory), WIDTH) if self.memory else []
        return [*answer, *self._looked_at(), *memory]

    def __repr__(self) -> str:
        return "\n".join(self._answer())

    def _repr_mimebundle_(self, **_filters: object) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._html()}

    def _answer(self) -> list[str]:
        """What is wrong and what is not known, or that all is well."""
        return [
            *self._headline(),
            *(line for one in self.problems for line in one.lines()),
            *(line for check in self.failed for line in _check(check)),
            *(f"??  {one}" for one in self.not_known),
        ]

    def _headline(self) -> list[str]:
        """What the other lines come to, where there is more to say than they do."""
        lines = []
        if self.advice:
            lines += [UNMATCHED, *(f"  - {hint}" for hint in self.advice)]
        if self.ok is None:
            lines.append(NOT_KNOWN)
        if self.ok:
            lines.append(HEALTHY)
        return lines

    def _looked_at(self) -> list[str]:
        """What is in order, in as few lines as it takes."""
        good = [f"{check.what} ({clean(check.found)})" for check in self.checks if check.ok]
        short = [name if len(name) <= WIDTH // 2 else name.partition(" (")[0] for name in good]
        text = f"Looked at, and in order: {', '.join(short)}."
        return ["", *textwrap.wrap(text, WIDTH, break_on_hyphens=False)]

    def _html(self) -> str:
        rows = [
            (check.what, WORDS[check.ok], clean(check.found), check.hint) for check in self.checks
        ]
        checks = (
            f"<details><summary>{len(rows)} checks"
            f" {elapsed(duration(self.seconds))}</summary>{table((), rows)}</details>"
        )
        lines = [
            *self._headline(),
            *(line for check in self.failed for line in _check(check)),
            *(f"??  {one}" for one in self.not_known),
        ]
        cards = "".join(one.card() for one in self.problems)
        paragraphs = "".join(f"<p>{escape(line)}</p>" for line in lines)
        return f'<div class="chatkit-result">{cards}{paragraphs}{checks}</div>'


def clean(text: str) -> str:
    """A text without keys, signatures, tokens, passwords in addresses, and what moves a cursor."""
    return masked(PASSWORDS.sub("://…@", SECRETS.sub(r"\1=…", visible(text, keep="\n\t"))))


def _as_problem(check: Finding) -> ProblemDocument:
    """A failed check as a problem."""
    known = problem(check.problem) if check.problem else None
    found = clean(check.found)
    return {
        "title": known.title if known else f"{check.what}: {found}",
        "cause": known.cause if known else f"{check.what}: {found}.",
        "fix": check.hint,
        "seen": f"{check.what}: {found}",
        "links": known.addresses if known else [],
    }


def _check_document(check: Finding) -> CheckDocument:
    return {
        "what": check.what,
        "ok": check.ok,
        "found": clean(check.found),
        "hint": check.hint,
    }


def _check(check: Finding) -> Iterator[str]:
    yield f"NO  {check.what}: {clean(check.found)}"
    if check.hint:
        yield f"     {check.hint}"


def _folded(line: str) -> list[str]:
    """A long line as several, the others below the text of the first."""
    if len(line) <= WIDTH:
        return [line]
    below = " " * (12 if line.startswith("     ") else 4)
    return textwrap.wrap(
        line, WIDTH, subsequent_indent=below, break_on_hyphens=False, break_long_words=False
    )


def _rows(rows: list[tuple[str, str]]) -> list[str]:
    """Names and texts, as a terminal shows them."""
    return [f"     {f'{name}:':6} {text}" for name, text in rows]
