"""Attempts to be somebody else, against a deployed app behind App Service Authentication."""

from __future__ import annotations

from tests.attacks.group import Group

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
UNNAMED_CALLERS = (
    "another application",
    "an application whose object id is listed as a client id",
    "a named application that the claim checks do not name",
    "a named application that is no named principal",
    "a principal outside of the named groups",
    "a person's session from before the policy",
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
# Path and kind of a body, which is sent in pieces: no header says how long it will be.
LONG_BODIES = {
    "a form to the way back": ("/callback", "application/x-www-form-urlencoded"),
    "a token of a provider": ("", "application/json"),
}

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
    "/api/open/..;/who",
    "/api/open/..;x=1/who",
    "/api/open/..%3b/who",
    "/api/open/%ef%bc%8e%ef%bc%8e/who",
    "/api/open/%252e%252e/who",
    "/api/open/%c0%ae%c0%ae/who",
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

FILE = "test_easy_auth_attacks.py"
GROUPS = (
    Group(
        "Identity headers from outside",
        FILE,
        "test_a_spoofed_header_never_arrives",
        tuple(SPOOFED_HEADERS),
    ),
    Group("Session tokens", FILE, "test_a_bad_session_token_is_refused", BAD_TOKENS),
    Group("Provider tokens", FILE, "test_a_bad_provider_token_is_refused", BAD_BEARERS),
    Group(
        "Callers that an app's authorization policy does not name",
        "test_authorization_policy.py",
        "test_a_caller_whom_the_policy_does_not_name_is_refused",
        UNNAMED_CALLERS,
    ),
    Group("Session cookies", FILE, "test_a_bad_cookie_names_nobody", BAD_COOKIES),
    Group("The way back from sign-in", FILE, "test_a_bad_callback_signs_nobody_in", BAD_CALLBACKS),
    Group(
        "Bodies that sign-in would have to keep whole",
        FILE,
        "test_sign_in_reads_no_long_body",
        tuple(LONG_BODIES),
    ),
    Group(
        "Redirects after sign-in and sign-out",
        FILE,
        "test_there_is_no_open_redirect",
        BAD_TARGETS,
    ),
    Group(
        "Requests forged by another site",
        FILE,
        "test_another_site_cannot_use_the_cookie",
        tuple(FORGED_REQUESTS),
    ),
    Group("Paths", FILE, "test_no_spelling_of_a_path_passes_by", PATHS),
)
