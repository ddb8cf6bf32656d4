"""What a check shows: a tick for each thing it has proven, how long that took, and the progress."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from chatkit.core.results import Result, duration, elapsed, escape

TICK = "\N{CHECK MARK}"


@dataclass(frozen=True)
class Proven:
    """One thing that a check has proven.

    Attributes:
        sentence: What it is.
        seconds: How long it took.
    """

    sentence: str
    seconds: float


@dataclass(frozen=True, repr=False)
class Checked(Result):
    """What a check has proven.

    Attributes:
        section: Its number.
        proven: In order.
        progress: How many sections are done, empty where that says nothing.
    """

    section: str = ""
    proven: tuple[Proven, ...] = ()
    progress: str = ""

    @classmethod
    def of(
        cls,
        section: str,
        proven: tuple[Proven, ...],
        progress: str,
        *,
        rows: tuple[tuple[str, str], ...],
        seconds: float,
    ) -> Self:
        """Say it all as plain text, too."""
        took = f"It took {duration(seconds)}."
        last = f"{progress}. {took}" if progress else took
        ticked = [f"  {TICK} {one.sentence}" for one in proven]
        text = "\n".join([f"Section {section} works:", *ticked, last])
        return cls(text, rows, seconds=seconds, section=section, proven=proven, progress=progress)

    def _summary(self) -> str:
        ticked = "".join(
            f"<tr><td>{TICK}</td>"
            f'<td style="text-align:left">{escape(one.sentence)}</td>'
            f"<td>{elapsed(duration(one.seconds))}</td></tr>"
            for one in self.proven
        )
        took = f"It took {elapsed(duration(self.seconds or 0.0))}."
        last = f"{escape(self.progress)}. {took}" if self.progress else took
        return f"<p>Section {self.section} works:</p><table>{ticked}</table><p>{last}</p>"
