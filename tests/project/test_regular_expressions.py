"""Every regular expression takes time that grows with the text, whatever the text."""

from __future__ import annotations

import fnmatch
import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

import chatkit
from chatkit.knowledge import problems
from chatkit.localcloud.entra.core import roles
from chatkit.localcloud.resource_manager.core import faults
from chatkit.steps import repair
from tests import regular_expressions
from tests.regular_expressions import Expression

# Patterns that are made at run time: what they are made of.
MADE: dict[tuple[str, str], list[str | bytes]] = {
    ("chatkit.knowledge.problem", "pattern"): [
        f"(?i){pattern}" for one in problems.PROBLEMS for pattern in one.patterns
    ],
    ("chatkit.localcloud.entra.core.roles", "fnmatch.translate(pattern.lower())"): [
        fnmatch.translate(pattern.lower())
        for role in roles.ROLES.values()
        for pattern in (*role.actions, *role.not_actions, *role.data_actions)
    ],
    ("chatkit.localcloud.resource_manager.core.faults", "kind.methods"): [
        kind.methods for kind in faults.KINDS.values()
    ],
    ("chatkit.localcloud.resource_manager.core.faults", "kind.path"): [
        kind.path for kind in faults.KINDS.values()
    ],
    ("chatkit.steps.repair", "TEXT.format(name=name)"): [repair.TEXT.format(name="suffix")],
    (
        "chatkit.core.public_urls",
        "re.escape(name).replace(re.escape(PORT), '[0-9]{1,5}')",
    ): [r"hub\.example/user/alice/proxy/[0-9]{1,5}"],
    # The app's author writes it into a route, as for ASP.NET Core.
    ("chatkit.localcloud.functions.host.route_constraints", "arguments"): ["^[a-z]+$"],
    (
        "chatkit.localcloud.storage.operations.batch",
        "b'(?:^|\\\\r?\\\\n)--' + re.escape(boundary)",
    ): [rb"(?:^|\r?\n)--batch_1"],
}
FOUND = regular_expressions.find(regular_expressions.modules_of(chatkit), MADE)


def test_every_expression_is_found_or_has_an_example() -> None:
    """A pattern that is made at run time needs a line in `MADE`."""
    assert not FOUND.unknown
    calls = {place for place, _ in MADE}
    assert calls <= {module.__name__ for module in regular_expressions.modules_of(chatkit)}
    assert len(FOUND.expressions) > 200


def row(expression: Expression) -> ParameterSet:
    """The doctor's patterns read what somebody pastes on their own machine; they are many."""
    is_pasted = expression.where.startswith("chatkit.knowledge.problem")
    marks = [pytest.mark.long] if is_pasted else []
    return pytest.param(expression, id=expression.where, marks=marks)


@pytest.mark.parametrize("expression", [row(one) for one in FOUND.expressions])
def test_an_expression_takes_time_that_grows_with_the_text(expression: Expression) -> None:
    """Tried with texts made from its own parse tree."""
    assert not regular_expressions.complaint(expression)


BAD = {
    "exponential": (r"^(a+)+$", "match"),
    "exponential, by a choice": (r"^(?:a|a)*$", "match"),
    "exponential, by two classes": (r"^(?:\w|[a-z]b?)*;", "match"),
    "exponential, within a lookahead": (r"(?=(\s*x*\s*)*y)z", "search"),
    "quadratic, from many beginnings": (r"\beyJ[\w-]+\.[\w-]+\.[\w-]+", "sub"),
    "quadratic, spaces before an end": (r"\s+$", "sub"),
    "quadratic, two repetitions side by side": (r"^\s*[\[(]?\s*(\d+)", "match"),
    "quadratic, behind a lead": (r"^1\.\d+(?:[\w\-.]+)?$", "match"),
    "quadratic, without greed": (r"<!--.*?-->", "search"),
    "quadratic, with bounds that are wide": (r"x{0,9000}y", "search"),
    "cubic": (r"^(.+)-(.+)-(.+)$", "fullmatch"),
    "of the twelfth degree": (r"^(.*?,){11}P", "match"),
    "bytes": (rb"\s+$", "sub"),
}
GOOD = {
    "possessive": (r"^(?:a++)+$", "match"),
    "atomic": (r"(?>\s+)$", "match"),
    "anchored by what is before": (r"(?<!\s)\s+$", "sub"),
    "bounded": (r"\b429\b.{0,120}(signalr|connection)", "search"),
    "tried from one beginning": (r"\s*[+-]?\d+\s*", "fullmatch"),
    "ending at what begins it": (r"%([^%]+)%", "sub"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_expression_is_noticed(name: str) -> None:
    """Otherwise the test above says nothing."""
    pattern, method = BAD[name]
    assert regular_expressions.complaint(Expression(name, re.compile(pattern), frozenset({method})))


@pytest.mark.parametrize("name", GOOD)
def test_a_good_expression_is_left_alone(name: str) -> None:
    """What takes time that grows with the text passes."""
    pattern, method = GOOD[name]
    assert not regular_expressions.complaint(
        Expression(name, re.compile(pattern), frozenset({method}))
    )


SOURCE = r"""
import re
from dataclasses import dataclass
from re import Pattern
BAD = r"(a+)+$"
CONSTANT = re.compile(r"constant(a+)+$")
TABLE = {"key": [re.compile(r"table(a+)+$")]}
@dataclass(frozen=True)
class Syntax:
    token: Pattern[str]
SYNTAX = Syntax(re.compile(r"field(a+)+$"))
class Rules:
    name_pattern = re.compile(r"attribute(a+)+$", re.ASCII)
def inline(text):
    return re.fullmatch(rf"inline{BAD}", text, re.DOTALL)
def local(text):
    pattern = re.compile("local" + BAD)
    return pattern.match(text)
def made(text, given):
    return re.search(given, text)
def used(text):
    return CONSTANT.match(text), SYNTAX.token.match(text)
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A package with expressions in every place where one can stand."""
    folder = tmp_path / "somebodys_package"
    folder.mkdir()
    (folder / "__init__.py").write_text("", encoding="utf-8")
    (folder / "module.py").write_text(SOURCE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield "somebodys_package"
    for name in [name for name in sys.modules if name.startswith("somebodys_package")]:
        del sys.modules[name]


def test_expressions_are_found_wherever_they_stand(package: str) -> None:
    """In constants, tables, fields, class attributes and calls; an unknown one is named."""
    modules = regular_expressions.modules_of(importlib.import_module(package))
    found = regular_expressions.find(modules, {})
    patterns = {one.pattern.pattern.removesuffix("(a+)+$"): one for one in found.expressions}
    assert set(patterns) == {"constant", "table", "field", "attribute", "inline", "local"}
    assert patterns["constant"].methods == {"match"}
    assert patterns["field"].methods == {"match"}
    assert patterns["inline"].pattern.flags & re.DOTALL
    assert [one.rpartition(": ")[2] for one in found.unknown] == ["given"]
    assert all(regular_expressions.complaint(one) for one in found.expressions)
