"""The pages to hand out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chatkit.classroom import handout
from chatkit.classroom.enrolment import Wanted, enrol
from chatkit.classroom.roster import Roster
from chatkit.core.errors import NoJoinCode, NoSuchChoice, SetupError
from tests.classroom.test_enrolment import NOW, people

BOARD = "192.0.2.7:8070"


@pytest.fixture
def made() -> Roster:
    """Two people, the second with a name full of markup."""
    known = enrol(people(2), Wanted("Class"), now=NOW)
    second = replace(known.people[1], name="<script>alert(1)</script>")
    return replace(known, people=(known.people[0], second))


def test_each_page_has_one_code_and_the_command(made: Roster) -> None:
    """And nobody else's."""
    first, second = made.people
    page = handout.page(made, first, BOARD, in_colour=False)
    assert f"chatkit class join {first.code}@{BOARD}" in page
    assert second.code not in page and "█" in page


def test_the_file_to_print_has_everybody_and_loads_nothing(made: Roster) -> None:
    """Markup in a name is shown, not run."""
    written = handout.html(made, made.people, BOARD)
    assert written.count("<section>") == 2 and written.count("data:image/svg+xml") == 2
    assert "<script" not in written and "&lt;script&gt;" in written
    assert "http-equiv" in written and "default-src 'none'" in written
    assert handout.is_handout(written)


@pytest.mark.parametrize("is_shared", [False, True], ids=["own", "shared"])
def test_on_azure_a_page_says_how_to_begin(made: Roster, is_shared: bool) -> None:
    """In the own group, and where everybody shares an instance on that."""
    known = replace(made, target="azure", is_shared=is_shared)
    first = known.people[0]
    typed = f"chatkit class use {first.suffix} {first.region}"
    expected = f"{typed} --shared {known.id}" if is_shared else typed
    assert expected in handout.page(known, first, "", in_colour=False)
    assert expected in handout.html(known, known.people, "")
    assert "class use" not in handout.page(made, first, "", in_colour=False)


def test_the_text_has_a_sheet_a_person(made: Roster) -> None:
    """A form feed between two."""
    written = handout.text(made, made.people, "")
    assert written.count("\f") == 1 and handout.is_handout(written)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", ""),
        ("192.0.2.7", "192.0.2.7:8070"),
        ("http://board.local:9000/", "board.local:9000"),
        ("[2001:db8::1]", "[2001:db8::1]:8070"),
    ],
)
def test_the_board_has_its_usual_port(typed: str, expected: str) -> None:
    """Unless another one is named."""
    assert handout.checked_board(typed) == expected


@pytest.mark.parametrize("typed", ["no host!", "x:0", "x/y"])
def test_an_address_that_is_none_is_on_no_page(typed: str) -> None:
    """People would type it."""
    with pytest.raises(NoJoinCode):
        handout.checked_board(typed)


@pytest.mark.parametrize("typed", ["1", "person 0", "P0@EXAMPLE.org"])
def test_a_person_is_found_by_number_name_or_mail(made: Roster, typed: str) -> None:
    """As it is typed."""
    assert handout.wanted(made, typed).number == 1


@pytest.mark.parametrize("typed", ["", "0", "3", "Person"])
def test_nobody_is_found_by_anything_else(made: Roster, typed: str) -> None:
    """A page with another one's code must not go out."""
    with pytest.raises(NoSuchChoice):
        handout.wanted(made, typed)


def test_of_two_people_of_one_name_both_are_named(made: Roster) -> None:
    """The mail behind the name says which."""
    first, second = made.people
    two = (replace(first, name="Bob", mail="b1@example.org"), replace(second, name="bob", mail=""))
    known = replace(made, people=two)
    with pytest.raises(SetupError, match=r"2 people .*: 1, Bob \(b1@example.org\); 2, bob \(2\)"):
        handout.wanted(known, "BOB")
    assert handout.wanted(known, "bob (b1@example.org)").number == 1
