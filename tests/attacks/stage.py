"""Attempts of people in the room, at the one address that a stage opens on their network."""

from __future__ import annotations

from tests.attacks.group import Group

# Requests for what is not on the stage, as method and target.
PATHS: dict[str, tuple[str, str]] = {
    "the hub's REST API": ("POST", "/api/v1/hubs/chat"),
    "the hub's REST API of today": ("POST", "/api/hubs/chat/:send?api-version=2022-06-01"),
    "the host's admin API": ("POST", "/admin/host/restart"),
    "its keys": ("GET", "/admin/host/systemkeys/_master"),
    "the webhook of SignalR Service": ("POST", "/runtime/webhooks/signalr"),
    "sign-in": ("GET", "/.auth/login/aad"),
    "who is signed in": ("GET", "/.auth/me"),
    "the app's other functions": ("GET", "/api/other"),
    "the deployment endpoint": ("GET", "/api/settings"),
    "the storage account": ("GET", "/?comp=list&restype=container"),
    "the history's blobs": ("GET", "/chat-history/2026-11-29-000.jsonl?comp=metadata"),
    "the control endpoint": ("PUT", "/stage"),
    "the trace": ("GET", "/trace"),
    "the hub's state": ("GET", "/state"),
    "the server's side of the hub": ("GET", "/server/?hub=chat"),
    "a hidden file of the page": ("GET", "/.env"),
    "a file above the page": ("GET", "/../local.settings.json"),
    "one behind a folder": ("GET", "/vendor/../../local.settings.json"),
    "one with dots encoded": ("GET", "/%2e%2e/local.settings.json"),
    "one encoded twice": ("GET", "/%252e%252e/local.settings.json"),
    "the API through a folder": ("GET", "/vendor/../api/other"),
    "the API's end through a folder": ("GET", "/api/messages/../other"),
    "the API with a slash more": ("GET", "//api/other"),
    "the API with a slash encoded": ("GET", "/api%2fmessages"),
    "the API with a letter encoded": ("GET", "/%61pi/messages"),
    "the API in capitals": ("GET", "/API/messages"),
    "the API with a slash at the end": ("GET", "/api/messages/"),
    "the API with a parameter": ("GET", "/api/messages;x"),
    "the API as a page's file": ("GET", "/api/messages.json"),
    "the whole address as the target": ("GET", "http://127.0.0.2:8080/api/messages"),
    "somebody else's address as the target": ("GET", "http://localhost:7071/admin/host/status"),
    "a connection to somewhere else": ("CONNECT", "localhost:7071"),
    "a null byte": ("GET", "/app.js%00.html"),
}
# Requests to addresses that are there, with methods that they do not take.
METHODS: dict[str, tuple[str, str]] = {
    "deleting the history": ("DELETE", "/api/messages"),
    "a preflight": ("OPTIONS", "/api/messages"),
    "the request told back": ("TRACE", "/"),
    "writing the page": ("PUT", "/index.html"),
    "reading the way to the hub": ("GET", "/api/negotiate"),
    "changing a message": ("PATCH", "/api/messages"),
}
# Names under which somebody else's page might reach the stage.
HOSTS: dict[str, str] = {
    "a page's own name": "evil.example",
    "with the right port": "evil.example:8080",
    "this machine's own name": "localhost:8080",
    "the address without its port": "127.0.0.2",
    "another address of this machine": "127.0.0.1:8080",
    "the address as one number": "2130706434:8080",
    "the address with a zero": "127.0.0.02:8080",
    "the address with a dot": "127.0.0.2.:8080",
    "the port with a zero": "127.0.0.2:08080",
    "a user before the address": "x@127.0.0.2:8080",
    "nothing": "",
}
# How a guest might be somebody else: what the browser sends, made of bob's id and signature.
COOKIES: dict[str, str] = {
    "bob's id alone": "{id}",
    "bob's id with an empty signature": "{id}.",
    "bob's id with the signature of another": "{id}.{other}",
    "bob's id, signed with no key": "{id}.{unkeyed}",
    "bob's signature in capitals": "{id}.{loud}",
    "bob's signature and one letter more": "{id}.{signature}0",
    "bob's signature cut": "{id}.{cut}",
    "bob's cookie of another stage": "{id}.{elsewhere}",
    "an id of no form, signed": "{signed_other}",
    "a phone of a rehearsal, with bob's signature": "{rehearsing}.{signature}",
}
# How a guest's request might tell the app that it is somebody else.
HEADERS: dict[str, dict[str, str]] = {
    "the name's header": {"X-MS-CLIENT-PRINCIPAL-NAME": "bob"},
    "the id's header": {"x-ms-client-principal-id": "guest-0000000000000000"},
    "the principal": {"X-MS-CLIENT-PRINCIPAL": "eyJ1c2VySWQiOiJib2IifQ=="},
    "the provider": {"X-MS-CLIENT-PRINCIPAL-IDP": "aad"},
    "a token of the provider": {"X-MS-TOKEN-AAD-ID-TOKEN": "x"},
    "a session's token": {"X-ZUMO-AUTH": "x"},
    "a function's key": {"x-functions-key": "x"},
    "a bearer token": {"Authorization": "Bearer x"},
    "the host that it came by": {"X-Forwarded-Host": "localhost"},
    "an underscore": {"x_ms_client_principal_name": "bob"},
}
# Names that look like bob's, or like nobody's.
NAMES: dict[str, str] = {
    "in capitals": "BOB",
    "with spaces": "b o b",
    "with a joiner inside": "b‍ob",
    "turned around and back": "bo‮b‬",
    "of full width": "ｂｏｂ",
    "with a space of no width": "bob​",
    "with a Cyrillic letter": "b\N{CYRILLIC SMALL LETTER O}b",
    "in Greek capitals, as far as they go": "B\N{GREEK CAPITAL LETTER OMICRON}B",
    "with a nought": "b0b",
    "with a selector of variants": "bob\N{VARIATION SELECTOR-16}",
    "with a joiner of graphemes": "bo\N{COMBINING GRAPHEME JOINER}b",
    "with a filler": "bob\N{HANGUL FILLER}",
    "with an empty braille cell": "\N{BRAILLE PATTERN BLANK}bob",
    "with a note that nobody sees": "bo\N{MUSICAL SYMBOL NULL NOTEHEAD}b",
    "with an Armenian letter": "b\N{ARMENIAN SMALL LETTER OH}b",
    "with a small capital": "\N{LATIN LETTER SMALL CAPITAL B}ob",
}
REFUSED_NAMES: dict[str, object] = {
    "none": "",
    "only spaces": " \t ",
    "only what nobody sees": "​‍",
    "a filler": "\N{HANGUL FILLER}",
    "an empty braille cell": "\N{BRAILLE PATTERN BLANK}",
    "a sign-in name": "bob@contoso.example",
    "a sign-in name, with another at sign": "bob＠contoso.example",
    "a name as the stage gives it": "Guest 1a2b3c4d",
    "a name as a rehearsal gives it": "rehearsal 1a2b3c4d",
    "the same with a Cyrillic letter": "Gu\N{CYRILLIC SMALL LETTER IE}st 1a2b3c4d",
    "too long": "x" * 51,
    "endless": "\u0301\u0316" * 4_000,
    "no text": 7,
    "a list": ["bob"],
}
OTHER_PAGES: dict[str, dict[str, str]] = {
    "another site": {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    "another port of this machine": {
        "Origin": "http://127.0.0.2:9090",
        "Sec-Fetch-Site": "same-site",
    },
    "an old browser": {"Origin": "https://evil.example"},
}
TEST_FILE = "test_stage_edge.py"
GROUPS = (
    Group("What is not on the stage", TEST_FILE, "test_nothing_else_is_there", tuple(PATHS)),
    Group("Other methods at a stage", TEST_FILE, "test_other_methods_are_refused", tuple(METHODS)),
    Group("A stage under other names", TEST_FILE, "test_other_hosts_are_misdirected", tuple(HOSTS)),
    Group("A guest's cookie, forged", TEST_FILE, "test_a_forged_cookie_is_nobody", tuple(COOKIES)),
    Group(
        "A guest who says to be somebody else, in headers",
        TEST_FILE,
        "test_headers_of_a_guest_tell_nothing",
        tuple(HEADERS),
    ),
    Group(
        "Names like another guest's", TEST_FILE, "test_a_name_like_bobs_gets_a_number", tuple(NAMES)
    ),
    Group(
        "Names that no guest gets", TEST_FILE, "test_a_name_that_nobody_gets", tuple(REFUSED_NAMES)
    ),
    Group(
        "Another page that joins for a phone",
        TEST_FILE,
        "test_another_page_joins_for_nobody",
        tuple(OTHER_PAGES),
    ),
)
