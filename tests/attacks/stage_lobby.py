"""Attempts to get into a full room before those who wait for a place."""

from __future__ import annotations

from tests.attacks.group import Group

# With the token of an earlier negotiation, and a Cookie header; None is the guest's own cookie.
JUMPERS: dict[str, str | None] = {
    "as a guest who has not waited": None,
    "as nobody": "",
    "as the guest who is next, without the signature": "chatkit-guest={next}",
    "as the guest who is next, with a signature of its own": "chatkit-guest={next}.{own}",
}

GROUPS = (
    Group(
        "Guests who jump the line of a full room",
        "test_lobby.py",
        "test_nobody_jumps_the_line",
        tuple(JUMPERS),
    ),
)
