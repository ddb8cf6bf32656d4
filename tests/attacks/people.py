"""Attempts to pass for somebody else by an id or a name, in messages and in the list of people."""

from __future__ import annotations

from tests.attacks.group import Group

# What alice, who is signed in, puts into her message to give it another person's id.
FORGED_IDS: dict[str, str] = {
    "an id": '{"text": "x", "senderId": "id-of-bob"}',
    "an id in another case": '{"text": "x", "senderid": "id-of-bob", "SenderId": "id-of-bob"}',
    "an id and the name": '{"text": "x", "sender": "bob", "senderId": "id-of-bob"}',
    "an id twice": '{"text": "x", "senderId": "id-of-bob", "senderId": "id-of-carol"}',
    "an id by the header's name": '{"text": "x", "x-ms-client-principal-id": "id-of-bob"}',
    "no id": '{"text": "x", "senderId": null}',
    "a word that nobody has looked": '{"text": "x", "is_verified": false, "verified": false}',
}

# Headers of a request to an app in front of which nobody stands: authentication is off.
UNGUARDED: dict[str, dict[str, str]] = {
    "an id": {"x-ms-client-principal-id": "id-of-bob"},
    "an id and the name": {
        "x-ms-client-principal-id": "id-of-bob",
        "x-ms-client-principal-name": "bob",
    },
    "an id as the name": {"x-ms-client-principal-name": "id-of-bob"},
    "an id that is percent-encoded": {"x-ms-client-principal-id": "id%2Dof%2Dbob"},
}

# Whom alice names as recipient of what carol and mallory would like to read, or bob to miss.
NOT_AN_ID: dict[str, str] = {
    "a name": "bob",
    "a sign-in name": "bob@chatkit.example",
    "the id in another case": "ID-OF-BOB",
    "the beginning of the id": "id-o",
    "what the list calls a second bob": "bob (id-o)",
    "the id with a letter that nobody sees": "id-of-bob\u200b",
}

# What stands as senderId in a message that no platform has vouched for; the name is "id-of-bob".
UNSIGNED_IDS: dict[str, object] = {
    "none": None,
    "nothing": "",
    "a number": 7,
    "true": True,
    "a list of an id": ["id-of-bob"],
    "an object": {"id": "id-of-bob"},
}

# Names that mallory takes beside bob, whose id begins with 1111; hers begins with 2222.
NEAR_NAMES: dict[str, str] = {
    "the same": "bob",
    "another case": "BOB",
    "wide letters": "\uff42\uff4f\uff42",
    "an invisible letter": "b\u200bob",
    "a joiner": "bob\u200d",
    "spaces": "  bob ",
    "bob as the list calls him": "bob (1111)",
    "with words in brackets": "bob (you) (teacher)",
    "text that runs backwards": "\u202dbob\u202c",
}

# What nobody can sign in as: it could not be told from nothing, or from somebody else.
UNSEEN_NAMES: dict[str, str] = {
    "a joiner alone": "\u200d",
    "joiners and spaces": " \u200c \u200d ",
    "a letter that runs text backwards": "bob\u202eecila",
    "a letter without width": "b\u200bob",
    "a line break": "bob\nalice",
    "a control": "bo\x85b",
}

APP = "test_app_attacks.py"
PEOPLE = "test_panel_people.py"
GROUPS = (
    Group(
        "Somebody else's id in a message",
        APP,
        "test_a_forged_id_changes_nothing",
        tuple(FORGED_IDS),
    ),
    Group(
        "Somebody's headers while authentication is off",
        APP,
        "test_nobody_is_verified_without_authentication",
        tuple(UNGUARDED),
    ),
    Group(
        "A private message to what is not an id",
        APP,
        "test_what_is_not_an_id_is_nobody",
        tuple(NOT_AN_ID),
    ),
    Group(
        "Messages that nobody has vouched for",
        PEOPLE,
        "test_an_unsigned_message_is_nobodys",
        tuple(UNSIGNED_IDS),
    ),
    Group(
        "Names beside bob's, in the list of people",
        PEOPLE,
        "test_a_near_name_is_told_apart",
        tuple(NEAR_NAMES),
    ),
    Group(
        "Names that nobody can see, at the sign-in page",
        "test_sign_in_from_pages.py",
        "test_an_unseen_name_signs_nobody_in",
        tuple(UNSEEN_NAMES),
    ),
)
