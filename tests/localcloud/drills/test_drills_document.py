"""docs/stage.md says of each drill what the command line and the screen say."""

from __future__ import annotations

import os
from pathlib import Path

from chatkit.localcloud.drills.table import KINDS

PATH = Path(__file__).parents[3] / "docs" / "stage.md"
BEGIN = "<!-- drills: begin -->\n"
END = "<!-- drills: end -->\n"
HEAD = "| drill | what happens | what to look at |\n|---|---|---|\n"


def table() -> str:
    """A row for each."""
    rows = (f"| `{kind}` | {one.happens} | {one.look} |\n" for kind, one in KINDS.items())
    return HEAD + "".join(rows)


def test_the_document_says_what_the_table_says() -> None:
    """CHATKIT_WRITE_TABLES=1 writes it anew."""
    before, _, rest = PATH.read_text(encoding="utf-8").partition(BEGIN)
    written, _, after = rest.partition(END)
    if os.environ.get("CHATKIT_WRITE_TABLES"):
        written = table()
        PATH.write_text(before + BEGIN + written + END + after, encoding="utf-8")
    assert written == table()
