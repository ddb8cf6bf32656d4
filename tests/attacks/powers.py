"""Attempts of people in the room to have the presenter's powers, or to get round them."""

from __future__ import annotations

import json

from tests.attacks.group import Group

# What is shown at the screen's port in place of the proof that somebody knows the token.
TOKENS: dict[str, dict[str, str]] = {
    "none": {},
    "an empty one": {"x-chatkit-token": ""},
    "the token itself": {"x-chatkit-token": "{itself}"},
    "the proof of another run": {"x-chatkit-token": "{earlier}"},
    "the proof cut": {"x-chatkit-token": "{cut}"},
    "the proof and a letter more": {"x-chatkit-token": "{token}a"},
    "the proof in capitals": {"x-chatkit-token": "{loud}"},
    "the proof with a letter of another script": {"x-chatkit-token": "{token}\u0430"},
    "the proof for the stage before": {"x-chatkit-token": "{before}"},
    "one with the token of the map's page": {"x-chatkit-token": "{map}"},
    "one with the token of the control endpoint": {"x-chatkit-token": "{control}"},
    "a guest's cookie": {"Cookie": "chatkit-guest={guest}", "x-chatkit-token": "{guest}"},
    "the proof as a bearer's": {"Authorization": "Bearer {token}"},
    "the proof as a cookie": {"Cookie": "x-chatkit-token={token}"},
}
# The powers by the room's address, as method and target; each with the right token.
TARGETS: dict[str, tuple[str, str]] = {
    "the powers": ("POST", "/stage/powers"),
    "the presenter's room": ("GET", "/stage/room"),
    "the ways of messages": ("GET", "/stage/journeys?after=0"),
    "a way as a picture": ("GET", "/stage/picture?way=1"),
    "the powers with a slash at the end": ("POST", "/stage/powers/"),
    "the powers with a letter encoded": ("POST", "/stage/%70owers"),
    "the powers with a slash encoded": ("POST", "/stage%2fpowers"),
    "the powers in capitals": ("POST", "/STAGE/POWERS"),
    "the powers through a folder": ("POST", "/vendor/../stage/powers"),
    "the powers with a dot": ("POST", "/./stage/powers"),
    "the powers with a slash more": ("POST", "//stage/powers"),
    "the powers with a parameter": ("POST", "/stage/powers;x"),
    "the powers as a page's file": ("POST", "/stage/powers.json"),
    "the powers by the whole address": ("POST", "http://127.0.0.2:8080/stage/powers"),
    "the powers at the screen's address": ("POST", "http://127.0.0.1/stage/powers"),
}
# What guests may ask of the stage and may not change, as method and target.
READ_ONLY: dict[str, tuple[str, str]] = {
    "writing the rules": ("POST", "/stage/rules"),
    "replacing the rules": ("PUT", "/stage/rules"),
    "deleting the rules": ("DELETE", "/stage/rules"),
    "writing the state": ("POST", "/stage/state"),
    "replacing the screen": ("PUT", "/stage"),
    "deleting a message": ("DELETE", "/api/messages"),
}
# Members of a message that a SignalR output binding would read, or that say who sends it.
MEMBERS: dict[str, dict[str, object]] = {
    "the target of the rules": {"target": "stageRules", "arguments": [{"version": 9e15}]},
    "the target in capitals": {"TARGET": "stageRules", "Arguments": [{}]},
    "the target of checks": {"target": "messagesRemoved", "arguments": [["x"]]},
    "another user": {"userId": "guest-0000000000000000"},
    "a group": {"groupName": "all"},
    "a connection": {"connectionId": "x"},
    "actions": {"actions": [{"actionName": "sendToAll"}]},
    "other endpoints": {"endpoints": ["https://evil.example"]},
    "another sender": {"sender": "bob", "senderId": "guest-0000000000000000"},
    "another sender in capitals": {"Sender": "bob", "SENDERID": "x"},
}
# Bodies that are no message; an app that reads them in its own way would send them past the rules.
FORMS: dict[str, bytes] = {
    "a list of messages": b'[{"text": "x"}]',
    "a list of calls": b'[{"target": "stageRules", "arguments": [{}]}]',
    "a text": b'"x"',
    "a text in another encoding": '{"text": "x"}'.encode("utf-16"),
    "a text behind a mark of order": b'\xef\xbb\xbf{"text": "x"}',
    "two objects": b'{"text": "x"}{"target": "stageRules"}',
    "an object cut": b'{"text": "x"',
    "a form": b"text=x&target=stageRules",
    "nothing": b"",
    "signs without end on one letter": json.dumps({"text": "\u0301\u0316" * 2_001}).encode(),
    "a text without end behind a short one": json.dumps({"text": "x", "y": "z" * 4_000}).encode(),
}
# What a client of the hub sends to be taken for the presenter by other clients.
INVOCATIONS: dict[str, dict[str, object]] = {
    "a call of the rules": {"type": 1, "target": "stageRules", "arguments": [{"version": 9e15}]},
    "a call of the rules for an answer": {
        "type": 1,
        "invocationId": "1",
        "target": "stageRules",
        "arguments": [{"version": 9e15}],
    },
    "a stream of rules": {
        "type": 4,
        "invocationId": "1",
        "target": "stageRules",
        "arguments": [],
    },
    "a call that sends to all": {"type": 1, "target": "SendToAll", "arguments": ["stageRules", {}]},
    "an item of a stream": {"type": 2, "invocationId": "1", "item": {"target": "stageRules"}},
}
# How a guest who is muted might go on.
MUTED: dict[str, dict[str, object]] = {
    "in public": {"text": "x"},
    "in private": {"text": "x", "recipient": "guest-0000000000000000"},
    "as somebody else": {"text": "x", "sender": "bob", "senderId": "guest-0000000000000000"},
    "with an id of a message": {"text": "x", "id": "2026-11-29-x", "sentAt": "2999-01-01"},
}
# How a word that is not allowed might be written: "Badger", and "über alles".
WRITTEN: dict[str, str] = {
    "in capitals": "BADGER!",
    "between quotes": "a \N{LEFT DOUBLE QUOTATION MARK}badger\N{RIGHT DOUBLE QUOTATION MARK}",
    "of full width": "\N{FULLWIDTH LATIN SMALL LETTER B}adger",
    "with a Cyrillic letter": "b\N{CYRILLIC SMALL LETTER A}dger",
    "with a Greek letter": "b\N{GREEK SMALL LETTER ALPHA}dger",
    "with an accent": "b\N{LATIN SMALL LETTER A WITH ACUTE}dger",
    "with an accent of its own": "ba\N{COMBINING DIAERESIS}dger",
    "with a joiner inside": "bad\N{ZERO WIDTH JOINER}ger",
    "with a soft hyphen": "bad\N{SOFT HYPHEN}ger",
    "with a selector of variants": "bad\N{VARIATION SELECTOR-16}ger",
    "with a filler": "bad\N{HANGUL FILLER}ger",
    "turned around": "\N{RIGHT-TO-LEFT OVERRIDE}badger",
    "letter by letter": "b a d g e r",
    "letter by letter, among others": "u r a b a d g e r",
    "with a control inside": "bad\x01ger",
    "with a sign inside that is none yet": "bad\u2065ger",
    "backwards, and turned around": "\N{RIGHT-TO-LEFT OVERRIDE}regdab",
    "in small capitals": "b\N{LATIN LETTER SMALL CAPITAL A}\N{LATIN LETTER SMALL CAPITAL D}ger",
    "in squares": "\N{NEGATIVE SQUARED LATIN CAPITAL LETTER B}adger",
    "in letters of flags": "\N{REGIONAL INDICATOR SYMBOL LETTER B}adger",
    "with a line through a letter": "ba\N{LATIN SMALL LETTER D WITH STROKE}ger",
    "two words with a hyphen": "uber-alles",
    "two words letter by letter": "u b e r a l l e s",
    "with dots": "b.a.d.g.e.r",
    "in letters of mathematics": "\N{MATHEMATICAL BOLD SMALL B}adger",
    "two words on two lines": "uber\nALLES",
    "two words with many spaces": "\u00dcBER \u2003 alles",
}
HOSTS: dict[str, str] = {
    "the room's address": "127.0.0.2:8080",
    "no name": "",
}
EDGE = "test_stage_moderation.py"
SCREEN = "test_presenter.py"
GROUPS = (
    Group("A presenter's token that is none", SCREEN, "test_no_other_token_counts", tuple(TOKENS)),
    Group("Powers from the room", EDGE, "test_powers_are_not_in_the_room", tuple(TARGETS)),
    Group("Changing what guests may read", EDGE, "test_guests_change_nothing", tuple(READ_ONLY)),
    Group(
        "A message that would be the presenter's",
        EDGE,
        "test_members_that_do_not_reach_the_app",
        tuple(MEMBERS),
    ),
    Group("What is no message", EDGE, "test_what_is_no_message_is_refused", tuple(FORMS)),
    Group(
        "Rules from a client of the hub",
        EDGE,
        "test_a_client_tells_others_nothing",
        tuple(INVOCATIONS),
    ),
    Group("A muted guest who goes on", EDGE, "test_a_muted_guest_is_not_heard", tuple(MUTED)),
    Group("Words that are not allowed", EDGE, "test_a_word_in_disguise", tuple(WRITTEN)),
    Group("The screen under other names", SCREEN, "test_other_hosts_of_the_screen", tuple(HOSTS)),
)
