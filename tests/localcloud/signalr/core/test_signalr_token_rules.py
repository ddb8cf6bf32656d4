"""Which tokens count: algorithms, audiences, times, sizes, and who the user is."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from typing import Any

import aiohttp
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from chatkit.localcloud.signalr.core import authentication
from chatkit.localcloud.signalr.core.authentication import SKEW_S
from chatkit.localcloud.signalr.core.errors import BadRequest, Unauthorized
from chatkit.localcloud.signalr.core.names import valid_hub
from chatkit.localcloud.signalr.core.spec import InstanceSpec
from chatkit.localcloud.signalr.core.upstream import user_claims
from tests.localcloud.signalr.harness import Running

KEY = "primary-key-" * 6
SPEC = InstanceSpec("room", 8888, KEY, "")
V1 = "/api/v1/hubs/chat"
NEW = "/api/hubs/chat/:send"
CLIENT = "http://localhost/client/?hub=chat"


def signed(
    audience: Any = CLIENT, *, algorithm: str = "HS256", key: Any = KEY, **claims: Any
) -> str:
    """A token of this instance."""
    return jwt.encode(
        {"aud": audience, "exp": int(time.time()) + 60, **claims}, key, algorithm=algorithm
    )


def accepted_for_client(token: str, hub: str = "chat") -> bool:
    """Whether /client takes it."""
    expected = authentication.client_audiences(
        "http://localhost", hub, authentication.unverified_audience(token)
    )
    return counts(token, expected)


def counts(token: str, expected: list[str]) -> bool:
    """Whether the token counts for these audiences."""
    try:
        authentication.verify(SPEC, token, expected)
    except Unauthorized:
        return False
    return True


def test_the_algorithm_is_looked_up_in_a_list_before_a_key_is_touched() -> None:
    """HS256 and HS512; nothing unsigned, nothing asymmetric, no other length."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    tokens = {name: signed(algorithm=name) for name in ("HS256", "HS384", "HS512")}
    tokens["RS256"] = signed(algorithm="RS256", key=private)
    tokens["none"] = signed(algorithm="none", key="")
    verdicts = {name: accepted_for_client(token) for name, token in tokens.items()}
    assert verdicts == {"HS256": True, "HS384": False, "HS512": True, "RS256": False, "none": False}


def test_a_header_that_names_two_algorithms_is_refused() -> None:
    """Two readers could see two different ones."""
    head = _part(b'{"alg":"none","alg":"HS256"}') + "." + signed().split(".")[1]
    signature = hmac.new(KEY.encode(), head.encode(), hashlib.sha256).digest()
    assert not accepted_for_client(f"{head}.{_part(signature)}")


def _part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("audience", "verdict"),
    [
        (CLIENT, True),
        ("http://localhost:8888/client/?hub=chat", True),
        ("http://localhost:8889/client/?hub=chat", False),
        ("http://localhost/client?hub=chat", True),
        ("HTTP://LOCALHOST/client/?hub=Chat", True),
        ("http://127.0.0.1/client/?hub=chat", True),
        ("http://localhost/client/?hub=chat&asrs.op=%2Fchat&room=1", True),
        ("http://localhost/client/?hub=cha%74", True),
        (["http://elsewhere", CLIENT], True),
        ("https://localhost/client/?hub=chat", True),
        ("http://elsewhere/client/?hub=chat", False),
        ("http://localhost/client/?hub=chatter", False),
        ("http://localhost/client/?room=1&hub=chat", False),
        ("http://localhost/client/", False),
        ("http://localhost/server/?hub=chat", False),
        ("http://localhost/client/more/?hub=chat", False),
        ("http://[broken/client/?hub=chat", False),
        ("http://localhost:port/client/?hub=chat", False),
        ([], False),
        ([5, None], False),
        ({"hub": "chat"}, False),
        (5, False),
        (None, False),
    ],
    ids=str,
)
def test_a_client_token_is_for_one_hub_of_this_instance(audience: Any, verdict: bool) -> None:
    """Port left out or right, host and hub in any case, more query after the hub; nothing wider.

    The port serves http and https, so that an audience may name either.
    """
    assert accepted_for_client(signed(audience)) is verdict


def test_a_line_end_makes_no_other_hub() -> None:
    """Audiences compare without it: one hub's token would open another one."""
    with pytest.raises(BadRequest):
        valid_hub("chat\n")


@pytest.mark.parametrize(
    ("tail", "verdict"),
    [
        ("", True),
        ("/", True),
        ("?api-version=2022-06-01", True),
        ("?application=app&api-version=2022-06-01", True),
        ("?application=app", True),
        ("?api-version=2024-12-01", False),
        ("?application=app&api-version=2022-06-01&excluded=x", False),
        ("/more", False),
    ],
)
def test_a_rest_token_is_for_its_path_and_what_the_sdk_signs(tail: str, verdict: bool) -> None:
    """api-version and application may be inside, never what the SDK adds after signing."""
    query = {"api-version": "2022-06-01", "application": "app", "excluded": "x"}
    expected = authentication.rest_audiences("http://localhost", NEW, query)
    assert counts(signed(f"http://localhost{NEW}{tail}"), expected) is verdict


