"""What each person of a class gets."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from chatkit.classroom.enrolment import REGIONS, Wanted, enrol, missing, sign_in_name, units_for
from chatkit.classroom.names_file import Entry
from chatkit.core.errors import NotOffered, SetupError

NOW = datetime(2026, 11, 29, 9, tzinfo=UTC)


def people(count: int, region: str = "") -> list[Entry]:
    """A list of so many."""
    return [Entry(n + 2, f"Person {n}", f"p{n}@example.org", region) for n in range(count)]


def test_everybody_gets_what_nobody_else_has() -> None:
    """Suffix, sign-in name and code of 500 people."""
    made = enrol(people(500), Wanted("Class"), now=NOW)
    for values in (
        {one.suffix for one in made.people},
        {one.sign_in_name for one in made.people},
        {one.code for one in made.people},
    ):
        assert len(values) == 500
    assert re.fullmatch("[a-z0-9]{6}", made.id) and made.ends_at == NOW + timedelta(hours=12)


def test_free_instances_are_spread_five_a_region() -> None:
    """The quota of a subscription."""
    made = enrol(people(12), Wanted("Class", "azure"), now=NOW)
    regions = [one.region for one in made.people]
    assert [regions.count(one) for one in REGIONS[:3]] == [5, 5, 2]


def test_a_region_of_the_list_counts_among_the_five() -> None:
    """Three people want eastus2, so two more fit there."""
    listed = [*people(3), *(Entry(9, f"East {n}", "", "eastus2") for n in range(3))]
    made = enrol(listed, Wanted("Class", "azure"), now=NOW)
    assert [one.region for one in made.people][:3] == ["eastus2", "eastus2", "westus2"]


def test_too_many_people_for_free_instances_are_said() -> None:
    """And what else there is."""
    with pytest.raises(NotOffered, match=r"2 regions have 10 .*--shared"):
        enrol(people(11), Wanted("Class", "azure", regions=("eastus", "westus2")), now=NOW)
    with pytest.raises(NotOffered, match="more than 5 people into uksouth"):
        enrol(people(6, "uksouth"), Wanted("Class", "azure"), now=NOW)


def test_standard_and_shared_classes_stay_in_one_region() -> None:
    """Five is the number of free instances alone."""
    for wanted in (Wanted("C", "azure", tier="standard"), Wanted("C", "azure", is_shared=True)):
        assert {one.region for one in enrol(people(30), wanted, now=NOW).people} == {"eastus2"}


def test_a_shared_class_has_a_hub_each_and_units_for_all() -> None:
    """20 connections a person, as a free instance has."""
    made = enrol(people(60), Wanted("Class", "azure", is_shared=True), now=NOW)
    assert len({one.hub for one in made.people}) == 60
    assert (made.tier, made.units) == ("standard", 2)
    assert [units_for(count) for count in (1, 50, 51, 500, 501)] == [1, 1, 2, 10, 20]


def test_newcomers_are_added_and_others_keep_what_they_have() -> None:
    """A second list, an hour later: pages may have been handed out."""
    first = enrol(people(3), Wanted("Class"), now=NOW)
    second = enrol(people(5)[1:], Wanted("Class"), first, now=NOW + timedelta(hours=1))
    assert second.people[:3] == first.people and second.id == first.id
    assert len(second.people) == 5
    assert missing(second, people(5)[1:]) == ["Person 0"]


def test_a_region_that_the_next_list_does_not_name_stays() -> None:
    """It is on the person's page; other regions are for those who ask for them."""
    first = enrol([Entry(2, "Alice", region="uksouth"), Entry(3, "Bob")], Wanted("Class"), now=NOW)
    again = [Entry(2, "Alice"), Entry(3, "Bob", region="westus2"), Entry(4, "Carol")]
    second = enrol(again, Wanted("Class"), first, now=NOW)
    assert [one.region for one in second.people] == ["uksouth", "westus2", "eastus2"]
    other = enrol(again, Wanted("Class", regions=("westus3",)), second, now=NOW)
    assert [one.region for one in other.people] == ["westus3", "westus2", "westus3"]


def test_a_tier_that_nobody_names_again_stays() -> None:
    """A longer list moves nobody to another region, and nobody to the free tier."""
    first = enrol(people(12), Wanted("Class", "azure", tier="standard"), now=NOW)
    second = enrol(people(14), Wanted("Class", "azure"), first, now=NOW)
    assert second.tier == "standard" and {one.region for one in second.people} == {"eastus2"}


def test_a_list_of_nobody_of_the_class_is_another_class() -> None:
    """Monday's people do not become Tuesday's, with one board and one end for both."""
    monday = enrol(people(3), Wanted("Monday"), now=NOW)
    with pytest.raises(SetupError, match=r"Monday, with 3 people.*CHATKIT_HOME"):
        enrol([Entry(2, "Dora")], Wanted("Tuesday"), monday, now=NOW)


def test_a_class_that_is_over_gets_no_new_life() -> None:
    """Its codes lie about on paper."""
    first = enrol(people(1), Wanted("Class"), now=NOW)
    with pytest.raises(SetupError, match="over.*class clean"):
        enrol(people(2), Wanted("Class"), first, now=NOW + timedelta(days=2))


def test_another_kind_of_class_needs_the_end_of_the_first() -> None:
    """A roster of one target is not that of the other."""
    first = enrol(people(1), Wanted("Class"), now=NOW)
    with pytest.raises(SetupError, match="There is a class already"):
        enrol(people(1), Wanted("Class", "azure"), first, now=NOW)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("José García", "jose.garcia"),
        ("Zoë Große", "zoe.grosse"),
        ("Søren Ærø", "soren.aero"),
        ("Łukasz Żółć", "lukasz.zolc"),
        ("李雷", "guest07"),
        ("Alice", "alice.7"),
        ("Bob Martin", "bob.martin.7"),
        ("O'Neill-Smith", "o.neill.smith"),
        ("x" * 80, "x" * 30),
    ],
)
def test_a_sign_in_name_has_small_latin_letters(name: str, expected: str) -> None:
    """Nobody is called as those are whom checks sign in."""
    assert sign_in_name(name, 7, ["bob.martin"]) == expected
