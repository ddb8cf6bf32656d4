"""Attempts of another user of this machine to use what somebody has started on it."""

from __future__ import annotations

from tests.attacks.group import Group

# What is tried, and the name of the address in `cloud.json`; loopback ports are for all users.
SERVERS: dict[str, str] = {
    "Resource Manager": "resource_manager",
    "the sign-in page, to be alice": "authority",
    "Microsoft Graph": "graph",
    "managed identities, for a token": "identity_endpoint",
    "the development storage, with the key that everybody knows": "dev_storage",
    "the map, for who says what": "map",
    "the control endpoint": "control",
}
# Programs of their own.
PROGRAMS: dict[str, tuple[str, ...]] = {
    "functions of a local run, as their administrator": ("func", "start", "functions"),
    "the stand-in of the SignalR emulator, with the key that everybody knows": ("signalr", "start"),
}

FILE = "test_other_users.py"
GROUPS = (
    Group(
        "Another user of the machine, at a port of the local cloud",
        FILE,
        "test_another_user_gets_no_answer_of_the_cloud",
        tuple(SERVERS),
    ),
    Group(
        "Another user of the machine, at a program's port",
        FILE,
        "test_another_user_gets_no_answer_of_a_program",
        tuple(PROGRAMS),
    ),
)
