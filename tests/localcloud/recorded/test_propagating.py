"""Changes that are known late: drawn from a seed, scaled, and over when their time has passed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit.core.time.propagation import (
    LIST,
    NAME,
    PROPAGATIONS,
    REGISTRATION,
    ROLE,
    drawn_s,
)
from chatkit.localcloud.core.store import Store
from chatkit.localcloud.recorded.clock import Clock
from chatkit.localcloud.recorded.propagating import MOST_KEPT
from tests.times import Times


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> Times:
    """The clock of this process, to be moved."""
    return Times(monkeypatch)


@pytest.mark.parametrize("kind", PROPAGATIONS)
def test_a_kind_says_how_sure_its_range_is(kind: str) -> None:
    """A range that no page and no person names is called assumed."""
    known = PROPAGATIONS[kind]
    assert 0 <= known.least_s < known.most_s
    names_a_time = re.search(r"\d+ (minutes|s)\b", known.source) is not None
    assert names_a_time == (known.grade != "assumed")


@given(st.sampled_from([*PROPAGATIONS]), st.integers(0, 10_000), st.integers(0, 2**31 - 1))
def test_a_time_is_in_its_range_and_the_same_for_its_seed(
    kind: str, number: int, seed: int
) -> None:
    """Who names the seed tells somebody else what they will wait for."""
    known = PROPAGATIONS[kind]
    seconds = drawn_s(kind, number, seed)
    assert known.least_s <= seconds <= known.most_s
    assert drawn_s(kind, number, seed) == seconds


def test_seeds_and_numbers_draw_other_times() -> None:
    """Else there would be one time for all."""
    assert len({drawn_s(ROLE, number, 1) for number in range(50)}) == 50
    assert drawn_s(ROLE, 0, 1) != drawn_s(ROLE, 0, 2)


def test_a_change_is_late_until_its_time_has_passed(times: Times) -> None:
    """Times the scale, under each of its names; another kind of the name is known."""
    clock = Clock("azure", 0.5, 7)
    clock.begin(REGISTRATION, "one", "OTHER")
    takes_s = drawn_s(REGISTRATION, 0, 7) / 2
    times.suspend(takes_s - 0.5)
    assert clock.is_late(REGISTRATION, "ONE") and clock.is_late(REGISTRATION, "other")
    assert not clock.is_late(LIST, "one")
    assert [*clock.propagating.names(REGISTRATION)] == ["one", "other"]
    times.suspend(1)
    assert not clock.is_late(REGISTRATION, "one")


@pytest.mark.parametrize("mode", ["fast", "recorded"])
def test_nothing_is_late_in_other_modes(mode: str) -> None:
    """Recorded time has waits, and no surprises."""
    clock = Clock(mode)
    clock.begin(LIST, "one")
    assert not clock.is_late(LIST, "one") and clock.late_s(ROLE) == 0


def test_another_mode_makes_everything_known(tmp_path: Path) -> None:
    """And the same seed begins with the same time again; mode and seed outlive a restart."""
    store = Store(tmp_path / "state.db")
    clock = Clock("azure", seed=3)
    clock.begin(LIST, "one")
    assert clock.is_late(LIST, "one")
    clock.choose("azure", 0.5, store, seed=3)
    assert not clock.is_late(LIST, "one")
    assert clock.late_s(LIST) == drawn_s(LIST, 0, 3) / 2
    again = Clock.load(store)
    assert (again.mode, again.scale, again.seed) == ("azure", 0.5, 3)
    store.close()


def test_one_change_can_be_known_before_its_time() -> None:
    """What is deleted is in no list as new; another kind of its name goes on."""
    clock = Clock("azure")
    clock.begin(LIST, "one")
    clock.begin(NAME, "one")
    clock.propagating.end(LIST, "ONE")
    assert not clock.is_late(LIST, "one") and clock.is_late(NAME, "one")


def test_only_as_many_changes_are_kept_as_are_under_way(times: Times) -> None:
    """A class's cloud must not fill its memory with what was late a day ago."""
    clock = Clock("azure")
    for number in range(MOST_KEPT + 10):
        clock.begin(LIST, str(number))
        if number == MOST_KEPT // 2:
            times.suspend(PROPAGATIONS[LIST].most_s)
    assert len(clock.propagating._until) < MOST_KEPT
