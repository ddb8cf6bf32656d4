"""What a template can make the local cloud do: it takes neither its memory nor its time."""

from __future__ import annotations

import time

import pytest

from chatkit.localcloud.resource_manager.templates.language.core.errors import TemplateError
from chatkit.localcloud.resource_manager.templates.language.core.scope import UserFunction
from chatkit.localcloud.resource_manager.templates.language.core.values import Json
from chatkit.localcloud.resource_manager.templates.language.evaluating import evaluate
from tests.localcloud.resource_manager.templates.language.template_scopes import Around

LARGE = "replace(padLeft('', 1000), ' ', padLeft('', 4000))"
TOO_MUCH = "exceeds the limit of a template|take more than 200000 steps"

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "expression",
    [
        f"[replace({LARGE}, ' ', {LARGE})]",
        f"[concat({', '.join([LARGE] * 9)})]",
        f"[join(map(range(0, 1000), lambda('i', 'a')), {LARGE})]",
        f"[format('{'{0}' * 50}', {LARGE})]",
        "[format('" + "{0,999999}" * 50 + "', 1)]",
        "[reduce(range(0, 40), 'ab', lambda('a', 'i', concat(lambdaVariables('a'),"
        " lambdaVariables('a'))))]",
        "[reduce(range(0, 40), 'ab', lambda('a', 'i', createArray(lambdaVariables('a'),"
        " lambdaVariables('a'))))]",
        "[reduce(range(0, 40), 'ab', lambda('a', 'i', createObject('x', lambdaVariables('a'),"
        " 'y', lambdaVariables('a'))))]",
        "[reduce(range(0, 40), createArray(1), lambda('a', 'i', concat(lambdaVariables('a'),"
        " lambdaVariables('a'))))]",
        f"[map(range(0, 1000), lambda('i', {LARGE}))]",
    ],
)
def test_a_value_that_grows_is_refused_before_it_is_large(expression: str) -> None:
    """Also one that is small because it holds the same array many times."""
    begun = time.process_time()
    with pytest.raises(TemplateError, match=TOO_MUCH):
        evaluate(expression, Around())
    assert time.process_time() - begun < 5


def test_lists_that_name_one_another_twice_are_refused() -> None:
    """Each variable has the one before it two times, as a document."""

    class Doubling(Around):
        def variable(self, name: str) -> Json:
            if name == "0":
                return ["a"]
            below = f"[variables('{int(name) - 1}')]"
            known = self.values.get(name)
            if known is None:
                known = self.values[name] = evaluate([below, below], self)
            return known

    with pytest.raises(TemplateError, match="exceeds the limit of a template"):
        evaluate("[variables('30')]", Doubling())


@pytest.mark.parametrize(
    "expression",
    [
        "[map(range(0, 9999), lambda('i', map(range(0, 9999), lambda('j', 1))))]",
        "[length(map(range(0, 9999), lambda('i', length(range(0, 9999)))))]",
        "[f.f9()]",
    ],
)
def test_an_evaluation_ends_in_bounded_time(expression: str) -> None:
    """Loops in loops, and functions that call the next one many times."""
    calls = "[concat(" + ", ".join(["f.f{}()"] * 10) + ")]"
    functions = {
        f"f.f{number}": UserFunction((), calls.replace("{}", str(number - 1)))
        for number in range(1, 10)
    }
    functions["f.f0"] = UserFunction((), "[toLower('a')]")
    begun = time.process_time()
    with pytest.raises(TemplateError, match="take more than 200000 steps"):
        evaluate(expression, Around(functions=functions))
    assert time.process_time() - begun < 20


def test_ten_thousand_objects_are_put_together_quickly() -> None:
    """Doubles are looked up, not compared with one another."""
    objects = "map(range(0, 10000), lambda('i', createObject('a', lambdaVariables('i'))))"
    begun = time.process_time()
    assert evaluate(f"[length(union({objects}, {objects}))]", Around()) == 10_000
    assert evaluate(f"[length(intersection({objects}, {objects}))]", Around()) == 10_000
    assert time.process_time() - begun < 5
