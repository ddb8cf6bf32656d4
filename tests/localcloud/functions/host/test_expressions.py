"""Binding expressions resolve as in Azure, and say what is missing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit.localcloud.functions.host.errors import AppInvalid, BindingFailed
from chatkit.localcloud.functions.host.expressions import binding_data, resolve, with_settings

BODY = b'{"shared":"body","a":{"b":[1]},"n":null}'
DATA = binding_data(
    {"x-user": "alice"}, {"room": "blue", "shared": "query"}, {"id": "7", "shared": "route"}, BODY
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("{headers.x-user}", "alice"),
        ("{headers.X-User}", "alice"),
        ("{Query.Room}", "blue"),
        ("{room}", "blue"),
        ("{id}", "7"),
        ("{shared}", "route"),
        ("{a.b}", "[1]"),
        ("{n}", ""),
        ("u-{id}-{query.room}", "u-7-blue"),
        ("{sys.methodname}", "negotiate"),
    ],
)
def test_an_expression_gives_trigger_data(text: str, value: str) -> None:
    """Headers, query, route values, body fields; route values win over query, query over body."""
    assert resolve(text, DATA, method="negotiate") == value


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("{rand-guid}", r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        ("{rand-guid:N}", r"[0-9a-f]{32}"),
        ("{sys.randguid}", r"[0-9a-f-]{36}"),
        ("{DateTime}", r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
        ("{DateTime:yyyy-MM-dd}", r"20\d\d-\d\d-\d\d"),
        ("{sys.utcnow:HHmmssfff}", r"\d{9}"),
    ],
)
def test_random_and_time_expressions_have_their_format(text: str, pattern: str) -> None:
    """`{rand-guid}` and `{DateTime}` with .NET formats."""
    assert re.fullmatch(pattern, resolve(text, {}))


def test_a_missing_header_is_the_real_hosts_sentence_and_explained() -> None:
    """The one that every newcomer meets: no authentication runs locally."""
    with pytest.raises(
        BindingFailed,
        match="Error while accessing 'x-ms-client-principal-name': property doesn't exist",
    ) as failed:
        resolve("{headers.x-ms-client-principal-name}", DATA)
    assert "App Service Authentication" in failed.value.hint


def test_a_missing_value_names_the_parameter() -> None:
    """Top-level names have a sentence of their own."""
    with pytest.raises(BindingFailed, match="No value for named parameter 'nobody'"):
        resolve("{nobody}", DATA)


def test_a_setting_is_put_in_and_a_missing_one_refused() -> None:
    """`%NAME%`; a missing one keeps the function from loading."""
    assert with_settings("a-%HUB%-%HUB%", {"HUB": "chat"}, where="f") == "a-chat-chat"
    with pytest.raises(AppInvalid, match="'%X%' does not resolve to a value"):
        with_settings("%X%", {}, where="f")


@given(st.text(max_size=30), st.binary(max_size=30))
def test_any_text_and_body_resolve_or_fail_with_a_sentence(text: str, body: bytes) -> None:
    """Nothing a request carries breaks the resolver."""
    try:
        resolve(text, binding_data({}, {}, {}, body))
    except BindingFailed as error:
        assert error.message.endswith(".")
