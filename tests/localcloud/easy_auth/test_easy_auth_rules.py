"""The rules of the authentication module that need no server."""

from __future__ import annotations

import base64
import json
import ssl
import time
from dataclasses import replace
from datetime import timedelta

import jwt
import pytest
from aiohttp.test_utils import make_mocked_request

from chatkit.localcloud.core.store import Store
from chatkit.localcloud.easy_auth.errors import SessionRejected
from chatkit.localcloud.easy_auth.principal import Principal
from chatkit.localcloud.easy_auth.redirects import is_allowed
from chatkit.localcloud.easy_auth.relying_party import RelyingParty
from chatkit.localcloud.easy_auth.sessions import Sessions
from chatkit.localcloud.easy_auth.settings import AuthSettings
from chatkit.localcloud.easy_auth.site import AuthSite

ORIGIN = "http://localhost:7001"
PAGE = "http://127.0.0.1:7002/"
ALICE = Principal("aad", "id-of-alice", "alice@contoso.example", (("name", "Alice"),))


@pytest.fixture
def sessions(store: Store) -> Sessions:
    return Sessions(store, "site")


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/done?x=1",
        f"{ORIGIN}/a",
        PAGE,
        f"{PAGE}index.html",
        f"{PAGE}a/b?q=1",
        "HTTP://LOCALHOST:7001/",
    ],
)
def test_an_own_or_allowed_address_is_a_redirect_target(target: str) -> None:
    """This app, and what lies below an allowed URL."""
    assert is_allowed(target, own_origin=ORIGIN, allowed=[PAGE])


def test_port_80_is_at_home_without_its_number(sessions: Sessions) -> None:
    """Browsers leave it out: they would be sent to the address with it again and again."""
    origin = "http://localhost:80"
    site = AuthSite(
        AuthSettings.parse({}), {}, sessions, RelyingParty(ssl.create_default_context), origin
    )
    for host, is_home in (("localhost", True), ("localhost:80", True), ("127.0.0.1", False)):
        assert site.is_at_home(make_mocked_request("GET", "/", {"Host": host})) == is_home


@pytest.mark.parametrize(
    "target",
    [
        "",
        "//evil.example",
        "/\\evil.example",
        "/%2f%2fevil.example/..",
        "https://evil.example/",
        "http://127.0.0.1:7002.evil.example/",
        "http://127.0.0.1:7002@evil.example/",
        "http://localhost:7001@evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "http://127.0.0.1:7003/",
        "https://127.0.0.1:7002/",
        " http://127.0.0.1:7002/",
        "http:\\\\evil.example",
        "http:evil.example",
        "/\tevil",
        "\\\\evil.example",
        "http://127.0.0.1:7002\\@evil.example/",
        "ftp://localhost:7001/",
    ],
)
def test_any_other_address_is_refused(target: str) -> None:
    """There is no open redirect."""
    assert not is_allowed(target, own_origin=ORIGIN, allowed=[PAGE])


def test_an_allowed_path_covers_what_is_below_it_only() -> None:
    """`/chat` allows `/chat/x`, not `/chatter` and not `/chat/../x`."""
    allowed = ["https://a.example/chat"]
    paths = ("/chat", "/chat/x", "/chatter", "/chat/../x", "/chat/%2e%2e/x")
    verdicts = [
        is_allowed(f"https://a.example{path}", own_origin=ORIGIN, allowed=allowed) for path in paths
    ]
    assert verdicts == [True, True, False, False, False]


def test_the_principal_header_has_azures_shape() -> None:
    """Base64 of JSON with auth_typ, claims, name_typ and role_typ.

    Claims under their long names.
    """
    principal = Principal.of(
        "aad",
        {
            "sub": "s",
            "oid": "o",
            "preferred_username": "alice@contoso.example",
            "roles": ["a", "b"],
        },
    )
    document = json.loads(base64.b64decode(principal.headers()["X-MS-CLIENT-PRINCIPAL"]))
    assert set(document) == {"auth_typ", "claims", "name_typ", "role_typ"}
    assert {
        "typ": "http://schemas.microsoft.com/identity/claims/objectidentifier",
        "val": "o",
    } in document["claims"]
    assert [
        claim["val"] for claim in document["claims"] if claim["typ"] == document["role_typ"]
    ] == ["a", "b"]


def test_a_name_beyond_ascii_cannot_break_the_header() -> None:
    """Line breaks and non-ASCII letters are percent-encoded."""
    headers = Principal("aad", "id", "zoë\r\nX-Evil: 1", ()).headers()
    assert headers["X-MS-CLIENT-PRINCIPAL-NAME"] == "zo%C3%AB%0D%0AX-Evil: 1"


def test_a_token_finds_its_session(sessions: Sessions) -> None:
    """What was signed in comes back."""
    session = sessions.start(ALICE, life_s=60, tokens={"id_token": "x"})
    assert sessions.of_token(sessions.token(session, origin=ORIGIN), origin=ORIGIN) == session


def test_a_token_has_the_shape_of_app_services(sessions: Sessions) -> None:
    """Issuer and audience are the app, the subject is the person's id in this app."""
    token = sessions.token(sessions.start(ALICE, life_s=60, tokens={}), origin=ORIGIN)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["iss"], claims["aud"], claims["idp"], claims["ver"]) == (
        ORIGIN + "/",
        ORIGIN + "/",
        "aad",
        "3",
    )
    assert claims["sub"].startswith("sid:")


def test_a_persons_id_is_the_same_at_every_sign_in(sessions: Sessions) -> None:
    """The `sid` is a hash of the provider's id.

    Apps store rows under it (Azure Mobile Apps, `MobileServiceUser.UserId`).
    """
    bob = replace(ALICE, user_id="another")
    ids = {
        sessions.user_id(sessions.start(person, life_s=60, tokens={}).principal)
        for person in (ALICE, ALICE, bob)
    }
    assert len(ids) == 2 and not any(ALICE.user_id in one for one in ids)


