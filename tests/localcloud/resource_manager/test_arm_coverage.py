"""docs/resource-manager.md stays what the routes are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chatkit.localcloud.resource_manager.core.faults import KINDS
from tests.localcloud.resource_manager import coverage_table

pytestmark = pytest.mark.skipif(
    "CHATKIT_WRITE_TABLES" in os.environ, reason="the page is written when these tests have ended"
)


def test_the_coverage_table_lists_every_operation() -> None:
    """One row each, in the order of the routes; each names tests, which exist."""
    lines = coverage_table.PATH.read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ") and "`/" in line]
    expected = [coverage_table.row(route) for route in coverage_table.routes()]
    assert [row.rsplit("| ", 1)[0] + "|" for row in rows] == expected, (
        "CHATKIT_WRITE_TABLES=1 writes it anew"
    )
    named = {name for row in rows for name in row.rsplit("| ", 1)[1].strip(" |").split(", ")}
    assert all(list(Path(__file__).parent.rglob(name)) for name in named), (
        "an operation is not tested"
    )


def test_every_failure_on_demand_is_listed_and_injected() -> None:
    """The page has all of them, and so have the tests of the kit."""
    assert coverage_table.faults() in coverage_table.PATH.read_text(encoding="utf-8")
    kit = Path(__file__).parents[2] / "steps"
    files = ("test_kit_faults.py", "test_kit_faults_lasting.py", "test_kit_faults_app.py")
    injected = "".join((kit / name).read_text(encoding="utf-8") for name in files)
    assert [
        kind for kind in KINDS if f'"{kind}"' not in injected and f"/faults/{kind}" not in injected
    ] == []


def test_every_accepted_api_version_is_listed() -> None:
    """The page and the table of versions are one."""
    assert coverage_table.render().partition("## Accepted")[2] in coverage_table.PATH.read_text(
        encoding="utf-8"
    )
