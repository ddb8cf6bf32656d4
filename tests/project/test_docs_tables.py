"""Tables in docs/ name the tests that prove their rows: every row and every test is there."""

from __future__ import annotations

import ast
import os
import re
from functools import cache
from pathlib import Path

import pytest

from chatkit.lesson.sections import SECTIONS
from tests.attacks import document

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"`(\w+\.py)::(\w+)`")


def rows(page: str, name: str) -> list[list[str]]:
    """Cells of each row of a table between its two marks."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    table = text.split(f"<!-- {name}: begin -->")[1].split(f"<!-- {name}: end -->")[0]
    lines = [line for line in table.strip().splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


SKIPPED = ("node_modules", "data", "__pycache__")


@cache
def files() -> dict[str, Path]:
    """The test files by their names, which are unique below tests/."""
    found: dict[str, Path] = {}
    for folder, folders, names in os.walk(ROOT / "tests"):
        folders[:] = [name for name in folders if name not in SKIPPED]
        for name in names:
            if name.startswith("test_"):
                assert name not in found, f"{name} is there twice"
                found[name] = Path(folder, name)
    return found


@cache
def functions_in(name: str) -> set[str]:
    """Test functions of the file of that name; none when there is no such file."""
    found = ast.parse(files()[name].read_text(encoding="utf-8")).body if name in files() else []
    return {
        node.name
        for node in found
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name[:5] == "test_"
    }


def test_the_comparison_has_every_row() -> None:
    """Thirty, numbered, each with both columns and at least one test."""
    found = rows("signalr.md", "comparison")
    assert [row[0] for row in found] == [str(number) for number in range(1, 31)]
    for row in found:
        assert len(row) == 5 and all(row), row[:2]


def test_every_check_is_broken_in_three_ways_at_least() -> None:
    """Every section, with what learners do to it."""
    found = [row[0] for row in rows("checks.md", "breakages")]
    assert sorted(set(found)) == [section.number for section in SECTIONS]
    assert [section for section in set(found) if found.count(section) < 3] == []


@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("signalr.md", "comparison"),
        ("functions.md", "mistakes"),
        ("attacks.md", "others"),
        ("checks.md", "breakages"),
    ],
)
def test_every_test_that_is_named_exists(page: str, name: str) -> None:
    """And nothing but names of tests stands in the last column."""
    for row in rows(page, name):
        named = NAMED.findall(row[-1])
        assert named and NAMED.sub("", row[-1]).strip() == "", row[0]
        for file, function in named:
            assert function in functions_in(file), f"{row[0]} names {file}::{function}"


def test_the_document_lists_every_attack() -> None:
    """docs/attacks.md is what the tables write, and no title or attempt stands there twice."""
    assert document.DOCUMENT.read_text(encoding="utf-8") == document.document()
    groups = document.groups()
    titles = [group.title for group in groups]
    assert len(set(titles)) == len(titles)
    for group in groups:
        assert len(set(group.names)) == len(group.names), group.title


def test_every_group_of_attacks_names_its_test() -> None:
    """The file and the function exist."""
    for group in document.groups():
        assert group.test in functions_in(group.file), group.title
