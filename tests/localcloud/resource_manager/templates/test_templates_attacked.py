"""Templates that ask for too much, or try to get out what is secret."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.localcloud.resource_manager.raw import Raw
from tests.localcloud.resource_manager.templates.deploying import (
    VERSION,
    begin,
    deploy,
    ended,
    outputs,
    path,
    signalr,
    template,
)

SECRET = "correct horse battery"
TOO_MUCH = (
    "exceeds the limit of a template",
    "take more than 200000 steps",
    "could not be deserialized",
)
# Each of them fails, and Azure's sentence for it quotes the value.
QUOTING = (
    "[int(parameters('password'))]",
    "[json(parameters('password'))]",
    "[parameters('password').inner]",
    "[createObject(parameters('password'), 1).inner]",
    "[fail(parameters('password'))]",
    "[resourceId(parameters('password'), 'a')]",
    "[reference(parameters('password')).x]",
    "[dateTimeAdd(parameters('password'), 'P1D')]",
)


def out(value: Any, type_: str = "string") -> dict[str, Any]:
    """An output."""
    return {"type": type_, "value": value}


def loop(count: int, input_: Any) -> dict[str, Any]:
    """An object with a loop that makes its property `x`."""
    return {"copy": [{"name": "x", "count": count, "input": input_}]}


def nested_lists(depth: int) -> Any:
    """A list in a list in a list."""
    found: Any = []
    for _ in range(depth):
        found = [found]
    return found


@pytest.mark.parametrize(
    "sections",
    [
        {"variables": {"a": loop(800, loop(800, loop(800, "a")))}},
        {"variables": {"a": loop(800, loop(800, "[toLower('a')]"))}},
        {
            "variables": {
                "v0": ["aaaaaaaa"],
                **{f"v{at}": [f"[variables('v{at - 1}')]"] * 2 for at in range(1, 30)},
            }
        },
        {"variables": {"a": "[map(range(0, 9999), lambda('i', range(0, 9999)))]"}},
        {"variables": {"a": nested_lists(800)}},
    ],
    ids=["loops", "calls", "doubling", "ranges", "deep variable"],
)
@pytest.mark.slow
def test_a_template_that_asks_for_too_much_is_refused(raw: Raw, sections: Any) -> None:
    """In bounded time, and the local cloud goes on."""
    begun = time.process_time()
    reply = begin(raw, template(**sections))
    assert time.process_time() - begun < 20
    assert reply.status == 400
    assert any(words in reply.body["error"]["message"] for words in TOO_MUCH), reply.body
    assert raw("GET", raw.group).status == 200


@pytest.mark.parametrize("where", ["variables", "outputs", "properties"])
def test_the_sentence_of_an_error_has_no_secret(raw: Raw, where: str) -> None:
    """A secure value is masked, before a deployment begins as well as on the way."""
    parameters = {"password": {"type": "secureString"}}
    for number, expression in enumerate(QUOTING):
        if where == "properties":
            body = signalr("chat-1", properties={"cors": {"allowedOrigins": [expression]}})
            what = template(body, parameters=parameters)
        elif where == "outputs":
            what = template(parameters=parameters, outputs={"a": out(expression)})
        else:
            what = template(parameters=parameters, variables={"a": expression})
        assert SECRET not in told_of(raw, what, f"main-{number}"), expression


def told_of(raw: Raw, what: Any, name: str) -> str:
    """All that is told of a deployment that fails at its beginning or later."""
    reply = begin(raw, what, name, password=SECRET)
    if reply.status == 400:
        return str(reply.body)
    end = ended(raw, reply)
    assert end["status"] == "Failed"
    shown = raw("GET", path(raw, name), version=VERSION).body
    operations = raw("GET", path(raw, name) + "/operations", version=VERSION).body
    return str([reply.body, end, shown, operations])


@pytest.mark.parametrize(
    "limit", [{"allowedValues": ["other"]}, {"maxLength": 3}, {"minLength": 99}]
)
def test_a_secure_value_that_is_not_allowed_is_not_quoted(raw: Raw, limit: Any) -> None:
    """The sentence says which parameter it is."""
    what = template(parameters={"password": {"type": "secureString", **limit}})
    reply = begin(raw, what, password=SECRET)
    assert reply.status == 400
    assert "password" in str(reply.body)
    assert SECRET not in str(reply.body)


def test_brackets_of_a_value_survive_a_nested_template(raw: Raw) -> None:
    """What the outer template has evaluated is not evaluated by the inner one."""
    inner = template(
        outputs={
            "looks": out("[parameters('looks')]"),
            "half": out("[parameters('half')]"),
            "twice": out("[parameters('twice')]"),
        }
    )
    nested = {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2025-04-01",
        "name": "inner",
        "properties": {"mode": "Incremental", "template": inner},
    }
    values = {"looks": "[concat('a')]", "half": "[a", "twice": "[[b]"}
    deploy(
        raw, template(nested, parameters={name: {"type": "string"} for name in values}), **values
    )
    assert outputs(raw("GET", path(raw, "inner"), version=VERSION).body) == values
