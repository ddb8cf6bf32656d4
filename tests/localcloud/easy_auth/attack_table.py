"""Named attempts to be somebody else.

docs/attacks.md lists them; `python -m tests.localcloud.easy_auth.attack_table` writes it.
"""

from __future__ import annotations

from pathlib import Path

DOCUMENT = Path(__file__).parents[3] / "docs" / "attacks.md"
FORGED = "eyJhdXRoX3R5cCI6ImFhZCJ9"

SPOOFED_HEADERS: dict[str, list[tuple[str, str]]] = {
    "principal": [("X-MS-CLIENT-PRINCIPAL", FORGED)],
    "principal name": [("X-MS-CLIENT-PRINCIPAL-NAME", "bob")],
    "principal id": [("X-MS-CLIENT-PRINCIPAL-ID", "bob")],
    "identity provider": [("X-MS-CLIENT-PRINCIPAL-IDP", "aad")],
    "lower case": [("x-ms-client-principal-name", "bob")],
    "mixed case": [("x-Ms-cLiEnT-pRiNcIpAl-NaMe", "bob")],
    "underscores": [("X_MS_CLIENT_PRINCIPAL_NAME", "bob")],
    "one underscore": [("X-MS-CLIENT-PRINCIPAL_NAME", "bob")],
    "duplicated": [("X-MS-CLIENT-PRINCIPAL-NAME", "bob"), ("x-ms-client-principal-name", "carol")],
    "duplicated in two spellings": [
        ("X-MS-CLIENT-PRINCIPAL-NAME", "bob"),
        ("X_MS_CLIENT_PRINCIPAL_NAME", "bob"),
    ],
    "empty": [("X-MS-CLIENT-PRINCIPAL-NAME", "")],
    "id token": [("X-MS-TOKEN-AAD-ID-TOKEN", "x")],
    "access token, underscores": [("X_MS_TOKEN_AAD_ACCESS_TOKEN", "x")],
    "another provider's token": [("X-MS-TOKEN-GOOGLE-ACCESS-TOKEN", "x")],
    "made-up suffix": [("X-MS-CLIENT-PRINCIPAL-ROLES", "admin")],
}

BAD_TOKENS = (
    "alg none",
    "alg none, odd case",
    "foreign key",
    "client secret as key",
    "another app's",
    "expired",
    "id token",
    "access token",
    "cookie value",
    "cut short",
    "payload of another session",
    "not a token",
    "very long",
    "beyond ASCII",
    "after sign-out",
)
BAD_BEARERS = (
    "alg none",
    "public key as secret",
    "foreign key",
    "foreign key, known id",
    "another app's id token",
    "management token",
    "graph token",
    "foreign issuer",
    "expired",
    "not a token",
    "session token",
)
BAD_COOKIES = (
    "another app's",
    "state of a sign-in",
    "cut short",
    "not a cookie",
    "after sign-out",
    "token as cookie",
)
BAD_CALLBACKS = (
    "replayed",
    "state without cookie",
    "state of another browser",
    "state of another app",
    "no state",
    "tampered state",
    "session cookie as state",
    "code of another sign-in",
    "made-up code",
    "no code",
    "guessed cookie",
)

BAD_TARGETS = (
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/%2f%2fevil.example",
    "http:evil.example",
    "http://127.0.0.1:1@evil.example/",
    "http://127.0.0.1:1.evil.example/",
    "http://evil.example#http://127.0.0.1:1",
    "javascript:alert(1)",
    "data:text/html,x",
    "https://127.0.0.1:1/",
    "http://127.0.0.1:2/",
    " http://127.0.0.1:1/",
    "/\tevil",
    "http://[::1",
    "http://localhost@evil.example/",
)

FORGED_REQUESTS: dict[str, tuple[str, str, dict[str, str]]] = {
    "post from another site": ("POST", "/api/who", {"Origin": "https://evil.example"}),
    "post from a sandbox": ("POST", "/api/who", {"Origin": "null"}),
    "post known by its referer": ("POST", "/api/who", {"Referer": "https://evil.example/x"}),
    "post from a look-alike": ("POST", "/api/who", {"Origin": "http://127.0.0.1:1.evil.example"}),
    "post from another port": ("POST", "/api/who", {"Origin": "http://localhost:2"}),
    "post without origin": ("POST", "/api/who", {"Sec-Fetch-Site": "cross-site"}),
    "put": ("PUT", "/api/who", {"Origin": "https://evil.example"}),
    "delete": ("DELETE", "/api/who", {"Origin": "https://evil.example"}),
    "me": ("POST", "/.auth/me", {"Origin": "https://evil.example"}),
    "refresh": ("POST", "/.auth/refresh", {"Origin": "https://evil.example"}),
    "logout by form": ("POST", "/.auth/logout", {"Origin": "https://evil.example"}),
    "logout by image": (
        "GET",
        "/.auth/logout",
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    ),
    "logout by link": (
        "GET",
        "/.auth/logout",
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
    ),
    "logout from another port": (
        "GET",
        "/.auth/logout",
        {"Sec-Fetch-Site": "same-site", "Referer": "http://localhost:2/"},
    ),
}

