"""docs/signalr.md: its comparison has every row, and every test it names is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "signalr.md"
ROWS = 30
NAMED = re.compile(r"`(\w+\.py)::(\w+)`")


def rows() -> list[list[str]]:
    """Cells of each row of the comparison."""
    text = DOCUMENT.read_text(encoding="utf-8")
    table = text.split("<!-- comparison: begin -->")[1].split("<!-- comparison: end -->")[0]
    lines = [line for line in table.strip().splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def functions_in(name: str) -> set[str]:
    """Test functions of the one file of that name; file names are unique below tests/."""
    (path,) = (ROOT / "tests").rglob(name)
    found = ast.parse(path.read_text(encoding="utf-8")).body
    return {node.name for node in found if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name[:5] == "test_"}


def test_the_comparison_has_every_row() -> None:
    """Numbered, each with both columns and at least one test."""
    assert [row[0] for row in rows()] == [str(number) for number in range(1, ROWS + 1)]
    for row in rows():
        assert len(row) == 5 and all(row), row[:2]


def test_every_test_that_is_named_exists() -> None:
    """And nothing but names of tests stands in the last column."""
    for row in rows():
        named = NAMED.findall(row[4])
        assert NAMED.sub("", row[4]).strip() == ""
        for file, function in named:
            assert function in functions_in(file), f"row {row[0]} names {file}::{function}"
