"""What the kit tells of its calls is what a whole tutorial sends: the plan."""

from __future__ import annotations

import os

import pytest

from chatkit.cloud.plan.calls import PlannedCall, all_calls
from tests.cloud.plan import generating
from tests.cloud.plan.whole_tutorial import Whole

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def sent(whole: Whole) -> list[PlannedCall]:
    """Its calls; CHATKIT_WRITE_TABLES=1 writes them into the kit."""
    calls = generating.planned(whole)
    if os.environ.get("CHATKIT_WRITE_TABLES"):
        generating.write(calls)
        all_calls.cache_clear()
    return calls


def test_the_plan_has_every_call_that_is_sent_and_no_other(sent: list[PlannedCall]) -> None:
    """With its body, its api-version and what a role must allow."""
    told = {generating.key(call): call["action"] for call in all_calls()}
    assert {generating.key(call): call["action"] for call in sent} == told


def test_the_plan_has_what_changes_something_in_the_order_in_which_it_is_sent(
    sent: list[PlannedCall],
) -> None:
    """But for what is sent at the same time."""
    assert [*generating.writes(sent)] == [*generating.writes(all_calls())]
