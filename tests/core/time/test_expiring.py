"""Values that count for a while."""

from __future__ import annotations

import pytest

from chatkit.core.time import clock
from chatkit.core.time.expiring import Expiring


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, to be changed."""
    time = [1000.0]
    monkeypatch.setattr(clock, "steady", lambda: time[0])
    return time


def test_a_value_counts_for_its_life(now: list[float]) -> None:
    """And is gone afterwards, from the memory too."""
    kept: Expiring[str] = Expiring()
    kept.put("a", "alice", life_s=10)
    now[0] += 9
    kept.put("b", "bob", life_s=10)
    assert (kept.get("a"), kept.get("b")) == ("alice", "bob")
    now[0] += 2
    assert (kept.get("a"), kept.get("b"), [*kept.values()]) == (None, "bob", ["bob"])
    assert len(kept) == 1


def test_a_shorter_life_behind_a_longer_one_ends_in_time(now: list[float]) -> None:
    """The order in which values came is not always that in which they end."""
    kept: Expiring[str] = Expiring()
    kept.put("long", "alice", life_s=100)
    kept.put("short", "bob", life_s=1)
    now[0] += 2
    assert (kept.get("long"), kept.get("short")) == ("alice", None)


def test_of_too_many_the_newest_are_kept(now: list[float]) -> None:
    """Whoever asks for one after another fills no memory."""
    kept: Expiring[int] = Expiring(most=3)
    for number in range(5):
        kept.put(str(number), number, life_s=10)
    assert [*kept.values()] == [2, 3, 4]


def test_what_is_dropped_is_gone(now: list[float]) -> None:
    """Also what never was there."""
    kept: Expiring[int] = Expiring()
    kept.put("a", 1, life_s=10)
    kept.drop("a")
    kept.drop("a")
    assert kept.get("a") is None
