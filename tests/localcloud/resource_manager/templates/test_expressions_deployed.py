"""Parameters, variables, functions, loops, conditions and order, by what is deployed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.localcloud.resource_manager.raw import Raw
from tests.localcloud.resource_manager.templates.deploying import (
    VERSION,
    account,
    begin,
    deploy,
    nested,
    nested_outer,
    operations,
    outputs,
    path,
    request,
    second_group,
    signalr,
    symbolic,
    template,
)

SIGNALR = "/providers/Microsoft.SignalRService/SignalR"
CHAT_ID = "[resourceId('Microsoft.SignalRService/SignalR', parameters('chat'))]"
PARAMETERS = {"chat": {"type": "string"}, "units": {"type": "int", "defaultValue": 1}}


def out(value: Any, type_: str = "string") -> dict[str, Any]:
    """An output."""
    return {"type": type_, "value": value}


def test_outputs_have_the_state_of_what_was_made(raw: Raw) -> None:
    """`reference` and `listKeys` ask the resource after it is there."""
    what = template(
        signalr("[parameters('chat')]"),
        parameters=PARAMETERS,
        outputs={
            "id": out(CHAT_ID),
            "host": out(f"[reference({CHAT_ID[1:-1]}).hostName]"),
            "key": out(f"[listKeys({CHAT_ID[1:-1]}, '2023-02-01').primaryKey]"),
            "region": out(f"[reference({CHAT_ID[1:-1]}, '2023-02-01', 'Full').location]"),
            "group": out("[resourceGroup().name]"),
        },
    )
    found = outputs(deploy(raw, what, chat="chat-1"))
    shown = raw("GET", f"{raw.group}{SIGNALR}/chat-1").body
    keys = raw("POST", f"{raw.group}{SIGNALR}/chat-1/listKeys").body
    assert found["id"] == shown["id"]
    assert found["host"] == shown["properties"]["hostName"]
    assert found["key"] == keys["primaryKey"]
    assert found["region"] == "eastus2" and found["group"] == "class"


def test_a_reference_is_an_order(raw: Raw) -> None:
    """What refers to a resource is deployed after it, without dependsOn."""
    tags = {"chat": "[reference('chat-1').hostName]"}
    container = {
        "type": "Microsoft.Storage/storageAccounts/blobServices/containers",
        "apiVersion": "2025-08-01",
        "name": "chatstore1/default/history",
        "properties": {"metadata": tags},
        "dependsOn": ["[resourceId('Microsoft.Storage/storageAccounts', 'chatstore1')]"],
    }
    deploy(raw, template(container, signalr("chat-1"), account("chatstore1")))
    names = [
        one["properties"]["targetResource"]["resourceName"]
        for one in operations(raw)
        if "targetResource" in one["properties"]
    ]
    assert names[-1] == "chatstore1/default/history"
    shown = raw("GET", path(raw), version=VERSION).body["properties"]
    (waiting,) = shown["dependencies"]
    assert {one["resourceName"] for one in waiting["dependsOn"]} == {"chat-1", "chatstore1"}


def test_a_loop_makes_a_resource_each_turn(raw: Raw) -> None:
    """Also a serial one, and loops of properties, variables and outputs."""
    what = template(
        account(
            "[concat('chatstore', copyIndex('each', 1))]",
            copy={"name": "each", "count": "[length(variables('all'))]", "mode": "serial"},
            tags={"turn": "[variables('all')[copyIndex()]]"},
        ),
        variables={"copy": [{"name": "all", "count": 2, "input": "[string(copyIndex('all'))]"}]},
        outputs={
            "names": {
                "type": "array",
                "copy": {
                    "count": 2,
                    "input": "[reference(concat('chatstore', copyIndex(1))).primaryEndpoints.blob]",
                },
            }
        },
    )
    made = deploy(raw, what)
    found = raw("GET", f"{raw.group}/providers/Microsoft.Storage/storageAccounts").body["value"]
    assert [one["tags"] for one in found] == [{"turn": "0"}, {"turn": "1"}]
    assert len(outputs(made)["names"]) == 2


def test_a_condition_decides(raw: Raw) -> None:
    """What is left out is not waited for."""
    what = template(
        signalr("chat-1", condition="[parameters('wanted')]"),
        account("chatstore1", dependsOn=["chat-1"]),
        parameters={"wanted": {"type": "bool"}},
        outputs={
            "host": {
                "type": "string",
                "condition": "[parameters('wanted')]",
                "value": "[reference('chat-1').hostName]",
            }
        },
    )
    made = deploy(raw, what, wanted=False)
    assert raw("GET", f"{raw.group}{SIGNALR}/chat-1").status == 404
    assert outputs(made) == {}


def test_the_name_of_what_is_left_out_may_not_be_known(raw: Raw) -> None:
    """Published modules take the name of a key vault from a parameter that is null without one."""
    vault = account(
        "[last(split(tryGet(parameters('key'), 'id'), '/'))]",
        condition="[not(empty(parameters('key')))]",
        existing=True,
        subscriptionId="[split(tryGet(parameters('key'), 'id'), '/')[2]]",
    )
    what = symbolic(vault=vault, store=account("chatstore1", dependsOn=["vault"]))
    deploy(raw, {**what, "parameters": {"key": {"type": "object", "nullable": True}}})
    assert raw("GET", f"{raw.group}/providers/Microsoft.Storage/storageAccounts/chatstore1")


def test_null_is_what_is_not_given(raw: Raw) -> None:
    """A property that is null is not set, and a parameter that is null has its default."""
    inner = template(
        account(
            "[parameters('name')]", properties={"isNfsV3Enabled": "[null()]", "accessTier": "Cool"}
        ),
        parameters={"name": {"type": "string", "defaultValue": "chatstore7"}},
    )
    inside = nested(inner, parameters={"name": {"value": "[tryGet(createObject(), 'name')]"}})
    deploy(raw, template(inside))
    found = raw("GET", f"{raw.group}/providers/Microsoft.Storage/storageAccounts/chatstore7")
    assert found.body["properties"]["accessTier"] == "Cool"


def test_symbolic_names_and_existing_resources(raw: Raw) -> None:
    """What the Bicep compiler writes: `reference('symbol')`, dependsOn by symbol, `existing`."""
    deploy(raw, template(account("chatstore1")), "before")
    store = account("chatstore1")
    what = symbolic(
        chat=signalr("chat-1"),
        store={
            "existing": True,
            **{name: store[name] for name in ("type", "apiVersion", "name")},
        },
        second=account("chatstore2", dependsOn=["chat", "store"]),
    )
    what["outputs"] = {
        "host": out("[reference('chat').hostName]"),
        "blob": out("[reference('store').primaryEndpoints.blob]"),
    }
    made = deploy(raw, what)
    assert outputs(made)["blob"].endswith("/chatstore1/")
    made_ids = [one["id"] for one in made["properties"]["outputResources"]]
    assert [id_.rpartition("/")[2] for id_ in made_ids] == ["chat-1", "chatstore2"]
    (first, *_) = operations(raw)
    assert first["properties"]["targetResource"]["symbolicName"] == "chat"


def test_a_nested_template_with_expressions_of_its_own(raw: Raw) -> None:
    """A deployment within the deployment, with parameters and outputs."""
    inner = template(
        signalr("[parameters('name')]"),
        parameters={"name": {"type": "string"}},
        outputs={"host": out("[reference(parameters('name')).hostName]")},
    )
    inside = nested(inner, parameters={"name": {"value": "[parameters('chat')]"}})
    what = template(
        inside,
        parameters=PARAMETERS,
        outputs={"host": out("[reference('inner').outputs.host.value]")},
    )
    made = deploy(raw, what, chat="chat-1")
    shown = raw("GET", f"{raw.group}{SIGNALR}/chat-1").body
    assert outputs(made)["host"] == shown["properties"]["hostName"]
    assert raw("GET", path(raw, "inner"), version=VERSION).status == 200


def test_a_nested_template_with_the_outer_expressions(raw: Raw) -> None:
    """Its parameters and variables are those around it; its loops run there, too."""
    inner = template(
        account("[concat(variables('stem'), copyIndex())]", copy={"name": "each", "count": 2})
    )
    inside = nested_outer(inner)
    deploy(raw, template(inside, variables={"stem": "chatstore"}))
    found = raw("GET", f"{raw.group}/providers/Microsoft.Storage/storageAccounts").body["value"]
    assert [one["name"] for one in found] == ["chatstore0", "chatstore1"]


def test_a_subscription_deployment_makes_a_group_and_fills_it(raw: Raw) -> None:
    """The group, and a deployment to it."""
    inside = nested(
        template(signalr("chat-2", location="[resourceGroup().location]")),
        "fill",
        resourceGroup="second",
        dependsOn=["[subscriptionResourceId('Microsoft.Resources/resourceGroups', 'second')]"],
    )
    body = {**request(template(second_group(), inside)), "location": "eastus2"}
    reply = raw("PUT", path(raw, "all", group=""), body, version=VERSION)
    assert reply.status == 201, reply.body
    assert raw("GET", reply.headers["Azure-AsyncOperation"]).body == {"status": "Succeeded"}
    shown = raw("GET", f"{raw.group.replace('class', 'second')}{SIGNALR}/chat-2")
    assert shown.body["location"] == "westus2"


SECRET = "correct-horse-battery"


def test_secure_parameters_are_neither_shown_nor_stored(raw: Raw) -> None:
    """Wherever the template puts them: outputs, tags of a nested deployment, its parameters."""
    inner = template(
        signalr("chat-1", tags={"pass": "[parameters('plain')]"}),
        parameters={"plain": {"type": "string"}},
        outputs={"again": out("[concat('it is ', parameters('plain'))]")},
    )
    inside = nested(inner, parameters={"plain": {"value": "[parameters('password')]"}})
    what = template(
        inside,
        parameters={"password": {"type": "secureString"}},
        outputs={"it": out("[parameters('password')]"), "no": out("x", "securestring")},
    )
    made = deploy(raw, what, password=SECRET)
    assert made["properties"]["parameters"] == {"password": {"type": "SecureString"}}
    assert made["properties"]["outputs"]["no"] == {"type": "SecureString"}
    assert raw("GET", f"{raw.group}{SIGNALR}/chat-1").body["tags"]["pass"] == SECRET

    def kept() -> list[str]:
        store = raw.cloud.platform.store
        collections = ("template-deployments", "template-deployment-operations")
        return [str(one) for name in collections for one in store.items(name)]

    assert not [text for text in raw.cloud.call(kept) if SECRET in text]
    assert "it is ***" in str(raw("GET", path(raw, "inner"), version=VERSION).body)


@pytest.mark.parametrize(
    ("parameter", "value", "word"),
    [
        ({"type": "string"}, 1, "Expected 'String, Uri'. Actual 'Integer'"),
        ({"type": "int"}, "1", "Actual 'String'"),
        ({"type": "bool"}, "true", "Actual 'String'"),
        ({"type": "array"}, {}, "Actual 'Object'"),
        ({"type": "string", "allowedValues": ["a", "b"]}, "c", "allowed value(s): 'a,b'"),
        ({"type": "string", "minLength": 3}, "ab", "greater than or equal to '3'"),
        ({"type": "array", "maxLength": 1}, [1, 2], "less than or equal to '1'"),
        ({"type": "int", "minValue": 3}, 2, "greater than or equal to '3'"),
        ({"type": "int", "maxValue": 3}, 4, "less than or equal to '3'"),
        ({"type": "text"}, "x", "the types are String"),
        ({"$ref": "#/definitions/short"}, "long", "less than or equal to '2'"),
        ({"$ref": "#/definitions/none"}, "x", "'#/definitions/none' is not found"),
        ({"$ref": "#/definitions/site"}, {}, "The property 'name' is missing"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(
    raw: Raw, parameter: Any, value: Any, word: str
) -> None:
    """With Azure's sentence, before anything is deployed."""
    what = {
        **symbolic(),
        "parameters": {"it": parameter},
        "definitions": {
            "short": {"type": "string", "maxLength": 2},
            "site": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "more": {"type": "int", "nullable": True},
                },
            },
        },
    }
    reply = begin(raw, what, it=value)
    assert (reply.status, reply.code) == (400, "InvalidTemplate")
    assert word in reply.body["error"]["message"]


def test_missing_and_unknown_parameters_are_listed(raw: Raw) -> None:
    """Every missing one with its place in the template."""
    two = {"a": {"type": "string"}, "b": {"type": "string"}, "c": {"type": "int", "nullable": True}}
    error = begin(raw, template(parameters=two)).body["error"]
    assert "The value for the template parameter 'a' at line '1'" in error["message"]
    assert ["'a'" in one["message"] for one in error["details"]] == [True, False]
    error = begin(raw, template(parameters=two), a="1", b="2", d="3").body["error"]
    assert "'d' in the parameters file are not valid" in error["message"]
    assert "'a, b, c'" in error["message"]
