"""Attempts to be in a class without a code of it, and to let its end take what is not its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chatkit.classroom.codes import LETTERS, fingerprint, new_code
from chatkit.classroom.resources.groups import PERSON_TAG, tags
from chatkit.classroom.roster import CLASS_TAG, Roster
from tests.attacks.group import Group


def _one_letter_off(roster: Roster) -> str:
    code = roster.people[0].code
    other = LETTERS[(LETTERS.index(code[-1]) + 1) % len(LETTERS)]
    return code[:-1] + other


# What somebody gives for a join code.
CODES: Mapping[str, Callable[[Roster], str]] = {
    "a code that was guessed": lambda _: new_code(),
    "one letter off": _one_letter_off,
    "the first two groups alone": lambda roster: roster.people[0].code[:9],
    "two people's codes": lambda roster: roster.people[0].code + roster.people[1].code,
    "two halves of two codes": lambda roster: roster.people[0].code[:7] + roster.people[1].code[7:],
    "the fingerprint that the board keeps": (
        lambda roster: fingerprint(roster.people[0].code, roster.id)
    ),
    "a person's name": lambda roster: roster.people[0].name,
    "a person's suffix": lambda roster: roster.people[0].suffix,
    "the mask of a code": lambda _: "****-****-****",
    "nothing": lambda _: "",
    "a pattern": lambda _: "____-____-____",
    "a null": lambda roster: roster.people[0].code[:-1] + "\0",
    "ten thousand letters": lambda _: "A" * 10_000,
    "digits of another script": lambda _: "\u0661" * 12,
    "half characters": lambda _: "\udfff" * 12,
}

Tags = Callable[[Roster], tuple[str, dict[str, str]]]


def _name(roster: Roster) -> str:
    return roster.people[0].names.resource_group


# A group that stands where the class's end looks: its name and its tags.
GROUPS_OF_OTHERS: Mapping[str, Tags] = {
    "a person's name, without a tag": lambda roster: (_name(roster), {}),
    "a person's name, made by chatkit for nobody": (
        lambda roster: (_name(roster), {"made-by": "chatkit"})
    ),
    "a person's name, with another class's tag": (
        lambda roster: (_name(roster), {**tags(roster, None), CLASS_TAG: "other1"})
    ),
    "a person's name, with an empty tag": lambda roster: (_name(roster), {CLASS_TAG: ""}),
    "a person's name, with the tag in capitals": (
        lambda roster: (_name(roster), {CLASS_TAG: roster.id.upper() + "X"})
    ),
    "the class's tag, on somebody's production": lambda roster: ("production", tags(roster, None)),
    "the class's tag, in the form of a chat's name": (
        lambda roster: ("chatkit-abc123", tags(roster, roster.people[0]))
    ),
    "the number of a person, without the class": (
        lambda roster: ("chatkit-abc124", {"made-by": "chatkit", PERSON_TAG: "1"})
    ),
    "a person's name, and more": lambda roster: (f"{_name(roster)}-api", tags(roster, None)),
}
# What somebody gives as the id of a class.
IDS = ("", "x' or tagName eq 'env", "../x", "*", "a b", "\u202e")

GROUPS = (
    Group(
        "Join codes that are nobody's",
        "test_code_attacks.py",
        "test_a_code_that_is_nobodys_finds_nobody",
        tuple(CODES),
    ),
    Group(
        "Join codes of a class that is over",
        "test_code_attacks.py",
        "test_no_code_outlives_its_class",
        ("by the clock", "by cleaning up"),
    ),
    Group(
        "Groups that the end of a class does not take",
        "test_cleaning_attacks.py",
        "test_a_group_of_somebody_else_outlives_the_class",
        tuple(GROUPS_OF_OTHERS),
    ),
    Group(
        "Ids of a class that would find more than one class",
        "test_cleaning_attacks.py",
        "test_an_id_that_is_none_finds_nothing",
        IDS,
    ),
)
