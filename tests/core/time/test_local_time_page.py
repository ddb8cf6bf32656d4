"""The page about time says what is played, as the table has it."""

from __future__ import annotations

import os
from pathlib import Path

from chatkit.core.time.propagation import PROPAGATIONS, Propagation

PAGE = Path(__file__).parents[3] / "docs" / "local-time.md"
BEGIN = "<!-- propagation: begin -->\n"
END = "<!-- propagation: end -->"


def row(known: Propagation) -> str:
    """A kind as a line of the table."""
    plays = f"{known.least_s:g} to {known.most_s:g} s"
    return f"| {known.what} | {plays} | {known.grade} | {known.source} |\n"


def test_the_page_has_every_kind_with_its_range_and_source() -> None:
    """CHATKIT_WRITE_TABLES=1 writes it anew."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    head = "| what is known late | after | how sure | from |\n|---|---|---|---|\n"
    table = head + "".join(row(known) for known in PROPAGATIONS.values())
    wanted = before + BEGIN + table + END + rest.partition(END)[2]
    if os.environ.get("CHATKIT_WRITE_TABLES"):
        PAGE.write_text(wanted, encoding="utf-8")
    assert text == wanted or os.environ.get("CHATKIT_WRITE_TABLES"), (
        "CHATKIT_WRITE_TABLES=1 writes it anew"
    )
