"""Names of blobs, and of parts of them, that strangers choose."""

from __future__ import annotations

from tests.attacks.group import Group

# What somebody puts into a part of an output's path.
ESCAPES: dict[str, str] = {
    "the folder above": "..",
    "another container": "../other/x",
    "another container, from a folder": "a/../../other/x",
    "the host's own records": "../azure-webjobs-hosts/timers/x",
    "the same folder": "./x",
    "a backslash": "..\\other\\x",
}
# Names of blobs that somebody uploads where a trigger looks.
NAMES: dict[str, str] = {
    "as long as a name may be": "n" * 1024,
    "a quotation mark": 'a"b',
    "words of the log": "a', Id=1) Executed 'Functions.other' (Failed",
    "a query and a fragment": "a?comp=metadata#b",
    "escaped once more": "a%2F..%2Fb",
    "braces of an expression": "{name}{{x}}",
    "not ASCII": "\u540d\u524d \u202e",
}
GROUPS = [
    Group(
        "Blob paths that lead elsewhere",
        "test_trigger_attacks.py",
        "test_a_part_of_a_path_leads_nowhere_else",
        tuple(ESCAPES),
    ),
    Group(
        "Blobs whose names disturb a trigger",
        "test_trigger_attacks.py",
        "test_a_blob_with_an_odd_name_is_given_once_and_the_others_go_on",
        tuple(NAMES),
    ),
]
