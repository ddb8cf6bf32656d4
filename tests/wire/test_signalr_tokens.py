"""Tokens of the service: recorded cases, and what the kit itself signs."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest

from chatkit.core.errors import LocalProtocolError
from chatkit.localcloud.signalr.core import authentication
from chatkit.localcloud.signalr.core.errors import Unauthorized
from chatkit.localcloud.signalr.core.spec import InstanceSpec
from chatkit.wire.connection_strings import SignalRConnectionString
from chatkit.wire.tokens import client_token

CASES = json.loads(
    (Path(__file__).parents[1] / "data/signalr/vectors.json").read_text(encoding="utf-8")
)["jwt_cases"]
CONNECTION = SignalRConnectionString("http://localhost", "k" * 40, 8888)


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["id"])
def test_recorded_tokens_get_the_recorded_verdict(case: dict[str, Any]) -> None:
    """A request to /client/negotiate?hub=chat on localhost:8888."""
    spec = InstanceSpec("x", 8888, CASES["access_key"], "another-key-" * 4)
    audiences = authentication.client_audiences(
        "http://localhost", "chat", authentication.unverified_audience(case["token"])
    )
    accepted = True
    try:
        claims = authentication.verify(spec, case["token"], audiences)
        assert authentication.user_id(claims) == "alice"
    except Unauthorized:
        accepted = False
    assert accepted is (case["expect"] == 200)


def test_an_asymmetric_algorithm_is_refused_before_the_key_is_used() -> None:
    """The header alone decides."""
    token = jwt.encode({"exp": 4102444800}, "k" * 48, algorithm="HS384")
    with pytest.raises(Unauthorized) as caught:
        authentication.verify(InstanceSpec("x", 1, "k" * 48, ""), token, [])
    assert "algorithm" in caught.value.description


def test_a_client_token_names_user_and_hub() -> None:
    """The audience has the hub in lower case and no port; reserved claims are prefixed."""
    claims = jwt.decode(
        client_token(CONNECTION, "Chat", user_id="alice", claims={"aud": "x"}),
        options={"verify_signature": False},
    )
    assert (claims["aud"], claims["asrs.s.uid"], claims["asrs.u.aud"]) == (
        "http://localhost/client/?hub=chat",
        "alice",
        "x",
    )
    assert claims["exp"] - claims["iat"] == 3600


def test_a_token_longer_than_the_service_takes_is_not_made() -> None:
    """4 KB."""
    with pytest.raises(LocalProtocolError, match="4096"):
        client_token(CONNECTION, "chat", claims={"big": "x" * 4000})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("AccessKey=c2VjcmV0", "Endpoint"),
        ("Endpoint=ftp://x;AccessKey=c2VjcmV0", "Endpoint"),
        ("Endpoint=http://localhost", "AccessKey"),
        ("Endpoint=http://localhost;AccessKey=c2VjcmV0;Version=2.0", "Version"),
        ("Endpoint=http://localhost;AccessKey=c2VjcmV0;Port=99999", "Port"),
        ("Endpoint=http://localhost;AccessKey=c2VjcmV0;accesskey=c2VjcmV0", "Duplicate"),
        ("Endpoint=http://localhost;nonsense", "without '='"),
    ],
)
def test_a_bad_connection_string_is_named_without_its_key(text: str, words: str) -> None:
    """One sentence."""
    with pytest.raises(LocalProtocolError, match=words) as caught:
        SignalRConnectionString.parse(text)
    assert "c2VjcmV0" not in str(caught.value)


def test_a_connection_string_is_read_whatever_the_case_of_its_names() -> None:
    """The emulator's form with a port."""
    parsed = SignalRConnectionString.parse(
        "ENDPOINT=http://localhost;Port=8888;accessKey=abc=;Version=1.0;"
    )
    assert (parsed.base_url, parsed.endpoint, parsed.access_key) == (
        "http://localhost:8888",
        "http://localhost",
        "abc=",
    )
    assert "abc" not in repr(parsed)


def test_a_token_seen_before_still_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the signature is remembered, never the time.

    A key that is gone is not remembered either.
    """
    spec = InstanceSpec("x", 8888, CONNECTION.access_key, "")
    token = client_token(CONNECTION, "chat", lifetime_s=60)
    audiences = ["http://localhost/client/?hub=chat"]
    assert authentication.verify(spec, token, audiences)
    with pytest.raises(Unauthorized, match="401"):
        authentication.verify(InstanceSpec("x", 8888, "another-key-" * 4, ""), token, audiences)
    later = time.time() + 120
    monkeypatch.setattr(time, "time", lambda: later)
    with pytest.raises(Unauthorized) as caught:
        authentication.verify(spec, token, audiences)
    assert "expired" in caught.value.description


@pytest.mark.parametrize(
    ("claims", "words"),
    [({}, "no expiration"), ({"exp": "soon"}, "malformed"), ({"exp": 9e99}, "")],
)
def test_a_signed_token_with_an_odd_expiry(claims: dict[str, Any], words: str) -> None:
    """Without one it is refused, whoever signed."""
    token = jwt.encode(
        {"aud": "http://localhost/x", **claims}, CONNECTION.access_key, algorithm="HS256"
    )
    spec = InstanceSpec("x", 8888, CONNECTION.access_key, "")
    if not words:
        assert authentication.verify(spec, token, ["http://localhost/x"])
        return
    with pytest.raises(Unauthorized) as caught:
        authentication.verify(spec, token, ["http://localhost/x"])
    assert words in caught.value.description
