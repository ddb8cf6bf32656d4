"""docs/azure.md says what the kit sends on Azure, and no more than is known."""

from __future__ import annotations

import os

from chatkit.cloud.plan.calls import all_calls
from tests.cloud.plan import azure_errors, azure_page


def test_the_page_is_written_from_the_calls() -> None:
    """CHATKIT_WRITE_TABLES=1 writes it anew."""
    text = azure_page.render()
    if os.environ.get("CHATKIT_WRITE_TABLES"):
        azure_page.PATH.write_text(text, encoding="utf-8")
    assert azure_page.PATH.read_text(encoding="utf-8") == text, (
        "CHATKIT_WRITE_TABLES=1 writes it anew"
    )


def test_every_call_of_the_tutorial_has_a_row() -> None:
    """Each call stands in exactly one."""
    counted = sum(len(row.calls) for row in azure_page.rows())
    assert counted == len(all_calls())


def test_a_call_that_nobody_has_listed_is_missed() -> None:
    """Another operation, or another api-version of a known one."""
    group = "/subscriptions/s/resourceGroups/g"
    sent = [
        ("GET", group, "2025-04-01"),
        ("PATCH", group, "2025-04-01"),
        ("GET", group, "2019-01-01"),
        ("GET", "/subscriptions/s/operationresults/o", "2025-04-01"),
    ]
    template = "/subscriptions/{subscription}/resourceGroups/{group}"
    assert azure_page.missing(iter(sent)) == [
        f"PATCH {template} 2025-04-01",
        f"GET {template} 2019-01-01",
    ]


def test_errors_are_tried_and_not_told() -> None:
    """A busy server is asked again where that cannot do a thing twice; a refusal is final."""
    assert azure_errors.behaviour("GET", 503, "ServerTimeout", is_blob=False).startswith(
        "asked 4 times"
    )
    assert azure_errors.behaviour("GET", 403, "AuthorizationFailed", is_blob=False).startswith(
        azure_errors.ONCE
    )


def test_every_documented_error_belongs_to_a_call() -> None:
    """One that fits none would be forgotten."""
    for one in azure_errors.ERRORS:
        assert any(one.fits(call) for call in all_calls()), one
