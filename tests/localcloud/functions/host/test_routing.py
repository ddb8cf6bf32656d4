"""Route templates match what ASP.NET Core's would."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit.localcloud.functions.host.errors import AppInvalid
from chatkit.localcloud.functions.host.routing import Route, Router, parse


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("", "/", {}),
        ("a/b", "/A/B/", {}),
        ("{id}", "/x", {"id": "x"}),
        ("{id}", "/a%20b", {"id": "a b"}),
        ("{id}", "/a%2Fb", {"id": "a%2Fb"}),
        ("{id?}", "/", {}),
        ("a/{id=5}", "/a", {"id": "5"}),
        ("a/{id:int?}", "/a", {}),
        ("a/{id:int=7}", "/a", {"id": "7"}),
        ("{*rest}", "/a/b/c", {"rest": "a/b/c"}),
        ("{*rest}", "/", {}),
        ("{**rest}", "/a/b", {"rest": "a/b"}),
        ("files/{name}.{ext}", "/files/a.b.txt", {"name": "a.b", "ext": "txt"}),
        ("v{major:int}-{minor:int}", "/v1-2", {"major": "1", "minor": "2"}),
        (
            "{id:guid}",
            "/6ecf4c9e-1a53-43d8-a25c-7b6c4eeb0c2f",
            {"id": "6ecf4c9e-1a53-43d8-a25c-7b6c4eeb0c2f"},
        ),
        ("{on:bool}", "/TRUE", {"on": "TRUE"}),
        ("{at:datetime}", "/2026-11-23T10:00:00Z", {"at": "2026-11-23T10:00:00Z"}),
        ("{x:decimal}", "/-1.5", {"x": "-1.5"}),
        ("{x:double}", "/1e5", {"x": "1e5"}),
        ("{x:long}", "/4294967296", {"x": "4294967296"}),
        ("{x:min(3)}", "/3", {"x": "3"}),
        ("{x:max(3)}", "/3", {"x": "3"}),
        ("{x:range(1,3)}", "/2", {"x": "2"}),
        ("{x:length(2)}", "/ab", {"x": "ab"}),
        ("{x:length(1,3)}", "/abc", {"x": "abc"}),
        ("{x:minlength(2):maxlength(3)}", "/ab", {"x": "ab"}),
        ("{x:regex(^\\d{{3}}$)}", "/123", {"x": "123"}),
        ("{x:regex(^(a|b)/?$)}", "/a", {"x": "a"}),
        ("{x:required}", "/a", {"x": "a"}),
        ("a{{b}}", "/a{b}", {}),
    ],
)
def test_a_path_matches(template: str, path: str, values: dict[str, str]) -> None:
    """Route values are text, unused optional ones are absent."""
    assert parse(template).match(path) == values


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("a", "/b"),
        ("a", "/a/b"),
        ("a/{id}", "/a"),
        ("{id:int}", "/x"),
        ("{id:int}", "/2147483648"),
        pytest.param("{id:int}", f"/{'9' * 5000}", id="int of thousands of digits"),
        pytest.param("{x:min(3)}", f"/{'9' * 5000}", id="min of thousands of digits"),
        ("{x:decimal}", "/1e5"),
        ("{x:alpha}", "/a1"),
        ("{x:length(2)}", "/abc"),
        ("{x:range(1,3)}", "/4"),
        ("{x:min(3)}", "/x"),
        ("{x:guid}", "/no"),
        ("{x:bool}", "/1"),
        ("{x:datetime}", "/tomorrow"),
        ("{x:regex(^\\d{{3}}$)}", "/12"),
        ("files/{name}.{ext}", "/files/plain"),
    ],
)
def test_a_path_does_not_match(template: str, path: str) -> None:
    """A constraint that does not hold is no match, not an error."""
    assert parse(template).match(path) is None


@pytest.mark.parametrize(
    "template",
    [
        "{",
        "a}",
        "{a",
        "{a}{*b}",
        "{*a}/b",
        "{a}/{A}",
        "a//b",
        "{x:unknown}",
        "{x:min(a)}",
        "{x:length(1,2,3)}",
        "{}",
    ],
)
def test_a_malformed_template_is_named(template: str) -> None:
    """The sentence has the route in it."""
    with pytest.raises(AppInvalid, match="route"):
        parse(template)


def test_the_more_specific_route_wins() -> None:
    """Literal before constrained before free before catch-all, whatever the order of definition."""
    order = ["{*rest}", "{id}", "{id:int}", "fixed"]
    router = Router(Route(parse(text), None, text) for text in order)
    found = [router.find("GET", path) for path in ("/fixed", "/5", "/x", "/x/y")]
    assert [match[0] for match in found if match] == ["fixed", "{id:int}", "{id}", "{*rest}"]


def test_the_method_is_part_of_the_route() -> None:
    """Two functions may share a template with different methods."""
    router = Router(
        [Route(parse("a"), frozenset({"GET"}), 1), Route(parse("a"), frozenset({"POST"}), 2)]
    )
    assert [router.find(method, "/a") for method in ("get", "POST", "PUT")] == [
        (1, {}),
        (2, {}),
        None,
    ]


@given(st.text(max_size=40))
def test_any_template_parses_or_is_refused_with_a_sentence(text: str) -> None:
    """No template breaks the parser."""
    try:
        parse(text)
    except AppInvalid as error:
        assert str(error).endswith(".")


@given(
    st.lists(
        st.text(
            st.characters(blacklist_characters="/%{}", blacklist_categories=["Cs"]), min_size=1
        ),
        min_size=1,
    )
)
def test_a_catch_all_takes_any_path(parts: list[str]) -> None:
    """What goes in percent-encoded comes out decoded."""
    from urllib.parse import quote

    path = "/" + "/".join(quote(part, safe="") for part in parts)
    assert parse("{*rest}").match(path) == {"rest": "/".join(parts)}


MIXED = ("{a}-{b}", "x{a}", "{a}x", "x{a}-{b}y", "{a}.{b}.{c}", "ab{a}ab{b}")


@pytest.mark.parametrize("template", MIXED)
@given(piece=st.text("xyab.-XÀé", min_size=1, max_size=10))
def test_a_mixed_segment_is_divided_from_the_right(template: str, piece: str) -> None:
    """As a regular expression divides it in which the first parameter takes what it can."""
    names = re.findall(r"\{(\w)\}", template)
    pattern = re.sub(r"\\\{\w\\\}", "(.+)", re.escape(template))
    found = re.fullmatch(pattern, piece, re.IGNORECASE | re.DOTALL)
    expected = dict(zip(names, found.groups(), strict=True)) if found else None
    assert parse(template).match(quote(piece)) == expected