# Asked without identity while everything but /api/open needs one.
PATHS = (
    "/api/who",
    "/API/WHO",
    "//api/who",
    "/api//who",
    "/api/who/",
    "/.auth/../api/who",
    "/.auth/%2e%2e/api/who",
    "/.auth%2f..%2fapi/who",
    "/.auth/..%5capi/who",
    "/.auth/x/../../api/who",
    "/api/open/../who",
    "/api/open/%2e%2e/who",
    "/api/open/.%2e/who",
    "/api/open%2f..%2fwho",
    "/api/open/..%2fwho",
    "/api/open\\..\\who",
    "/api/open/%5c../who",
    "/api/open/./../who",
    "/api/open//../who",
    "/api/opened",
    "/api/open%00/who",
    "/.authx/me",
    "/x/.auth/login/aad",
    "/api/who?/.auth/",
    "/api/who;/.auth",
    "/%2e%61uth/me",
    "/.AUTH/ME",
    "/.auth//me",
    "//.auth/me",
    "/.auth\\me",
    "/./.auth/me",
    "/admin/host/status",
    "/api/who%23/api/open",
)

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
    "invisible letter": "bob\u200b",
    "Cyrillic": "b\u043eb",
    "two names": "alice,bob",
    "a pattern": "b*",
    "a list in JSON": '["bob"]',
    "with a domain": "bob@evil.example",
}

Group = tuple[str, str, tuple[str, ...]]
MODULE, APP = "test_easy_auth_attacks.py", "test_app_attacks.py"
GROUPS: dict[str, Group] = {
    "Identity headers from outside": (
        MODULE,
        "test_a_spoofed_header_never_arrives",
        tuple(SPOOFED_HEADERS),
    ),
    "Session tokens": (MODULE, "test_a_bad_session_token_is_refused", BAD_TOKENS),
    "Provider tokens": (MODULE, "test_a_bad_provider_token_is_refused", BAD_BEARERS),
    "Session cookies": (MODULE, "test_a_bad_cookie_names_nobody", BAD_COOKIES),
    "The way back from sign-in": (MODULE, "test_a_bad_callback_signs_nobody_in", BAD_CALLBACKS),
    "Redirects after sign-in and sign-out": (MODULE, "test_there_is_no_open_redirect", BAD_TARGETS),
    "Requests forged by another site": (
        MODULE,
        "test_another_site_cannot_use_the_cookie",
        tuple(FORGED_REQUESTS),
    ),
    "Paths": (MODULE, "test_no_spelling_of_a_path_passes_by", PATHS),
    "Forged messages": (APP, "test_a_forged_field_changes_nothing", tuple(FORGED_MESSAGES)),
    "Recipients that are not one person": (
        APP,
        "test_a_recipient_is_one_name",
        tuple(BAD_RECIPIENTS),
    ),
    "Reading what others wrote": (
        APP,
        "test_nobody_reads_what_others_wrote",
        tuple(HISTORY_QUERIES),
    ),
    "Names that look like another": (APP, "test_a_look_alike_is_somebody_else", tuple(LOOK_ALIKES)),
}

# Single tests that belong to the same story.
OTHERS: dict[str, str] = {
    "A token for another hub": (
        "test_signalr_token_rules.py::test_a_client_token_is_for_one_hub_of_this_instance"
    ),
    "Script in names and messages, on the page": (
        "test_page_safety.py::test_script_in_names_and_messages_stays_text"
    ),
    "Script in a sign-in name": "test_page_sign_in.py::test_script_in_a_sign_in_name_stays_text",
    "A link that carries somebody else's token": (
        "test_page_sign_in.py::test_a_link_with_somebody_elses_token_signs_nobody_in"
    ),
    "A message that claims to be private": "test_page_private.py::test_a_forged_badge_is_text",
    "Going on after sign-out": (
        "test_page_deployed_sign_in.py::test_signing_out_ends_the_session_in_the_app"
    ),
    "Script in names and messages, in the panel": (
        "test_chat_panel.py::test_markup_in_names_and_texts_stays_text"
    ),
}


def document() -> str:
    """Text of docs/attacks.md."""
    count = sum(len(names) for _, _, names in GROUPS.values()) + len(OTHERS)
    rows = [
        "# Attempts to be somebody else",
        "",
        f"{count} attempts: against a deployed app behind the local App Service Authentication, and"
        " against the chat app itself. Each is a test, and each is refused.",
    ]
    for title, (file, test, names) in GROUPS.items():
        rows += ["", f"## {title}", "", f"`{file}::{test}`", "", "| attempt |", "|---|"]
        rows += [f"| `{shown(name)}` |" for name in names]
    rows += ["", "## Others", "", "<!-- others: begin -->", "| attempt | test |", "|---|---|"]
    rows += [f"| {name} | `{test}` |" for name, test in OTHERS.items()]
    rows += ["<!-- others: end -->"]
    return "\n".join(rows) + "\n"


def shown(name: str) -> str:
    """A name that a table can hold."""
    return name.replace("\t", "\\t")


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
