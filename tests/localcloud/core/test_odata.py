"""Filters as trees: what is read, how it binds, and where a mistake is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit.localcloud.core.odata import (
    BLOB_TAGS,
    MAX_DEPTH,
    MAX_LENGTH,
    And,
    AnyOf,
    Call,
    Comparison,
    FilterError,
    Items,
    Literal,
    Name,
    Node,
    Not,
    Or,
    parse,
)

A, B, C = (Comparison("eq", Name(name), Literal(name)) for name in "abc")
WORDS = {"and", "or", "not", "true", "false", "null", "any"}
COMPARED = ["eq", "ne", "gt", "ge", "lt", "le"]
names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: name.lower() not in {*WORDS, *COMPARED, "in"}
)
literals = st.builds(
    Literal,
    st.text(max_size=8) | st.integers(-(10**17), 10**17) | st.booleans() | st.none(),
)
values = literals | st.builds(Name, names)
operands = values | st.builds(Call, names.map(str.lower), st.lists(values, max_size=3).map(tuple))
comparisons = st.builds(Comparison, st.sampled_from(COMPARED), operands, operands) | st.builds(
    Comparison,
    st.just("in"),
    operands,
    st.builds(Items, st.lists(values, min_size=1, max_size=3).map(tuple)),
)


def _composed(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return (
        st.builds(And, several)
        | st.builds(Or, several)
        | st.builds(Not, inner)
        | st.builds(AnyOf, names, names, inner)
    )


trees = st.recursive(comparisons, _composed, max_leaves=6)


def written(node: Node) -> str:
    """The text of a tree, with parentheses around everything composed."""
    match node:
        case Literal(None):
            return "null"
        case Literal(bool(value)):
            return str(value).lower()
        case Literal(str(value)):
            return "'" + value.replace("'", "''") + "'"
        case Literal(value):
            return str(value)
        case Name(name):
            return name
        case Call(function, arguments):
            return f"{function}({', '.join(map(written, arguments))})"
        case AnyOf(collection, variable, condition):
            return f"{collection}/any({variable}: {written(condition)})"
        case Items(items):
            return f"({', '.join(map(written, items))})"
        case Comparison(operator, left, right):
            return f"{written(left)} {operator} {written(right)}"
        case And(parts):
            return " and ".join(f"({written(part)})" for part in parts)
        case Or(parts):
            return " or ".join(f"({written(part)})" for part in parts)
        case Not(operand):
            return f"not ({written(operand)})"


@given(trees)
def test_every_tree_is_read_back_from_its_text(tree: Node) -> None:
    """Whatever is written is what is read."""
    assert parse(written(tree)) == tree


@given(st.text(alphabet="ab'\"()<>=,:/ \n@-19éandortif", max_size=60))
@pytest.mark.parametrize("syntax", ["odata", "tags"])
def test_any_text_is_read_or_refused(syntax: str, text: str) -> None:
    """A refusal names a place within the text; nothing else is ever raised."""
    try:
        parse(text, BLOB_TAGS) if syntax == "tags" else parse(text)
    except FilterError as error:
        assert 0 <= error.position <= len(text)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a eq 'a' or b eq 'b' and c eq 'c'", Or((A, And((B, C))))),
        ("(a eq 'a' or b eq 'b') and c eq 'c'", And((Or((A, B)), C))),
        ("not a eq 'a' and b eq 'b'", And((Not(A), B))),
        ("a EQ 'a' AND b Eq 'b'", And((A, B))),
        ("'red' in groups", Comparison("in", Literal("red"), Name("groups"))),
        ("a in ('a')", Comparison("in", Name("a"), Items((Literal("a"),)))),
        ("atScope()", Call("atscope", ())),
        ("web/homePageUrl eq null", Comparison("eq", Name("web/homePageUrl"), Literal(None))),
        ("a eq 'it''s'", Comparison("eq", Name("a"), Literal("it's"))),
    ],
)
def test_odata_binds_as_its_grammar_says(text: str, tree: Node) -> None:
    """OData 4.01, URL Conventions §5.1.1; keywords in any case."""
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        (
            "\"a\"='a' AND b='b' or c='c'",
            Or((And((Comparison("eq", Name("a"), Literal("a")), B)), C)),
        ),
        ("a<>'a'", Comparison("ne", Name("a"), Literal("a"))),
        ("a >= '1'", Comparison("ge", Name("a"), Literal("1"))),
        ("@container='a'", Comparison("eq", Name("@container"), Literal("a"))),
        ("\"not so\"='x'", Comparison("eq", Name("not so"), Literal("x"))),
    ],
)
def test_tag_expressions_have_signs_and_quoted_names(text: str, tree: Node) -> None:
    """Microsoft's page "Find Blobs by Tags"."""
    assert parse(text, BLOB_TAGS) == tree


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ("  ", 2),
        ("a eq", 4),
        ("a eq 'b", 5),
        ("a eq 'b' c", 9),
        ("a eq 'b' and", 12),
        ("(a eq 'b'", 9),
        ("a eq ;", 5),
        ("startswith(a,", 13),
        ("a in ()x", 7),
        ("a eq " + "9" * 30, 5),
    ],
)
def test_a_mistake_has_a_position(text: str, position: int) -> None:
    """The first character that does not fit."""
    with pytest.raises(FilterError) as caught:
        parse(text)
    assert caught.value.position == position


@pytest.mark.parametrize("opening", ["(", "not ", "f(", "a/any(x:", "not ("])
def test_depth_is_limited(opening: str) -> None:
    """The limit itself is read, one more level is refused where it opens."""
    levels = MAX_DEPTH // (2 if opening == "not (" else 1)
    closing = ")" if opening.endswith("(") or ":" in opening else ""
    assert parse(opening * levels + "a" + closing * levels)
    with pytest.raises(FilterError, match="nested deeper") as caught:
        parse(opening * 500 + "a")
    assert caught.value.position <= MAX_DEPTH * len(opening)


def test_length_is_limited() -> None:
    """As many characters as the limit are read."""
    terms = " or ".join(["a"] * 1_600)
    assert isinstance(parse(terms.ljust(MAX_LENGTH)), Or)
    with pytest.raises(FilterError, match="more than"):
        parse(terms.ljust(MAX_LENGTH + 1))
