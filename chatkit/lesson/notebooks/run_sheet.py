"""A run sheet for a talk: each cell with the seconds it took, what to say, and what helps.

The seconds are those of the last `chatkit run` on this machine: nbclient notes in each executed
cell when the kernel began with it and when it answered. The sentence is the notebook's own, from
the text before the cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from chatkit.core.errors import NotStarted
from chatkit.core.results import escape
from chatkit.lesson import courses
from chatkit.lesson.course import Section

NOTE = "chatkit"
"""Where a run notes in an executed copy how it was run."""
BEGAN = "iopub.execute_input"
ENDED = "shell.execute_reply"
ENOUGH_WORDS = 5
LONGEST_CODE = 60
NOT_RUN = "No notebook has been run yet."
RUN = "`chatkit run` runs them, and notes how long each cell takes."
FENCE = re.compile(r"```.*?(```|\Z)", re.S)
BETWEEN_SENTENCES = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'(])")
LINK = re.compile(r"\[([^\[\]]*)\]\([^()]*\)")
STYLE = """
:root { color-scheme: light; }
body { font: 11pt/1.35 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; color: #111; }
h1 { font-size: 16pt; } h2 { font-size: 12pt; margin: 1.2em 0 .3em; break-after: avoid; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
th, td { text-align: left; vertical-align: top; padding: .25em .5em; }
td { border-bottom: 1px solid #bbb; }
th { border-bottom: 2px solid #111; } tr { break-inside: avoid; }
.number { width: 4em; text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.cell { width: 38%; }
code { font: 9.5pt ui-monospace, monospace; overflow-wrap: anywhere; }
thead { display: table-header-group; }
@page { size: A4; margin: 14mm; }
@media print { body { margin: 0; max-width: none; font-size: 10pt; } }
"""


@dataclass(frozen=True)
class Line:
    """One cell.

    Attributes:
        at_s: When it begins, counted from the first cell: of waiting alone, without talking.
        seconds: How long it took.
        code: Its first line.
        say: A sentence of the notebook; empty where it has none.
    """

    at_s: float
    seconds: float
    code: str
    say: str


@dataclass(frozen=True)
class Part:
    """One notebook.

    Attributes:
        number: Of its section.
        title: Of its text.
        lines: Its cells.
        helps: What to do when a cell fails.
    """

    number: str
    title: str
    lines: tuple[Line, ...]
    helps: str

    @property
    def seconds(self) -> float:
        """Of all its cells."""
        return sum(line.seconds for line in self.lines)


@dataclass(frozen=True)
class Sheet:
    """A whole run sheet.

    Attributes:
        parts: The notebooks, in order.
        measured: When, and how.
    """

    parts: tuple[Part, ...]
    measured: str

    @property
    def seconds(self) -> float:
        """Of all cells."""
        return sum(part.seconds for part in self.parts)


def read(executed: Path, wanted: Sequence[str] = ()) -> Sheet:
    """Make the sheet of notebooks that `chatkit run` has executed.

    Args:
        executed: The folder of their copies.
        wanted: Numbers of sections; none for all that were run.

    Raises:
        NotStarted: None of them was run.
        NoSuchChoice: There is no such section.
    """
    course = courses.current()
    chosen = [course.find(number) for number in wanted] or course.sections
    parts: list[Part] = []
    measured = ""
    at_s = 0.0
    for section in chosen:
        content = _content(section, executed)
        if content is None:
            continue
        part = _part(section, content, at_s)
        at_s += part.seconds
        parts.append(part)
        measured = _measured(content)
    if not parts:
        raise NotStarted(NOT_RUN, hint=RUN)
    return Sheet(tuple(parts), measured)


def _content(section: Section, executed: Path) -> Any:
    """The executed copy of a section's notebook; None when it has no times."""
    import nbformat

    path = section.notebook(executed)
    if path is None:
        return None
    content: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    return content if any(_seconds(cell) is not None for cell in content.cells) else None


def _part(section: Section, content: Any, at_s: float) -> Part:
    lines: list[Line] = []
    title = say = ""
    for cell in content.cells:
        if cell.cell_type == "markdown":
            title = title or _heading(cell.source)
            say = sentence(cell.source)
        seconds = _seconds(cell)
        if seconds is not None:
            lines.append(Line(at_s, seconds, _code(cell.source), say))
            at_s += seconds
            say = ""
    return Part(section.number, title, tuple(lines), _helps(section))


def _seconds(cell: Any) -> float | None:
    times: Mapping[str, str] = cell.metadata.get("execution", {})
    try:
        began, ended = (datetime.fromisoformat(times[name]) for name in (BEGAN, ENDED))
    except (KeyError, ValueError, TypeError):
        return None
    return max(0.0, (ended - began).total_seconds())


def _measured(content: Any) -> str:
    note: Mapping[str, str] = content.metadata.get(NOTE, {})
    began = next(
        cell.metadata["execution"][BEGAN] for cell in content.cells if _seconds(cell) is not None
    )
    told = [f"Measured on {began[:10]} on this machine"]
    if "target" in note:
        told.append(f"target {note['target']}")
    if note.get("time"):
        told.append(f"time {note['time']}")
    return ", ".join(told) + "."


def _helps(section: Section) -> str:
    """What brings a presenter on: the work of the section, done by the kit."""
    builds = courses.current().building
    later = [one.number for one in builds if one.number > section.number]
    if section in builds and later:
        return f"`chatkit catch-up {later[0]}`, and go on with notebook {later[0]}"
    if section in builds:
        return f"`chatkit catch-up {section.number}`, and begin the notebook again"
    return "`chatkit doctor` says why"


def _heading(source: str) -> str:
    found = re.search(r"^# +(.+)$", source, re.M)
    return plain(found[1]) if found else ""


def _code(source: str) -> str:
    line = next((line for line in str(source).splitlines() if line.strip()), "")
    return line if len(line) <= LONGEST_CODE else f"{line[: LONGEST_CODE - 1]}…"


def sentence(source: str) -> str:
    """One sentence of the text before a cell: of its last paragraph, long enough to say something;
    else its last heading.
    """
    paragraphs = [one for one in re.split(r"\n\s*\n", FENCE.sub("", source)) if one.strip()]
    for paragraph in reversed(paragraphs):
        text = plain(paragraph)
        if paragraph.lstrip().startswith(("#", "|", "<", "!")) or not text:
            continue
        found = BETWEEN_SENTENCES.split(text)
        return next((one for one in found if len(one.split()) >= ENOUGH_WORDS), found[0])
    return plain(re.sub(r"^#+ +", "", paragraphs[-1])) if paragraphs else ""


def plain(text: str) -> str:
    """Markdown without its marks."""
    text = str(LINK.sub(r"\1", text))
    return " ".join(re.sub(r"[*`]|(?<!\w)_|_(?!\w)", "", text).split())


def clock(seconds: float) -> str:
    """Minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


def took(seconds: float) -> str:
    """How long, as a presenter plans with it."""
    return "<1 s" if seconds < 1 else f"{seconds:.0f} s"


def markdown(sheet: Sheet) -> str:
    """The sheet as Markdown."""
    parts = [f"# Run sheet\n\n{_about(sheet)}"]
    for part in sheet.parts:
        lines = [
            f"## {part.number} {part.title} ({took(part.seconds)})",
            "",
            f"If a cell fails: {part.helps}.",
            "",
            "| at | takes | cell | say |",
            "|---|---|---|---|",
            *map(_row, part.lines),
        ]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _row(line: Line) -> str:
    cells = (clock(line.at_s), took(line.seconds), f"`{_cell(line.code)}`", _cell(line.say))
    return f"| {' | '.join(cells)} |"


def html(sheet: Sheet) -> str:
    """The sheet as a page to print."""
    parts = "".join(_html_parts(sheet))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Run sheet</title>'
        f"<style>{STYLE}</style></head><body><h1>Run sheet</h1><p>{_html(_about(sheet))}</p>"
        f"{parts}</body></html>\n"
    )


def _html_parts(sheet: Sheet) -> Iterator[str]:
    for part in sheet.parts:
        rows = "".join(
            f'<tr><td class="number">{clock(line.at_s)}</td>'
            f'<td class="number">{escape(took(line.seconds))}</td>'
            f"<td><code>{escape(line.code)}</code></td><td>{escape(line.say)}</td></tr>"
            for line in part.lines
        )
        yield (
            f"<h2>{escape(part.number)} {escape(part.title)} ({escape(took(part.seconds))})</h2>"
            f"<p>If a cell fails: {_html(part.helps)}.</p>"
            '<table><thead><tr><th class="number">at</th><th class="number">takes</th>'
            f'<th class="cell">cell</th><th>say</th></tr></thead><tbody>{rows}</tbody></table>'
        )


def _html(text: str) -> str:
    """A sentence with code in it."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(text))


def _about(sheet: Sheet) -> str:
    return (
        f"{sheet.measured} The cells take {clock(sheet.seconds)} minutes together; what you say"
        " comes on top. `chatkit local time recorded` and `chatkit run` measure it with the waiting"
        " that Azure has."
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("`", "'")
