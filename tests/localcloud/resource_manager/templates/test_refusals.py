"""Templates that cannot be deployed: what is said, and where."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.localcloud.resource_manager.raw import Raw
from tests.localcloud.resource_manager.templates.deploying import (
    VERSION,
    account,
    begin,
    failed,
    nested_outer,
    operations,
    path,
    signalr,
    symbolic,
    template,
)

SIGNALR = "/providers/Microsoft.SignalRService/SignalR"
GROUP = {"type": "Microsoft.Resources/resourceGroups", "apiVersion": "2025-04-01"}


def refusal(raw: Raw, what: Any, **options: Any) -> Any:
    """The error of a deployment that does not begin."""
    reply = begin(raw, what, **options)
    assert reply.status == 400, reply.body
    return reply.body["error"]


def test_a_circle_is_named_with_all_of_its_resources(raw: Raw) -> None:
    """By dependsOn, and by what refers to each other."""
    what = template(
        signalr("chat-1", dependsOn=["chatstore1"]),
        account("chatstore1", tags={"a": "b"}, dependsOn=["chat-2"]),
        signalr("chat-2", properties={"tls": "[reference('chat-1').hostName]"}),
    )
    error = refusal(raw, what)
    assert error["code"] == "InvalidTemplate"
    assert "Circular dependency detected on resource" in error["message"]
    assert all(name in error["message"] for name in ("chat-1", "chatstore1", "chat-2"))


def test_a_resource_that_is_there_twice_is_named_with_both_places(raw: Raw) -> None:
    """Whatever the case of its name."""
    error = refusal(raw, template(signalr("chat-1"), signalr("Chat-1")))
    assert "defined multiple times in a template" in error["message"]
    assert error["additionalInfo"][0]["info"]["path"] == "resources[1]"


TOO_LONG = {"copy": [{"name": "x", "count": 900, "input": "a"}]}
NAMELESS = {"namespace": "own", "members": {"twice": {"parameters": [{"type": "int"}]}}}


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (template(signalr("chat-1", dependsOn=["nobody"])), "'nobody' is not defined in the"),
        (template(signalr("chat-1/two")), "incorrect segment lengths"),
        (template(signalr("[parameters('none')]")), "The template parameter 'none' is not found"),
        (template(signalr("[reference('x').y]")), "'reference' is not expected at this location"),
        (template(signalr("chat-1", condition="maybe")), "not a boolean"),
        (template(signalr("chat-1", copy={"name": "a", "count": -1})), "from 0 to 800"),
        (template(variables={"a": "[variables('a')]"}), "depends on itself"),
        (template(variables={"a": "[add(1]"}), "variable 'a'"),
        (template(parameters={"a": {"type": "int", "defaultValue": "x"}}), "Actual 'String'"),
        (template({**GROUP, "name": "second"}), "at a subscription only"),
        (symbolic(a=signalr("chat-1", dependsOn=["b"])), "'b' is not defined in the template"),
        (template(signalr("chat-1", properties=TOO_LONG)), "from 0 to 800"),
        (template(functions=[NAMELESS]), "no list of namespaces with members"),
        ({**template(), "extensions": {"graph": {}}}, "'extensions' is not part of the local"),
    ],
)
def test_a_template_that_cannot_be_planned(raw: Raw, what: Any, words: str) -> None:
    """Each with Azure's sentence, before anything is deployed."""
    error = refusal(raw, what)
    assert error["code"] == "InvalidTemplate" and words in error["message"]


def test_an_error_has_the_line_of_the_file(raw: Raw) -> None:
    """As the Azure CLI sends a template: in its own lines, with comments, below a bare name."""
    what = template(signalr("chat-1"), signalr("chat-1", dependsOn=["chat-9"]), parameters={})
    text = json.dumps(what, indent=2).replace('"parameters"', '// none\n  "parameters"')
    body = '{"properties": {"mode": "Incremental", template:' + text + "}}"
    reply = raw("PUT", path(raw), body.encode(), version=VERSION)
    info = reply.body["error"]["additionalInfo"][0]["info"]
    lines = text.splitlines()
    second = [number for number, line in enumerate(lines, 1) if line == "    {"][1]
    assert (info["lineNumber"], info["linePosition"]) == (second, 5)


