"""What can stand where a copy of a notebook belongs, and has to make room for it."""

from __future__ import annotations

from tests.attacks.group import Group

ODD = (
    "a folder",
    "a pipe",
    "a socket",
    "a link that leads to no file",
    "a link to a folder",
    "a link to itself",
)

GROUPS = (
    Group(
        "In the place of a copy of a notebook",
        "test_notebook_copies.py",
        "test_what_is_no_file_makes_room_for_a_copy",
        ODD,
    ),
)
