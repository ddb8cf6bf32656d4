"""No secret is ever recorded, whatever it hides in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit.chat.inspector.masking import masked, masked_address, masked_headers, masked_text

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJ4In0.c2lnbmF0dXJl"
KEY = "A" * 43 + "="


@pytest.mark.parametrize(
    "name",
    [
        "accessToken",
        "access_token",
        "connectionToken",
        "id_token",
        "authenticationToken",
        "AccessKey",
        "primaryKey",
        "client_secret",
    ],
)
def test_what_a_secrets_name_says_is_masked(name: str) -> None:
    """At any depth, whatever it looks like."""
    assert masked({"a": [{name: "opaque-1"}]}) == {"a": [{name: "***"}]}


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "X-ZUMO-AUTH",
        "Cookie",
        "Set-Cookie",
        "x-functions-key",
        "X-MS-TOKEN-AAD-ID-TOKEN",
        "X-MS-CLIENT-PRINCIPAL",
    ],
)
def test_secret_headers_are_masked(name: str) -> None:
    """Only the scheme stays."""
    assert masked_headers({name: "opaque-1"}) == {name: "***"}
    assert masked_headers({"Authorization": "Bearer opaque-1"}) == {"Authorization": "Bearer ***"}


def test_why_a_token_was_refused_stays() -> None:
    """The challenge of a 401 is no secret."""
    reason = "The signature is invalid"
    challenge = f'Bearer error="invalid_token", error_description="{reason}"'
    assert reason in masked_headers({"WWW-Authenticate": challenge})["WWW-Authenticate"]


@pytest.mark.parametrize(
    "name", ["access_token", "code", "id", "sig", "access%5Ftoken", "X-ZUMO-AUTH"]
)
def test_secrets_in_an_address_are_masked(name: str) -> None:
    """Its other parts stay."""
    shown = masked_address(f"wss://x.example/client/?hub=chat&{name}=opaque-1")
    assert shown == f"wss://x.example/client/?hub=chat&{name}=***"


@pytest.mark.parametrize(
    "text",
    [
        f"look: {TOKEN}!",
        f"Endpoint=http://localhost;AccessKey={KEY};Version=1.0;",
        f"DefaultEndpointsProtocol=https;AccountKey={KEY}",
        f"my key is {KEY}",
        f"Bearer {TOKEN}",
        f'{{"accessToken": "{TOKEN[3:]}"}}',
        f"https://x.example/page#token={TOKEN[3:]}",
        f"https://x.example/?a=1&access_token={TOKEN[3:]}&b=2",
    ],
)
def test_what_looks_like_a_secret_is_masked_in_any_text(text: str) -> None:
    """Somebody may send a connection string to the chat."""
    shown = masked_text(text)
    assert "***" in shown and KEY not in shown and "c2lnbmF0dXJl" not in shown


def test_an_address_without_the_one_who_signs_in_by_it() -> None:
    """A user and password before the host are gone."""
    assert masked_address("http://alice:opaque-1@x.example/a") == "http://x.example/a"


@pytest.mark.parametrize(
    "text", ["Hello, bob!", "the key is under the mat", "5 & 6 = 11", "is this token good?"]
)
def test_what_people_say_stays(text: str) -> None:
    """The inspector shows messages as they are."""
    assert masked(text) == text


@given(st.text(alphabet="abcXYZ019-_", min_size=20), st.dictionaries(st.text(), st.text()))
def test_a_token_is_gone_wherever_it_stands(signature: str, others: dict[str, str]) -> None:
    """As a value among others, as a name, in a list, in a text."""
    token = f"eyJhbGciOiJ.{signature}.{signature}"
    value = {**others, "text": f"a {token} b", token: [token], "n": {"accessToken": signature}}
    assert signature not in repr(
        {name: item for name, item in masked(value).items() if name not in others}
    )


@pytest.mark.parametrize("part", ["eyJ", "a", "token=", "&a", "Bearer ", "A/", "key", "#"])
def test_long_texts_take_time_in_proportion(part: str) -> None:
    """No text can hold the client up: this would run for hours if the time grew with the square."""
    assert masked_text(part * (600_000 // len(part)))
