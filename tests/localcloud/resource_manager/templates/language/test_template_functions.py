"""Functions of templates: what Microsoft's reference and Azure's own library say they yield."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chatkit.localcloud.resource_manager.templates.language.core.errors import TemplateError
from chatkit.localcloud.resource_manager.templates.language.core.expressions import calls_in
from chatkit.localcloud.resource_manager.templates.language.core.scope import Level, Place
from chatkit.localcloud.resource_manager.templates.language.core.values import Json
from chatkit.localcloud.resource_manager.templates.language.evaluating import evaluate
from chatkit.localcloud.resource_manager.templates.language.functions.catalogue import (
    FUNCTIONS,
    function_named,
)
from chatkit.localcloud.resource_manager.templates.language.parser import parse
from tests.localcloud.resource_manager.templates.language.template_scopes import Around, Cloud

ROOT = Path(__file__).resolve().parents[5]
DATA = ROOT / "tests" / "data" / "templates"


def read(name: str) -> Any:
    """A file of facts about templates."""
    return json.loads((DATA / name).read_text(encoding="utf-8"))


DOCUMENTED = [case for group in read("functions.json") for case in group["cases"]]
WRONG = read("errors.json")
# These are proven by tests of their own: they are allowed in defaults of parameters only, they are
# allowed in management groups only, they hash, or they end in an error.
APART = {"newGuid", "utcNow", "managementGroup", "guid", "uniqueString", "fail"}


@pytest.mark.parametrize(("expression", "value"), DOCUMENTED)
def test_a_function_yields_what_is_documented(expression: str, value: Json) -> None:
    """Value and kind: `3` is no `3.0`."""
    found = evaluate(expression, Around())
    assert json.dumps(found) == json.dumps(value)


def test_every_function_has_a_documented_case() -> None:
    """A new function needs a row in functions.json."""
    called = [call.name for case in DOCUMENTED for call in calls_in(parse(case[0]))]
    proven = {function.name for name in called if (function := function_named(name))}
    assert {function.name for function in FUNCTIONS} - proven == APART


@pytest.mark.parametrize(("expression", "position", "message", "source"), WRONG)
def test_what_is_wrong_is_said_as_azure_says_it(
    expression: str, position: int, message: str, source: str
) -> None:
    """With the column at which it is wrong."""
    with pytest.raises(TemplateError) as caught:
        evaluate(expression, Around())
    assert message in caught.value.message
    assert caught.value.position == position
    assert caught.value.code == "InvalidTemplate"


@pytest.mark.parametrize("function", ["uniqueString", "guid"])
def test_hashes_are_those_of_azure(function: str) -> None:
    """The pairs come from Azure's library, from a deployment and from others' findings."""
    for pair in read("hashes.json")[function]:
        arguments = ", ".join(f"'{argument}'" for argument in pair["arguments"])
        assert evaluate(f"[{function}({arguments})]", Around()) == pair["value"], pair["source"]


@pytest.mark.parametrize("size", range(18))
def test_unique_strings_of_every_length_are_thirteen_digits_of_base_32(size: int) -> None:
    """Whatever is left over behind whole blocks of eight bytes."""
    found = evaluate(f"[uniqueString('{'é' * size}x')]", Around())
    assert isinstance(found, str)
    assert len(found) == 13
    assert set(found) <= set("abcdefghijklmnopqrstuvwxyz234567")


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("[newGuid()]", "b76a51fc-bd72-4a77-b9a2-3c29e7d2e551"),
        ("[utcNow()]", "20190305T175318Z"),
        ("[utcNow('d')]", "03/05/2019"),
        ("[utcNow('M d')]", "3 5"),
        ("[utcNow('u')]", "2019-03-05 17:53:18Z"),
    ],
)
def test_what_changes_each_time_is_for_defaults_of_parameters(expression: str, value: str) -> None:
    """The values are those of Microsoft's pages."""
    assert evaluate(expression, Around(place=Place.PARAMETER_DEFAULT)) == value
    for place in set(Place) - {Place.PARAMETER_DEFAULT}:
        with pytest.raises(TemplateError, match="is not expected at this location"):
            evaluate(expression, Around(place=place))


@pytest.mark.parametrize(
    ("level", "expression", "value"),
    [
        (Level.SUBSCRIPTION, "[resourceId('A.B/c', 'd')]", "/subscriptions/{}/providers/A.B/c/d"),
        (Level.TENANT, "[resourceId('A.B/c', 'd')]", "/providers/A.B/c/d"),
        (Level.MANAGEMENT_GROUP, "[managementGroup().name]", "chats"),
        (
            Level.MANAGEMENT_GROUP,
            "[managementGroupResourceId('A.B/c', 'd')]",
            "/providers/Microsoft.Management/managementGroups/chats/providers/A.B/c/d",
        ),
        (
            Level.SUBSCRIPTION,
            "[resourceId('Microsoft.Resources/resourceGroups', 'd')]",
            "/subscriptions/{}/resourceGroups/d",
        ),
    ],
)
def test_ids_are_those_of_the_scope_of_the_deployment(
    level: Level, expression: str, value: str
) -> None:
    """Microsoft's page "Resource functions" has the forms."""
    subscription = "11111111-1111-1111-1111-111111111111"
    found = evaluate(expression, Around(resources=Cloud(level)))
    assert found == value.format(subscription)


@pytest.mark.parametrize(
    ("level", "expression"),
    [
        (Level.SUBSCRIPTION, "[resourceGroup().name]"),
        (Level.TENANT, "[subscription().id]"),
        (Level.RESOURCE_GROUP, "[managementGroup().name]"),
    ],
)
def test_what_a_scope_does_not_have_is_not_expected_there(level: Level, expression: str) -> None:
    """As microsoft/vscode-azurearmtools quotes Azure for `resourceGroup`."""
    with pytest.raises(TemplateError, match="is not expected at this location"):
        evaluate(expression, Around(resources=Cloud(level)))
