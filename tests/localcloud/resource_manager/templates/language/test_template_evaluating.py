"""Evaluating documents: what is an expression in them, and what an expression sees."""

from __future__ import annotations

import pytest

from chatkit.localcloud.resource_manager.templates.language.core.errors import TemplateError
from chatkit.localcloud.resource_manager.templates.language.core.scope import Place, UserFunction
from chatkit.localcloud.resource_manager.templates.language.core.values import Json
from chatkit.localcloud.resource_manager.templates.language.evaluating import evaluate
from tests.localcloud.resource_manager.templates.language.template_scopes import Around, Cloud


def test_every_expression_of_a_document_is_evaluated() -> None:
    """Names of properties, too: Bicep writes those of user-assigned identities so."""
    document: Json = {
        "[parameters('name')]": ["[add(1, 2)]", 1.5, None, True],
        "text": "no [expression]",
        "escaped": "[[parameters('name')]",
        "object": "[createObject('a', createArray(1))]",
    }
    assert evaluate(document, Around()) == {
        "chat": [3, 1.5, None, True],
        "text": "no [expression]",
        "escaped": "[parameters('name')]",
        "object": {"a": [1]},
    }


def test_a_value_is_not_evaluated_once_more() -> None:
    """A person's parameter that looks like an expression is a text."""
    around = Around(values={"name": "[concat('a', 'b')]"})
    assert evaluate("[parameters('name')]", around) == "[concat('a', 'b')]"


def test_an_error_says_where_in_the_document_it_is() -> None:
    """Properties and elements down to the expression."""
    document: Json = {"properties": {"list": ["a", {"b": "[nope()]"}]}}
    with pytest.raises(TemplateError) as caught:
        evaluate(document, Around())
    assert caught.value.path == ("properties", "list", 1, "b")


def test_the_name_of_a_property_is_a_string() -> None:
    """An expression there that yields something else is named."""
    with pytest.raises(TemplateError, match="has to be a string") as caught:
        evaluate({"tags": {"[add(1, 2)]": "x"}}, Around())
    assert caught.value.path == ("tags", "[add(1, 2)]")


@pytest.mark.parametrize(
    "expression",
    [
        "[if(true(), 1, parameters('nope'))]",
        "[if(false(), div(1, 0), 1)]",
        "[coalesce(1, parameters('nope'))]",
        "[if(or(true(), bool('nope')), 1, 2)]",
        "[if(and(false(), bool('nope')), 2, 1)]",
    ],
)
def test_what_is_not_needed_is_not_evaluated(expression: str) -> None:
    """A branch that is not taken may be wrong."""
    assert evaluate(expression, Around()) == 1


def test_members_are_found_in_any_case() -> None:
    """An exact name wins."""
    around = Around(values={"name": {"Key": 1, "key": 2, "other": {"Inner": [3]}}})
    assert evaluate("[parameters('name').key]", around) == 2
    assert evaluate("[parameters('name')['Key']]", around) == 1
    assert evaluate("[parameters('name').OTHER.inner[0]]", around) == 3


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("[parameters('name').?nope.more[0]]", None),
        ("[parameters('name').list[?7].more]", None),
        ("[parameters('name').list[?0]]", 1),
        ("[null().?a[parameters('nope')]]", None),
        ("[null()[?0]]", None),
    ],
)
def test_safe_access_yields_null_for_what_is_not_there(expression: str, value: Json) -> None:
    """And nothing behind it is looked at."""
    assert evaluate(expression, Around(values={"name": {"list": [1]}})) == value


@pytest.mark.parametrize(
    "expression",
    ["[parameters('name').list.a]", "[parameters('name')[0]]", "[parameters('name').list[-1]]"],
)
def test_a_member_of_another_kind_is_an_error(expression: str) -> None:
    """Arrays have numbers, objects have names."""
    with pytest.raises(TemplateError, match="The language expression property"):
        evaluate(expression, Around(values={"name": {"list": [1]}}))