def test_a_path_is_compared_percent_decoded() -> None:
    """SDKs escape differently."""
    expected = authentication.rest_audiences("http://localhost", f"{V1}/users/a%20b", {})
    assert counts(signed(f"http://localhost{V1}/users/a b"), expected)


@pytest.mark.parametrize(
    ("claims", "verdict"),
    [
        ({"exp": -SKEW_S - 1}, False),
        ({"exp": 1 - SKEW_S}, True),
        ({"nbf": SKEW_S + 2}, False),
        ({"nbf": SKEW_S - 1}, True),
        ({"iat": 9999}, True),
    ],
    ids=str,
)
def test_times_count_within_the_documented_skew(
    claims: dict[str, Any], verdict: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seconds from now; five are forgiven. When it was issued does not matter."""
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    token = signed(**{name: int(now) + seconds for name, seconds in claims.items()})
    assert accepted_for_client(token) is verdict


@pytest.mark.parametrize(
    ("claims", "user"),
    [
        ({"asrs.s.uid": "alice", "nameid": "bob", "sub": "carol"}, "alice"),
        ({"nameid": "bob", "sub": "carol"}, "bob"),
        ({"sub": "carol"}, "carol"),
        ({"asrs.s.uid": "", "sub": "carol"}, "carol"),
        ({"sub": ["carol", "bob"]}, "carol"),
        ({"name": "dave"}, ""),
        ({"asrs.s.uid": 5}, ""),
    ],
    ids=str,
)
def test_the_user_is_named_in_this_order(claims: dict[str, Any], user: str) -> None:
    """The service's own claim, then the name identifier."""
    assert authentication.user_id(claims) == user


def test_renamed_claims_get_their_names_back_upstream() -> None:
    """`asrs.u.*` is the user's, `asrs.s.*` the service's.

    Well-known ones have their long .NET names.
    """
    claims = {
        "asrs.u.iat": "5",
        "asrs.s.uid": "alice",
        "name": ["a", "b"],
        "email": "a@example.com",
        "aud": "x",
        "exp": 1,
    }
    soap = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
    assert user_claims(claims) == [
        ("iat", "5"),
        ("name", "a"),
        ("name", "b"),
        (soap, "a@example.com"),
    ]


async def test_a_token_over_4_kb_is_too_large(running: Running) -> None:
    """413 at both endpoints, however well it is signed."""
    token = signed(key=running.spec.primary_key, padding="x" * 4000)
    headers = {"Authorization": f"Bearer {token}"}
    async with running.http.post(
        f"{running.url}/client/negotiate?hub=chat", headers=headers
    ) as answer:
        assert answer.status == 413
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await running.http.ws_connect(f"{running.url}/client/?hub=chat", headers=headers)
    assert caught.value.status == 413


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"exp": 1}, "The token expired at '01/01/1970 00:00:01'"),
        ({"aud": "http://localhost/elsewhere"}, "The audience is invalid"),
        ({"key": "another-key-" * 6}, "The signature key was not found"),
    ],
)
async def test_a_refusal_says_why_in_its_challenge_only(
    running: Running, claims: dict[str, Any], words: str
) -> None:
    """401 at negotiate and at the WebSocket, no body."""
    more = {"key": running.spec.primary_key, "audience": claims.get("aud", CLIENT), **claims}
    more.pop("aud", None)
    headers = {"Authorization": f"Bearer {signed(**more)}"}
    async with running.http.post(
        f"{running.url}/client/negotiate?hub=chat", headers=headers
    ) as answer:
        assert (answer.status, await answer.text()) == (401, "")
        assert (
            answer.headers["WWW-Authenticate"]
            == f'Bearer error="invalid_token", error_description="{words}"'
        )
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await running.http.ws_connect(f"{running.url}/client/?hub=chat", headers=headers)
    assert caught.value.headers is not None and words in caught.value.headers["WWW-Authenticate"]


async def test_a_client_token_opens_no_rest_and_a_rest_token_no_connection(
    running: Running,
) -> None:
    """Different audiences; Microsoft's emulator lets both through."""
    status, _, _ = await running.rest("POST", V1, {"target": "x"}, token=running.token("alice"))
    rest = signed(f"http://localhost{V1}", key=running.spec.primary_key)
    headers = {"Authorization": f"Bearer {rest}"}
    async with running.http.post(
        f"{running.url}/client/negotiate?hub=chat", headers=headers
    ) as answer:
        assert (status, answer.status) == (401, 401)


async def test_with_keys_switched_off_no_token_counts(running: Running) -> None:
    """`disableLocalAuth` of the resource, from the next request on."""
    await running.change(disable_local_auth=True)
    status, _, headers = await running.rest("POST", V1, {"target": "x"})
    assert status == 401 and "Access keys are disabled" in headers["WWW-Authenticate"]


async def test_an_unreadable_audience_is_a_refusal_not_a_failure(running: Running) -> None:
    """Anybody can write an unsigned token with an address in it that no parser takes."""
    token = signed("http://[x/client/?hub=chat", key="nobody's-key-" * 4)
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await running.http.ws_connect(f"{running.url}/client/?hub=chat&access_token={token}")
    assert caught.value.status == 401
    assert [
        event.detail["accepted"]
        for event in running.instance.trace.after(0)
        if event.kind == "token"
    ] == [False]
