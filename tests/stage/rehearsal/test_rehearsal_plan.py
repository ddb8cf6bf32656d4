"""What a rehearsal plans, and what it takes for its own."""

from __future__ import annotations

from collections import Counter

import pytest

from chatkit.core.errors import NotOffered, SetupError
from chatkit.stage.rehearsal import plan, rehearsal
from chatkit.stage.rehearsal.rehearsal import Wanted
from chatkit.stage.rehearsal.tally import NAME, Tally, percentile
from chatkit.wire.check_marks import run_of

GUEST_BURST = 20  # messages of one guest at once that a stage takes
GUEST_PER_S = 2.0


@pytest.mark.parametrize(("people", "messages"), [(1, 1), (2, 40), (15, 60), (150, 600)])
def test_a_plan_has_everybody_and_everything(people: int, messages: int) -> None:
    """No message is forgotten, nobody writes before coming, and no phone sleeps for ever."""
    planned = plan.made(people, messages, 10)
    assert planned == plan.made(people, messages, 10)
    assert planned.people == people
    assert [write.number for write in planned.writes] == [*range(messages)]
    assert all(write.at_s > planned.joins[write.who] for write in planned.writes)
    assert all(sleep.at_s + sleep.for_s <= planned.ends_s for sleep in planned.sleeps)
    writers = {write.who for write in planned.writes}
    assert not writers & {sleep.who for sleep in planned.sleeps}


@pytest.mark.parametrize(("people", "messages"), [(1, 100), (5, 100), (20, 300), (150, 600)])
def test_a_plan_keeps_to_what_a_guest_may_write(people: int, messages: int) -> None:
    """Else a rehearsal would measure a limit that no person reaches."""
    planned = plan.made(people, messages, 10)
    seconds = planned.talk_ends_s - planned.talk_from_s
    most = Counter(write.who for write in planned.writes).most_common(1)[0][1]
    assert most <= GUEST_BURST + GUEST_PER_S * seconds


def test_a_message_of_a_rehearsal_is_shown_nowhere() -> None:
    """Pages and panels leave texts of checks out; and no other rehearsal takes it for its own."""
    tally = Tally()
    text = tally.text(17)
    assert run_of(text, "") == tally.run
    assert f"{NAME} {tally.run} (" in text
    assert tally.number_of(text) == 17
    assert Tally(run="00000000").number_of(text) is None
    assert tally.number_of("message 17 of something else") is None


def test_reasons_that_differ_in_numbers_are_one() -> None:
    """Else a line of a hundred people fills the report."""
    tally = Tally()
    for number in (4, 5, 5):
        tally.refuse(SetupError(f"You are number {number} in line."))
    tally.refuse(TimeoutError())
    assert tally.refused == {"You are number 4 in line.": 3, "TimeoutError": 1}


def test_percentiles() -> None:
    """Of none there is none."""
    assert percentile([], 50) is None
    assert percentile([3.0, 1.0, 2.0], 50) == 2.0
    assert percentile([3.0, 1.0, 2.0], 100) == 3.0


@pytest.mark.parametrize(
    "wanted", [Wanted(people=0), Wanted(people=5_001), Wanted(messages=0), Wanted(per_second=0)]
)
def test_what_cannot_be_rehearsed(wanted: Wanted) -> None:
    """One sentence, before anything begins."""
    with pytest.raises(NotOffered, match="A rehearsal"):
        rehearsal._check(wanted)


def test_what_it_uses_on_azure_is_said() -> None:
    """Deliveries count there, not messages."""
    assert "90,000 messages" in rehearsal.cost(Wanted())
