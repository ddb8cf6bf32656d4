"""Forms that the Bicep compiler writes: types, options of resources, asserts, loops within."""

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

KEY = "a-key-that-nobody-sees"
DEFINITIONS = {
    "endpoint": {
        "type": "object",
        "properties": {
            "kind": {"type": "string", "allowedValues": ["http"]},
            "port": {"type": "int", "minValue": 1, "maxValue": 65535},
            "note": {"type": "string", "nullable": True},
        },
        "additionalProperties": False,
    },
    "a/b~c": {"$ref": "#/definitions/endpoint/properties/port"},
    "pair": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "int"}], "items": False},
    "either": {
        "type": "object",
        "discriminator": {
            "propertyName": "kind",
            "mapping": {
                "http": {"$ref": "#/definitions/endpoint"},
                "none": {
                    "type": "object",
                    "properties": {"kind": {"type": "string", "allowedValues": ["none"]}},
                },
            },
        },
    },
    "ports": {"type": "object", "additionalProperties": {"type": "int"}},
    "login": {
        "type": "object",
        "properties": {"name": {"type": "string"}, "key": {"type": "securestring"}},
    },
}


def typed(definition: str, **sections: Any) -> dict[str, Any]:
    """A template with one parameter of a type that it defines."""
    return {
        **symbolic(),
        "definitions": DEFINITIONS,
        "parameters": {"it": {"$ref": f"#/definitions/{definition}"}},
        **sections,
    }


@pytest.mark.parametrize(
    ("definition", "value"),
    [
        ("endpoint", {"kind": "http", "port": 80}),
        ("endpoint", {"kind": "http", "port": 80, "note": None}),
        ("a~1b~0c", 8080),
        ("pair", ["a", 1]),
        ("pair/prefixItems/1", 1),
        ("either", {"kind": "http", "port": 80}),
        ("either", {"kind": "none"}),
        ("either/discriminator/mapping/none", {"kind": "none"}),
        ("ports", {"a": 1, "b": 2}),
    ],
)
def test_a_value_of_a_type_is_taken(raw: Raw, definition: str, value: Any) -> None:
    """References lead into definitions, items and variants."""
    assert outputs(
        deploy(
            raw,
            typed(
                definition, outputs={"it": {"type": "array", "value": "[array(parameters('it'))]"}}
            ),
            it=value,
        )
    )["it"] in ([value], value)


@pytest.mark.parametrize(
    ("definition", "value", "said"),
    [
        ("endpoint", {"kind": "ftp", "port": 80}, "at 'kind'"),
        ("endpoint", {"kind": "http", "port": 0}, "'1'"),
        ("endpoint", {"kind": "http"}, "The property 'port' is missing"),
        ("endpoint", {"kind": "http", "port": 80, "x": 1}, "The property 'x' is not allowed"),
        ("a~1b~0c", 70000, "'65535'"),
        ("pair", ["a"], "at least 2 items"),
        ("pair", ["a", 1, 2], "must have 2 items"),
        ("pair", ["a", "b"], "Expected 'Integer'"),
        ("either", {"kind": "tcp"}, "'http,none'"),
        ("either", {"kind": "http"}, "The property 'port' is missing"),
        ("ports", {"a": "x"}, "Expected 'Integer'"),
        ("nothing", 1, "'#/definitions/nothing' is not found"),
        ("endpoint/properties/0", 1, "is not found"),
    ],
)
def test_a_value_of_another_type_is_refused(
    raw: Raw, definition: str, value: Any, said: str
) -> None:
    """With the place in the value."""
    reply = begin(raw, typed(definition), it=value)
    assert (reply.status, reply.code) == (400, "InvalidTemplate")
    assert said in reply.body["error"]["message"]


def test_the_secure_part_of_an_object_is_not_shown(raw: Raw) -> None:
    """Neither as a parameter nor as an output."""
    shown = typed(
        "login", outputs={"it": {"$ref": "#/definitions/login", "value": "[parameters('it')]"}}
    )
    made = deploy(raw, shown, it={"name": "bob", "key": KEY})
    assert KEY not in str(made)
    assert outputs(made)["it"] == {"name": "bob", "key": None}


def test_what_is_there_is_left_as_it_is(raw: Raw) -> None:
    """`@onlyIfNotExists` makes what is not there, and changes nothing of what is."""
    once = {"@options": {"onlyIfNotExists": []}, "metadata": {"description": "A hub."}}
    deploy(raw, symbolic(chat=signalr("chat-1", tags={"by": "first"}, **once)))
    second = symbolic(
        chat=signalr("chat-1", tags={"by": "second"}, **once),
        other=signalr("chat-2", dependsOn=["chat"], **once),
    )
    what_if = raw("POST", path(raw) + "/whatIf", request(second))
    changes = raw("GET", what_if.headers["Location"]).body["properties"]["changes"]
    assert [one["changeType"] for one in changes] == ["NoChange", "Create"]
    deploy(raw, second)
    found = raw("GET", f"{raw.group}/providers/Microsoft.SignalRService/SignalR").body["value"]
    assert {one["name"]: one["tags"]["by"] for one in found if one["tags"]} == {"chat-1": "first"}
    assert len(found) == 2


