"""The local cloud is killed, or stopped, while somebody works with it."""

from __future__ import annotations

from tests.attacks.group import Group

# What cannot work then, and has to say so. A verb of a terminal begins with `chatkit`.
ASKED = (
    "the workshop's connection",
    "an SDK client that a cell holds",
    "a plain request of a connection that a cell holds",
    "a token that is not there yet",
    "a request to the deployed functions",
    "a request to the deployed page",
    "a message to the functions on this machine",
    "a message of the panel",
    "a message of the local run's panel",
    "the inspector's buttons",
    "the status",
    "the doctor",
    "chatkit status",
    "chatkit status --json",
    "chatkit doctor",
    "chatkit local status",
    "chatkit local env",
    "chatkit local fault",
    "chatkit local time",
)

# What starts it again, goes on, and says that it has.
WENT_ON = (
    "check 00",
    "check 01",
    "check 02",
    "check 03",
    "check 04",
    "check 05",
    "check 07",
    "check 08",
    "signing in to the subscription",
    "publishing the functions",
    "uploading the page",
    "writing the local settings",
    "starting the functions",
    "opening a panel",
    "opening the local run's panel",
)

GROUPS = (
    Group(
        "Asking a local cloud that is down",
        "test_cloud_down.py",
        "test_whoever_asks_is_told_what_is_down_and_how_it_starts",
        ASKED,
    ),
    Group(
        "Going on with a local cloud that was killed",
        "test_cloud_down.py",
        "test_going_on_starts_it_again",
        WENT_ON,
    ),
)
