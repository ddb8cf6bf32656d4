"""Attempts of other programs of the machine to be taken for one's own server."""

from __future__ import annotations

from tests.attacks.group import Group

IMPOSTORS = (
    "answers everything with 200",
    "sends the challenge back",
    "passes the challenge on to the real server at another port",
    "knows the secret of another start",
    "repeats the answer to another challenge",
    "has no secret at all",
)
GROUPS = (
    Group(
        "Another user's server at the port of one's own",
        "test_start_proof.py",
        "test_an_impostor_at_the_port_proves_nothing",
        IMPOSTORS,
    ),
)
