"""Attempts of other people of the machine to use the screen of a chat on Azure."""

from __future__ import annotations

from tests.attacks.group import Group

# The paths of its port that the token opens, and what is sent there; shown is a proof of another.
ASKED: dict[str, tuple[str, dict[str, str] | None]] = {
    "the messages of the chat": ("room", None),
    "hiding something": ("powers", {"do": "clear"}),
    "the ways of messages": ("journeys", None),
}
GROUPS = (
    Group(
        "The screen of a chat on Azure without its token",
        "test_azure_screen.py",
        "test_the_screen_on_azure_takes_no_other_token",
        tuple(ASKED),
    ),
)
