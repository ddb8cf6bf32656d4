"""Which resources an expression needs, found without asking a cloud."""

from __future__ import annotations

import pytest

from chatkit.localcloud.resource_manager.templates.language.core.errors import TemplateError
from chatkit.localcloud.resource_manager.templates.language.core.values import Json
from chatkit.localcloud.resource_manager.templates.language.dependencies import (
    Dependency,
    dependencies,
)
from tests.localcloud.resource_manager.templates.language.template_scopes import Around, Cloud


def test_dependencies_are_found_in_the_whole_document_without_asking() -> None:
    """By name, by id, by symbolic name; in names of properties, and each once."""
    cloud = Cloud()
    document: Json = {
        "[reference('key').name]": "x",
        "list": ["[listKeys(resourceId('A.B/c', 'd'), '2024-01-01').primaryKey]", 1],
        "again": "[concat(reference('chat').a, reference('chat').b)]",
        "loop": "[references('chats', 'full')[0].id]",
        "text": "reference('nobody')",
    }
    prefix = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/chat"
    assert dependencies(document, Around(resources=cloud)) == (
        Dependency("reference", "key", None),
        Dependency("listKeys", f"{prefix}/providers/A.B/c/d", "2024-01-01"),
        Dependency("reference", "chat", None),
        Dependency("references", "chats", None),
    )
    assert cloud.asked == []


def test_parameters_variables_and_turns_are_known() -> None:
    """A name may be computed of them."""
    text = "[reference(concat(parameters('name'), variables('name'), copyIndex())).a]"
    assert dependencies(text, Around()) == (Dependency("reference", "chatchat2", None),)


def test_every_branch_counts() -> None:
    """Which of them is taken may depend on a state."""
    text = "[if(equals(reference('a').b, 1), reference('c').d, reference('e').f)]"
    assert [one.resource for one in dependencies(text, Around())] == ["a", "c", "e"]


def test_what_depends_on_a_state_is_left_out() -> None:
    """The state it depends on is not."""
    text = "[reference(reference('a').id).b]"
    assert [one.resource for one in dependencies(text, Around())] == ["a"]


def test_what_a_lambda_computes_is_left_out() -> None:
    """Microsoft's page says that lambda variables in `reference` are not supported."""
    text = "[map(createArray('a'), lambda('x', reference(lambdaVariables('x')).b))]"
    assert dependencies(text, Around()) == ()


def test_an_expression_that_is_none_is_an_error() -> None:
    """The same as when it is evaluated."""
    with pytest.raises(TemplateError, match="expected token 'RightParenthesis'"):
        dependencies({"a": "[reference('b']"}, Around())