def test_functions_of_the_template_see_their_parameters_alone() -> None:
    """And other functions, as Bicep writes them."""
    around = Around(
        functions={
            "chats.named": UserFunction(("prefix",), "[concat(parameters('PREFIX'), '-chat')]"),
            "chats.twice": UserFunction((), {"a": "[Chats.named('b')]"}),
            "chats.outside": UserFunction((), "[parameters('name')]"),
            "chats.variable": UserFunction((), "[variables('name')]"),
        }
    )
    assert evaluate("[chats.Named('a')]", around) == "a-chat"
    assert evaluate("[chats.twice().a]", around) == "b-chat"
    with pytest.raises(TemplateError, match="parameter 'name' is not found"):
        evaluate("[chats.outside()]", around)
    with pytest.raises(TemplateError, match="'variables' is not expected at this location"):
        evaluate("[chats.variable()]", around)
    with pytest.raises(TemplateError, match=r"requires 1 argument\(s\) while 0 were provided"):
        evaluate("[chats.named()]", around)


def test_a_function_of_the_template_that_calls_itself_ends() -> None:
    """In an error, not in the end of the process."""
    around = Around(functions={"a.b": UserFunction((), "[a.b()]")})
    with pytest.raises(TemplateError, match="nested too deeply"):
        evaluate("[a.b()]", around)


@pytest.mark.parametrize(
    ("place", "expression"),
    [
        (Place.PARAMETER_DEFAULT, "[reference('chat').hostName]"),
        (Place.PARAMETER_DEFAULT, "[variables('name')]"),
        (Place.VARIABLE, "[listKeys('chat', '2024-03-01').primaryKey]"),
        (Place.VARIABLE, "[reference('chat').hostName]"),
        (Place.RESOURCE, "[reference('chat').hostName]"),
        (Place.OUTPUT_CONDITION, "[empty(references('chats'))]"),
        (Place.FUNCTION, "[listSecrets('chat', '2024-03-01')]"),
    ],
)
def test_a_place_allows_what_is_known_there(place: Place, expression: str) -> None:
    """Nothing is asked of the cloud before the error."""
    cloud = Cloud()
    with pytest.raises(TemplateError, match="is not expected at this location"):
        evaluate(expression, Around(place=place, resources=cloud))
    assert cloud.asked == []


@pytest.mark.parametrize("place", [Place.PROPERTIES, Place.OUTPUT])
def test_bodies_and_outputs_may_ask_the_cloud(place: Place) -> None:
    """They are evaluated when the resources are there."""
    expression = "[concat(reference('chat').hostName, listKeys('chat', '1').primaryKey)]"
    around = Around(place=place)
    assert evaluate(expression, around) == "chat.examplelistKeys of chat"


def test_outside_of_a_loop_there_is_no_turn() -> None:
    """The sentence is Azure's."""
    with pytest.raises(TemplateError, match="can only be used in a resource with copy specified"):
        evaluate("[copyIndex('nope')]", Around())


def test_a_lambda_sees_the_variables_of_those_around_it() -> None:
    """The inner one of the same name hides the outer one."""
    expression = (
        "[map(createArray(1, 2), lambda('x', map(createArray(3), lambda('y',"
        " add(lambdaVariables('X'), lambdaVariables('y'))))))]"
    )
    assert evaluate(expression, Around()) == [[4], [5]]
    hidden = (
        "[map(createArray(1), lambda('x', map(createArray(3), lambda('x', lambdaVariables('x')))))]"
    )
    assert evaluate(hidden, Around()) == [[3]]


def test_what_the_cloud_raises_comes_through() -> None:
    """An engine that has to ask says so by an exception of its own."""

    class NotAsked(Exception):
        pass

    class Waiting(Cloud):
        def reference(self, name_or_id: str, api_version: str | None, full: bool) -> Json:
            raise NotAsked(name_or_id)

    with pytest.raises(NotAsked, match="chat"):
        evaluate({"a": ["[reference('chat').b]"]}, Around(resources=Waiting()))
