"""Attempts to see the ways of messages, and what stands in them, without being allowed to."""

from __future__ import annotations

from tests.attacks.group import Group

HELLO = {"sender": "alice", "text": "Hello"}
SEND = "/api/hubs/chat/:send"

# What is asked for at the map's port; {token} is the right one, which belongs into a header.
WITHOUT_TOKEN: dict[str, tuple[str, dict[str, str]]] = {
    "the ways, without a token": ("/journeys", {}),
    "the ways, with an empty token": ("/journeys", {"x-chatkit-token": ""}),
    "the ways, with the token itself": ("/journeys", {"x-chatkit-token": "{token}"}),
    "the ways, with half of the proof": ("/journeys", {"x-chatkit-token": "{half}"}),
    "the ways, with a proof for the run before": ("/journeys", {"x-chatkit-token": "{before}"}),
    "the ways, with the control endpoint's token": ("/journeys", {"x-chatkit-token": "{control}"}),
    "the ways, with the proof in the query": ("/journeys?token={proof}", {}),
    "the ways, with the proof as a cookie": ("/journeys", {"Cookie": "token={proof}"}),
    "the ways, with the proof as a bearer token": (
        "/journeys",
        {"Authorization": "Bearer {proof}"},
    ),
    "a picture, without a token": ("/picture?way=1&steps=1", {}),
    "the control endpoint's trace, with the map's token": (
        "/trace",
        {"x-chatkit-token": "{token}"},
    ),
    "the control endpoint's trace, with the map's proof": (
        "/trace",
        {"x-chatkit-token": "{proof}"},
    ),
}

# How a page elsewhere asks; none of it may be read there.
FROM_OTHER_PAGES: dict[str, tuple[str, dict[str, str]]] = {
    "a preflight for the token's header": (
        "OPTIONS",
        {
            "Origin": "https://evil.example",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "x-chatkit-token",
        },
    ),
    "a preflight from another port of this machine": (
        "OPTIONS",
        {
            "Origin": "http://127.0.0.1:5500",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "x-chatkit-token",
        },
    ),
    "a request of another site": ("GET", {"Origin": "https://evil.example"}),
    "the page in a frame of another site": ("GET", {"Sec-Fetch-Dest": "iframe"}),
}

# How a private message goes out, or says that it is one.
PRIVATE: dict[str, tuple[object, str]] = {
    "one that says so": ({**HELLO, "isPrivate": True}, SEND),
    "one with a recipient": ({**HELLO, "recipient": "bob"}, SEND),
    "one to a user": (HELLO, "/api/hubs/chat/users/bob/:send"),
    "one to a user, in the older form": (HELLO, "/api/v1/hubs/chat/users/bob"),
    "one to a group": (HELLO, "/api/hubs/chat/groups/red/:send"),
    "one to a connection": (HELLO, "/api/hubs/chat/connections/c1/:send"),
}

# What a function raises with: something that it was given, or has of its own.
JWT = f"eyJ{'h' * 40}.eyJ{'p' * 900}.{'s' * 340}"
KEY = "c2VjcmV0LWtleS1vZi1hbi1hY2NvdW50LTEyMzQ1Njc4OTA="
SAS = "sv=2026-01-01&sr=b&sig=c2VjcmV0%2Fc2lnbmF0dXJl%3D"
BODY = b'{"text": "The party for carol is on Friday.", "recipient": "bob"}'
RAISED: dict[str, object] = {
    "a private message as bytes": BODY,
    "a private message as text": BODY.decode(),
    "a private message as a dictionary": {"text": "The party for carol is on Friday."},
    "a private message in base64": "eyJ0ZXh0IjogIlRoZSBwYXJ0eSBmb3IgY2Fyb2wifQ==",
    "a private message in percent encoding": "The%20party%20for%20carol",
    "the middle of a private message": BODY.decode()[14:34],
    "a private message that looks like a frame": 'File "The party for carol", line 3, in x',
    "a private message that looks like an exception": "ValueError: The party in carol.py, line 3",
    "a private message behind many lines": "\n" * 50 + "The party for carol",
    "a token": JWT,
    "the middle of a token": JWT[60:300],
    "a token in a header": f"{{'X-ZUMO-AUTH': '{JWT}'}}",
    "an access key": KEY,
    "a connection string": f"Endpoint=http://localhost;AccessKey={KEY};Version=1.0;",
    "a shared access signature": f"https://account.blob.core.windows.net/c/b?{SAS}",
}

# Headers with which somebody asks a local run, or the page's server, for its requests.
OF_A_LOCAL_RUN: dict[str, dict[str, str]] = {
    "without a token": {},
    "with an empty token": {"x-chatkit-token": ""},
    "with another token": {"x-chatkit-token": "mallory"},
    "with half of the token": {"x-chatkit-token": "{half}"},
    "with the token under another name": {"Authorization": "Bearer {token}"},
}

GROUPS = (
    Group(
        "The map of the chat without its token",
        "test_map_service.py",
        "test_nothing_is_told_without_the_token",
        tuple(WITHOUT_TOKEN),
    ),
    Group(
        "The map of the chat from another page",
        "test_map_service.py",
        "test_no_other_page_reads_the_map",
        tuple(FROM_OTHER_PAGES),
    ),
    Group(
        "What stands in private messages, on the map",
        "test_assembly.py",
        "test_what_stands_in_a_private_message_is_not_told",
        tuple(PRIVATE),
    ),
    Group(
        "What a function raises with, on the map",
        "test_assembly.py",
        "test_what_an_exception_says_is_not_told",
        tuple(RAISED),
    ),
    Group(
        "The requests of a local run",
        "test_local_trace.py",
        "test_a_local_run_shows_its_requests_to_nobody_else",
        tuple(OF_A_LOCAL_RUN),
    ),
    Group(
        "The requests of the local page's server",
        "test_page_server.py",
        "test_the_pages_server_shows_its_requests_to_nobody_else",
        tuple(OF_A_LOCAL_RUN),
    ),
)
