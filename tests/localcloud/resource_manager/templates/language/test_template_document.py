"""docs/templates.md lists the functions of the language, and which of Microsoft's are not there."""

from __future__ import annotations

import json
import os
from pathlib import Path

from chatkit.localcloud.resource_manager.templates.language.functions.catalogue import FUNCTIONS

ROOT = Path(__file__).resolve().parents[5]
PAGE = ROOT / "docs" / "templates.md"
REFERENCE = ROOT / "tests" / "data" / "templates" / "reference.json"
BEGIN = "<!-- functions: begin -->\n"
END = "<!-- functions: end -->"


def listed() -> dict[str, list[str]]:
    """The functions of Microsoft's reference by their page, with those that came later."""
    found: dict[str, list[str]] = {}
    for pages in json.loads(REFERENCE.read_text(encoding="utf-8")).values():
        for page, names in pages.items():
            found.setdefault(page, []).extend(names)
    return found


def table() -> str:
    """A row a page of the reference, and how many of all are there."""
    there = {function.name for function in FUNCTIONS}
    rows = ["| page | functions | not here |", "|---|---|---|"]
    for page, names in listed().items():
        here = ", ".join(f"`{name}`" for name in sorted(names, key=str.lower) if name in there)
        missing = ", ".join(f"`{name}`" for name in sorted(names) if name not in there)
        rows.append(f"| {page} | {here} | {missing} |")
    every = {name for names in listed().values() for name in names}
    count = (
        f"{len(every & there)} of the {len(every)} functions that Microsoft's pages and the Bicep"
    )
    return f"{count} compiler list are here.\n\n" + "\n".join(rows) + "\n"


def test_the_list_of_functions_is_current() -> None:
    """CHATKIT_WRITE_TABLES=1 writes it anew."""
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    written, _, tail = rest.partition(END)
    if os.environ.get("CHATKIT_WRITE_TABLES"):
        PAGE.write_text(head + BEGIN + table() + END + tail, encoding="utf-8")
        written = table()
    assert written == table(), "CHATKIT_WRITE_TABLES=1 writes it anew"


def test_every_function_is_one_of_microsofts() -> None:
    """Nothing is made up."""
    every = {name for names in listed().values() for name in names}
    assert {function.name for function in FUNCTIONS} <= every