def test_a_variable_that_is_wrong_has_a_place(raw: Raw) -> None:
    """And so has the default of a parameter."""
    for section, value in (("variables", "[nothing()]"), ("parameters", "[nothing()]")):
        body = value if section == "variables" else {"type": "string", "defaultValue": value}
        info = refusal(raw, template(**{section: {"it": body}}))["additionalInfo"][0]["info"]
        assert info["path"] == f"{section}.it" and info["lineNumber"] == 1


def test_an_expression_that_fails_on_the_way_names_its_resource(raw: Raw) -> None:
    """The rest of the deployment has been made."""
    what = template(
        signalr("chat-1"),
        account("chatstore1", properties={"a": "[reference('chat-1').nothing]"}),
    )
    error = failed(raw, what)
    (detail,) = error["details"]
    assert detail["code"] == "InvalidTemplate"
    assert "expressions for resource 'chatstore1' at line '1'" in detail["message"]
    assert raw("GET", f"{raw.group}{SIGNALR}/chat-1").status == 200


def test_an_output_that_fails_is_said(raw: Raw) -> None:
    """The resources are there."""
    out = {"x": {"type": "string", "value": "[reference('chat-1').nothing]"}}
    error = failed(raw, template(signalr("chat-1"), outputs=out))
    assert error["code"] == "DeploymentOutputEvaluationFailed"
    assert operations(raw)[-1]["properties"]["provisioningState"] == "Failed"
    wrong = {"x": {"type": "int", "value": "text"}}
    error = failed(raw, template(signalr("chat-1"), outputs=wrong))
    assert "Expected 'Integer'. Actual 'String'" in error["message"]


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("[parameters('none')]", "The template parameter 'none' is not found"),
        ("[concat('a', variables('none'))]", "The template variable 'none' is not found"),
        ("[nothing('a')]", "The template function 'nothing' is not valid"),
        ("[own.nothing('a')]", "The template function 'own.nothing' is not valid"),
        ("[if(equals(parameters('none'), 1), 'a', 'b')]", "'none' is not found"),
        ("[guid()]", "requires at least 1 argument"),
    ],
)
def test_a_name_that_is_not_there_is_said_beforehand(raw: Raw, expression: str, said: str) -> None:
    """In a resource and in an output, with its place; nothing is made."""
    for what in (
        template(signalr("chat-1", tags={"a": expression})),
        template(signalr("chat-1"), outputs={"a": {"type": "string", "value": expression}}),
    ):
        reply = begin(raw, what)
        assert (reply.status, reply.code) == (400, "InvalidTemplate")
        assert said in reply.body["error"]["message"]
        (info,) = reply.body["error"]["additionalInfo"]
        assert info["info"]["lineNumber"] == 1 and info["info"]["path"]


def test_the_error_of_a_nested_deployment_is_nested(raw: Raw) -> None:
    """ResourceDeploymentFailure, DeploymentFailed within it, and the resource's own in there."""
    inner = template(signalr("chat-1", sku={"name": "Bad_S1"}))
    (first,) = failed(raw, template(nested_outer(inner)))["details"]
    assert first["code"] == "ResourceDeploymentFailure"
    (second,) = first["details"]
    assert second["code"] == "DeploymentFailed"
    assert second["details"][0]["target"].endswith("/chat-1")


@pytest.mark.parametrize(
    ("properties", "status", "words"),
    [
        ({"parametersLink": {"uri": "https://a.example/p.json"}}, 400, "opens no other address"),
        ({"extensionConfigs": {"a": {}}}, 501, "'extensionConfigs'"),
        ({"parameters": {"a": {"reference": {"secretName": "s"}}}}, 400, "Microsoft.KeyVault"),
        ({"templateLink": {"uri": "https://a.example/t.json"}}, 400, "'templateLink'"),
    ],
)
def test_what_is_not_here_is_named(raw: Raw, properties: Any, status: int, words: str) -> None:
    """With a sentence."""
    what = template(parameters={"a": {"type": "string"}})
    body = {"properties": {"mode": "Incremental", "template": what, **properties}}
    reply = raw("PUT", path(raw), body, version=VERSION)
    assert reply.status == status and words in reply.body["error"]["message"]
