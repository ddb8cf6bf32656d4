"""Attempts to be somebody else, against the chat app."""

from __future__ import annotations

from tests.attacks.group import Group

# What alice puts into her message to make it somebody else's, or to send it elsewhere.
FORGED_MESSAGES: dict[str, str] = {
    "sender": '{"text": "x", "sender": "bob"}',
    "sender in another case": '{"text": "x", "Sender": "bob", "SENDER": "bob"}',
    "sender twice": '{"text": "x", "sender": "bob", "sender": "carol"}',
    "sender by prototype": '{"text": "x", "__proto__": {"sender": "bob"}}',
    "name of the header": '{"text": "x", "x-ms-client-principal-name": "bob"}',
    "user id": '{"text": "x", "userId": "bob"}',
    "connection id": '{"text": "x", "connectionId": "bobs"}',
    "group": '{"text": "x", "groupName": "admins"}',
    "target and arguments": '{"text": "x", "target": "shutDown", "arguments": [1]}',
    "action of a group": '{"text": "x", "action": "add", "groupName": "admins", "userId": "alice"}',
    "id": '{"text": "x", "id": "2018-09-24-mine"}',
    "time": '{"text": "x", "sentAt": "1999-12-31T23:59:59.999Z"}',
    "private to nobody": '{"text": "x", "isPrivate": true}',
    "private, said to be public": '{"text": "x", "recipient": "bob", "isPrivate": false}',
    "somebody else's private message": '{"text": "x", "sender": "carol", "recipient": "bob"}',
    "presence": '{"text": "x", "recipient": "bob", "recipientConnected": true, "stored": false}',
}

# Recipients that are not one name.
BAD_RECIPIENTS: dict[str, str] = {
    "a list": '["bob", "carol"]',
    "a list of one": '["bob"]',
    "an empty list": "[]",
    "an object": '{"userId": "bob"}',
    "a number": "1",
    "true": "true",
    "false": "false",
    "blank": '" "',
    "too long": '"' + "b" * 321 + '"',
    "half a character": '"bob\\ud800"',
}

# Carol asks for the private messages of alice and bob. SECRET stands for the id of one.
HISTORY_QUERIES: dict[str, dict[str, str]] = {
    "all of it": {"limit": "200"},
    "the page before a private message": {"before": "SECRET", "limit": "200"},
    "the page before its day's end": {"before": "9999-12-31-x"},
    "as bob, by name": {"name": "bob"},
    "as bob, by userId": {"userId": "bob"},
    "as bob, by reader": {"reader": "bob"},
    "as bob, by recipient": {"recipient": "bob"},
    "as bob, by the header's name": {"x-ms-client-principal-name": "bob"},
    "private ones, please": {"isPrivate": "true"},
    "by id": {"id": "SECRET"},
    "one at a time": {"limit": "1"},
    "another blob": {"before": "../chat-history/SECRET"},
}

# Names that look like bob's and are not.
LOOK_ALIKES: dict[str, str] = {
    "another case": "Bob",
    "percent-encoded": "bo%62",
    "percent-encoded twice": "bo%2562",
    "percent-encoded in part": "b%6F%C3%A9",
    "invisible letter": "bob\u200b",
    "Cyrillic": "b\u043eb",
    "two names": "alice,bob",
    "a pattern": "b*",
    "a list in JSON": '["bob"]',
    "with a domain": "bob@evil.example",
}

FILE = "test_app_attacks.py"
GROUPS = (
    Group("Forged messages", FILE, "test_a_forged_field_changes_nothing", tuple(FORGED_MESSAGES)),
    Group(
        "Recipients that are not one person",
        FILE,
        "test_a_recipient_is_one_name",
        tuple(BAD_RECIPIENTS),
    ),
    Group(
        "Reading what others wrote",
        FILE,
        "test_nobody_reads_what_others_wrote",
        tuple(HISTORY_QUERIES),
    ),
    Group(
        "Names that look like another",
        FILE,
        "test_a_look_alike_is_somebody_else",
        tuple(LOOK_ALIKES),
    ),
)
