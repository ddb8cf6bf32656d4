"""Reading expressions of templates: whatever the text, and whatever its size."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatkit.localcloud.resource_manager.templates.language.core.errors import TemplateError
from chatkit.localcloud.resource_manager.templates.language.core.expressions import (
    Access,
    Call,
    Expression,
    Literal,
    unchained,
)
from chatkit.localcloud.resource_manager.templates.language.evaluating import evaluate
from chatkit.localcloud.resource_manager.templates.language.functions.catalogue import FUNCTIONS
from chatkit.localcloud.resource_manager.templates.language.parser import (
    DEEPEST,
    escaped,
    is_expression,
    parse,
    unescaped,
)
from tests.localcloud.resource_manager.templates.language.template_scopes import Around

names = st.from_regex(r"[A-Za-z_$][A-Za-z0-9_$]{0,6}", fullmatch=True)
literals = st.builds(
    Literal,
    st.text()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False),
    st.just(0),
)


def calls(arguments: st.SearchStrategy[Expression]) -> st.SearchStrategy[Call]:
    """Calls with and without a namespace."""
    given_arguments = st.lists(arguments, max_size=3).map(tuple)
    return st.builds(Call, st.none() | names, names, given_arguments, st.just(0))


def accesses(targets: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    """Members of what a call yields, and members of those."""
    targets = targets.filter(lambda target: isinstance(unchained(target)[0], Call))
    return st.builds(Access, targets, literals, st.booleans(), st.just(0))


def larger(smaller: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    """Calls and members of smaller expressions."""
    return calls(smaller) | accesses(smaller)


expressions = st.recursive(literals | calls(literals), larger, max_leaves=8)
# What a template is made of, so that more than the first character is looked at.
pieces = st.sampled_from(
    [
        *"[]().,?'+-{}\\ \n",
        *("''", "[[", "a", "1", "1e", "concat(", "lambda('x',", "lambdaVariables('x')", "format("),
        *("'{0}'", "'P1D'", "json(", "parameters('name')", "copyIndex()", "é", "\ud800", "😀"),
    ]
)


@given(expressions)
def test_an_expression_that_is_written_and_read_is_the_same(expression: Expression) -> None:
    """Positions apart, which are told by writing it once more."""
    assert str(parse(f"[{expression}]")) == str(expression)


@given(st.text() | st.lists(pieces).map("".join))
@settings(max_examples=400)
def test_any_text_has_a_value_or_an_error_with_a_column(text: str) -> None:
    """Nothing else comes out of it."""
    try:
        evaluate(f"[{text}]", Around())
    except TemplateError as error:
        assert 0 <= error.position <= len(text) + 2
        assert error.message


@given(
    st.sampled_from(sorted(function.name for function in FUNCTIONS)),
    st.lists(
        st.sampled_from(
            [
                *(
                    "''",
                    "'a'",
                    "'😀é'",
                    "'A.B/c'",
                    "'10.0.0.0/8'",
                    "'{0:N2}'",
                    "'P1Y'",
                    "'2020-01-31'",
                ),
                *("0", "-1", "2", "9223372036854775807", "json('1.5')", "null()", "true()"),
                *("createArray()", "createArray(1, 2)", "createObject('a', 1)", "'%'", "'[1]'"),
                *(
                    "createArray('a', createObject('b', null()))",
                    "lambda('x', lambdaVariables('x'))",
                ),
                *("lambda('x', 'y', true())", "lambda('x', 'a')", "lambda(1)"),
            ]
        ),
        max_size=4,
    ),
)
@settings(max_examples=600)
def test_any_call_has_a_value_that_is_json_or_an_error(name: str, arguments: list[str]) -> None:
    """Functions with arguments of kinds and in numbers that they do not take."""
    expression = f"[{name.replace('*', 'Keys')}({', '.join(arguments)})]"
    try:
        found = evaluate(expression, Around())
    except TemplateError as error:
        assert error.position
    else:
        json.dumps(found, allow_nan=False)


@pytest.mark.parametrize(
    "text",
    ["[" + "a(" * 20_000 + "]", "[" + "a()" + "[a()" * 20_000 + "]", "[a(" + "1," * 20_000 + "]"],
)
def test_a_text_that_goes_deep_is_an_error(text: str) -> None:
    """Not the end of Python's stack."""
    with pytest.raises(TemplateError):
        evaluate(text, Around())


def test_calls_within_one_another_are_limited() -> None:
    """As deep as is allowed, it is evaluated; deeper, the limit is named."""
    deep = "not(" * (DEEPEST - 2)
    assert evaluate(f"[{deep}true(){')' * (DEEPEST - 2)}]", Around()) is True
    with pytest.raises(TemplateError, match=f"nested more than {DEEPEST} levels"):
        evaluate(f"[not(not({deep}true(){')' * DEEPEST}]", Around())


def test_members_of_members_are_not_limited() -> None:
    """They take no stack."""
    with pytest.raises(TemplateError, match="'a' doesn't exist"):
        evaluate("[createObject()" + ".a" * 20_000 + "]", Around())


def test_lists_within_one_another_are_an_error_where_the_stack_ends() -> None:
    """A request's JSON can go deeper than Python does."""
    document: list[object] = []
    for _ in range(5_000):
        document = [document]
    with pytest.raises(TemplateError, match="nested too deeply"):
        evaluate(document, Around())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "[concat('" + "''" * 500_000,
        "[concat('" + "a" * 1_000_000 + "')]",
        "[" + " " * 1_000_000 + "]",
        "[" + "-1e" * 300_000 + "]",
        "[[" * 500_000 + "]",
        "a" * 1_000_000,
    ],
)
def test_a_megabyte_is_read_in_no_time(text: str) -> None:
    """It is a literal, or longer than an expression may be."""
    begun = time.process_time()
    try:
        evaluate(text, Around())
    except TemplateError as error:
        assert "length limit exceeded" in error.message
    assert time.process_time() - begun < 1


@pytest.mark.parametrize(
    ("text", "is_one", "literal"),
    [
        ("[a()]", True, "[a()]"),
        ("[[a]", False, "[a]"),
        ("[[a", False, "[[a"),
        ("[a] b", False, "[a] b"),
        ("[a", False, "[a"),
        (" [a()]", False, " [a()]"),
        ("", False, ""),
    ],
)
def test_what_is_an_expression_and_what_a_literal(text: str, is_one: bool, literal: str) -> None:
    """Two brackets at the beginning stand for one, as Microsoft's page "Template syntax" says."""
    assert is_expression(text) is is_one
    assert unescaped(text) == literal


@given(st.text() | st.lists(pieces).map("".join).map(lambda text: f"[{text}]"))
def test_a_string_that_is_escaped_stands_for_itself(text: str) -> None:
    """Whatever brackets it has."""
    assert not is_expression(escaped(text))
    assert unescaped(escaped(text)) == text


def test_positions_are_columns_of_the_text_with_its_bracket() -> None:
    """They lead a person to what is wrong."""
    found = parse("[ concat( 'a', b.c('d').e)]")
    assert isinstance(found, Call)
    first, second = found.arguments
    assert (found.position, first.position) == (3, 11)
    assert isinstance(second, Access)
    assert (second.target.position, second.position) == (16, 24)