def test_one_session_ends_and_the_persons_other_goes_on(sessions: Sessions) -> None:
    """Two browsers, one sign-out."""
    one, other = (sessions.start(ALICE, life_s=60, tokens={}) for _ in range(2))
    token = sessions.token(other, origin=ORIGIN)
    sessions.end(one)
    assert sessions.of_token(token, origin=ORIGIN) == other


def test_signing_out_ends_cookie_and_token(sessions: Sessions) -> None:
    """A copy of either is worthless afterwards."""
    session = sessions.start(ALICE, life_s=60, tokens={})
    token, cookie = sessions.token(session, origin=ORIGIN), sessions.cookie(session)
    sessions.end(session)
    assert sessions.of_cookie(cookie) is None
    with pytest.raises(SessionRejected, match="ended"):
        sessions.of_token(token, origin=ORIGIN)


@pytest.mark.parametrize(
    "change", ["other app", "other site", "expired", "none", "foreign key", "cut short"]
)
def test_a_wrong_token_is_rejected(sessions: Sessions, store: Store, change: str) -> None:
    """Tokens of another app or site, expired, unsigned or signed by another key."""
    session = sessions.start(ALICE, life_s=-1 if change == "expired" else 60, tokens={})
    token = sessions.token(
        session, origin="http://localhost:9" if change == "other app" else ORIGIN
    )
    claims = {
        "iss": ORIGIN + "/",
        "aud": ORIGIN + "/",
        "sub": "sid:1",
        "jti": session.sid,
        "exp": time.time() + 60,
    }
    if change == "other site":
        token = Sessions(store, "other").token(session, origin=ORIGIN)
    if change == "none":
        token = jwt.encode(claims, "", algorithm="none")
    if change == "foreign key":
        token = jwt.encode(claims, "k" * 32, algorithm="HS256")
    if change == "cut short":
        token = token[:-2]
    with pytest.raises(SessionRejected):
        sessions.of_token(token, origin=ORIGIN)


def test_a_garbled_cookie_names_nobody(sessions: Sessions) -> None:
    """No exception, no session."""
    assert [sessions.of_cookie(value) for value in ("", "x", "gAAAAA==", "é")] == [None] * 4


def test_settings_are_read_with_azures_defaults() -> None:
    """An enabled platform with one Microsoft registration."""
    settings = AuthSettings.parse(
        {
            "platform": {"enabled": True},
            "globalValidation": {
                "requireAuthentication": True,
                "unauthenticatedClientAction": "RedirectToLoginPage",
            },
            "identityProviders": {
                "azureActiveDirectory": {
                    "registration": {
                        "openIdIssuer": "https://localhost:1/t/v2.0",
                        "clientId": "c",
                        "clientSecretSettingName": "S",
                    }
                }
            },
            "login": {
                "allowedExternalRedirectUrls": [PAGE],
                "cookieExpiration": {"timeToExpiration": "01:30:00"},
            },
        }
    )
    assert settings.action == "RedirectToLoginPage"
    assert settings.session_life == timedelta(hours=1, minutes=30)
    provider = settings.provider("AzureActiveDirectory")
    assert (
        provider is not None
        and provider.discovery_url == "https://localhost:1/t/v2.0/.well-known/openid-configuration"
    )


@pytest.mark.parametrize(
    "properties", [None, {}, {"platform": None}, {"platform": {"enabled": False}}]
)
def test_without_settings_the_module_is_off(properties: dict[str, object] | None) -> None:
    """Never configured, emptied or disabled."""
    assert not AuthSettings.parse(properties).enabled


@pytest.mark.parametrize(
    "section",
    [
        {"globalValidation": [1], "login": "x", "identityProviders": 5},
        {
            "globalValidation": {
                "excludedPaths": 5,
                "redirectToProvider": {},
                "unauthenticatedClientAction": [],
            }
        },
        {
            "login": {
                "tokenStore": {"tokenRefreshExtensionHours": "many"},
                "allowedExternalRedirectUrls": "x",
                "nonce": 1,
            }
        },
        {
            "identityProviders": {
                "azureActiveDirectory": {"registration": {"openIdIssuer": 1, "clientId": []}}
            }
        },
        {
            "identityProviders": {
                "customOpenIdConnectProviders": {"x": None, "y": {"registration": "z"}}
            }
        },
        {"httpSettings": {"routes": {"apiPrefix": 7}}},
    ],
)
def test_settings_of_the_wrong_kind_take_the_default(section: dict[str, object]) -> None:
    """Whatever was stored, the site comes up, with authentication on."""
    settings = AuthSettings.parse({"platform": {"enabled": True}, **section})
    assert (settings.enabled, settings.prefix, settings.providers, settings.excluded_paths) == (
        True,
        "/.auth",
        (),
        (),
    )


def test_a_sealed_sign_in_is_no_session_and_a_session_no_sign_in(sessions: Sessions) -> None:
    """Cookie and state are encrypted for one purpose each."""
    session = sessions.start(ALICE, life_s=60, tokens={})
    assert sessions.unseal(sessions.cookie(session), life_s=60) is None
    assert sessions.of_cookie(sessions.seal(session.sid.encode())) is None


def test_sessions_past_their_grace_are_swept(sessions: Sessions) -> None:
    """They do not pile up in the store."""
    old, young = (
        sessions.start(ALICE, life_s=-100, tokens={}),
        sessions.start(ALICE, life_s=60, tokens={}),
    )
    sessions.sweep(grace_s=50)
    assert sessions.find(old.sid, grace_s=1000) is None and sessions.find(young.sid) == young