def test_a_resource_waits_for_the_loop_of_a_nested_template(raw: Raw) -> None:
    """The loop is run by the template around it; its name stays known, and so does its order."""
    loop = {"name": "hubs", "count": 2, "mode": "serial"}
    inner = template(
        account("chatstore1", dependsOn=["hubs"]),
        signalr("[concat('chat-', copyIndex(1))]", copy=loop),
    )
    within = nested_outer(inner)
    deploy(raw, template(within))
    waiting = raw("GET", path(raw, "inner")).body["properties"]["dependencies"]
    names = {
        one["resourceName"]: sorted(each["resourceName"] for each in one["dependsOn"])
        for one in waiting
    }
    assert names == {"chatstore1": ["chat-1", "chat-2"], "chat-2": ["chat-1"]}
    assert len(operations(raw, "inner")) == 4


def test_what_is_asserted_must_hold(raw: Raw) -> None:
    """Before anything is made; an assert that holds is not seen."""
    sure = "[equals(parameters('units'), 1)]"
    what = template(signalr("chat-1"), parameters={"units": {"type": "int"}}, asserts={"one": sure})
    reply = begin(raw, what, units=2)
    assert (reply.status, reply.code) == (400, "InvalidTemplate")
    assert "assert 'one'" in reply.body["error"]["message"]
    deploy(raw, what, units=1)


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"languageVersion": "2.0", "resources": []}, "must be an object"),
        ({"resources": {}}, "must be an array"),
        ({"imports": 3}, "The section 'imports'"),
        ({"imports": {"graph": {"provider": "MicrosoftGraph"}}}, "'MicrosoftGraph'"),
        ({"extensions": {"graph": {"name": "MicrosoftGraph"}}}, "'MicrosoftGraph'"),
        ({"apiProfile": "2018", "resources": [{"type": "a/b", "name": "c"}]}, "apiProfile '2018'"),
    ],
    ids=["array", "object", "number", "imports", "extensions", "profile"],
)
def test_a_form_that_is_not_here_is_named(raw: Raw, sections: Any, said: str) -> None:
    """As the template has it."""
    reply = begin(raw, {**template(), **sections})
    assert (reply.status, reply.code) == (400, "InvalidTemplate")
    assert said in reply.body["error"]["message"]


def test_a_secret_of_a_key_vault_cannot_be_had(raw: Raw) -> None:
    """Azure's code for a vault that is not there, and what to do instead."""
    what = template(parameters={"key": {"type": "securestring"}})
    body = request(what)
    vault = "/subscriptions/x/resourceGroups/y/providers/Microsoft.KeyVault/vaults/chat-vault"
    reference = {"keyVault": {"id": vault}, "secretName": "sender"}
    body["properties"]["parameters"] = {"key": {"reference": reference}}
    reply = raw("PUT", path(raw), body)
    assert (reply.status, reply.code) == (400, "KeyVaultParameterReferenceNotFound")
    assert vault in reply.body["error"]["message"] and "'sender'" in reply.body["error"]["message"]


def test_a_module_of_a_group_can_be_for_the_subscription(raw: Raw) -> None:
    """A subscription without a group, and a location: `scope: subscription()`."""
    there = {"subscriptionId": "[subscription().subscriptionId]", "location": "eastus2"}
    deploy(raw, template(nested(template(second_group()), **there)))
    at = path(raw, "inner", group="")
    assert raw("GET", at, version=VERSION).body["location"] == "eastus2"
    second = raw.group.replace("/class", "/second")
    assert raw("GET", second, version=VERSION).status == 200


@pytest.mark.parametrize("scope", ["/", "Microsoft.Management/managementGroups/all"])
def test_a_scope_above_the_subscription_is_named(raw: Raw, scope: str) -> None:
    """Tenant and management groups are not here."""
    reply = begin(raw, template(nested(template(), scope=scope)))
    assert "the tenant or a management group" in reply.body["error"]["message"]


def test_a_loop_of_no_turns_can_be_waited_for(raw: Raw) -> None:
    """And referred to: it is an empty list."""
    loop = {"name": "stores", "count": 0}
    what = template(account("store1", copy=loop), signalr("chat-1", dependsOn=["stores"]))
    deploy(raw, what)
    hubs = symbolic(
        stores=account("store1", copy=loop), chat=signalr("chat-1", dependsOn=["stores"])
    )
    hubs["outputs"] = {"all": {"type": "array", "value": "[references('stores')]"}}
    assert outputs(deploy(raw, hubs)) == {"all": []}
