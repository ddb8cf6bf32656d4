"""What the kit tells of its calls is what a whole tutorial sends: the plan."""

from __future__ import annotations

import json
import os

import pytest

from chatkit.cli.report.verb import names_of
from chatkit.cloud.plan.calls import PlannedCall, all_calls
from chatkit.cloud.trace.renaming import KEPT_IDS
from chatkit.cloud.trace.report import of
from chatkit.cloud.trace.scrubbing import GUID
from chatkit.core.settings import Names
from tests.cloud.plan import generating
from tests.cloud.plan.whole_tutorial import SUFFIX, Whole

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


def test_nothing_that_people_said_is_noted(whole: Whole) -> None:
    """Neither what they wrote nor who they are."""
    noted = json.dumps(whole.sent)
    for said in ("cake", "Hello", "party", "candles", "Good morning", "alice", "carol"):
        assert said not in noted


def test_a_report_of_all_of_it_has_no_name_in_it(whole: Whole) -> None:
    """No id but those that are everybody's, no resource, no host."""
    entries = [entry for section in whole.sent.values() for entry in section]
    packed = of(entries, names_of(Names.of(SUFFIX)), {"target": "local"}).text()
    assert SUFFIX not in packed
    ids = {one.lower() for one in GUID.findall(packed)}
    assert ids <= KEPT_IDS
    for address in whole.addresses:
        assert address not in packed
