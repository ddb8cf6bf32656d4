"""Templates that ask for too much, or try to get out what is secret."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.attacks.templates import (
    ELSEWHERE,
    READING,
    SECRET_PLACES,
    SECRETS,
    TOO_MUCH,
    out,
)
from tests.localcloud.resource_manager.gateway.test_arm_rights import two_groups, with_role
from tests.localcloud.resource_manager.raw import Raw, Reply
from tests.localcloud.resource_manager.templates.deploying import (
    VERSION,
    begin,
    deploy,
    ended,
    failed,
    nested,
    outputs,
    path,
    request,
    signalr,
    template,
)

__all__ = ["two_groups"]
SECRET = "correct horse battery"
REFUSALS = (
    "exceeds the limit of a template",
    "take more than 200000 steps",
    "could not be deserialized",
    "hold 9999 values",
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


@pytest.mark.parametrize("name", TOO_MUCH)
@pytest.mark.slow
def test_a_template_that_asks_for_too_much_is_refused(raw: Raw, name: str) -> None:
    """In bounded time, and the local cloud goes on."""
    begun = time.process_time()
    reply = begin(raw, TOO_MUCH[name])
    assert time.process_time() - begun < 20
    assert reply.status == 400
    assert any(words in str(reply.body["error"]) for words in REFUSALS), reply.body
    assert raw("GET", raw.group).status == 200


@pytest.mark.parametrize("place", SECRET_PLACES)
def test_a_secure_value_is_not_shown(raw: Raw, place: str) -> None:
    """Neither by a deployment nor by what only looks at it."""
    body = request(SECRET_PLACES[place], **SECRETS)
    validated = raw("POST", path(raw) + "/validate", body, version=VERSION)
    predicted = raw("POST", path(raw) + "/whatIf", body, version=VERSION)
    told = [validated.body, raw("GET", predicted.headers["Location"]).body]
    told.append(told_of(raw, SECRET_PLACES[place], "main", **SECRETS))
    assert "horse" not in json.dumps(told)


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
        told = told_of(raw, what, f"main-{number}", password=SECRET)
        assert "'Succeeded'" not in str(told), expression
        assert SECRET not in str(told), expression


def told_of(raw: Raw, what: Any, name: str, **values: str) -> Any:
    """All that is told of a deployment, and of a deployment `inner` within it."""
    reply = begin(raw, what, name, **values)
    told = [reply.body]
    if reply.status == 400:
        return told
    told.append(ended(raw, reply))
    for one in (path(raw, name), path(raw, "inner")):
        told += [raw("GET", one + end, version=VERSION).body for end in ("", "/operations")]
        told.append(raw("POST", one + "/exportTemplate", version=VERSION).body)
    return told


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
    outer = nested(inner)
    del outer["properties"]["expressionEvaluationOptions"], outer["properties"]["parameters"]
    values = {"looks": "[concat('a')]", "half": "[a", "twice": "[[b]"}
    deploy(
        raw,
        template(outer, parameters={name: {"type": "string"} for name in values}),
        **values,
    )
    assert outputs(raw("GET", path(raw, "inner"), version=VERSION).body) == values


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_template_does_not_reach_another_group(two_groups: Raw, name: str) -> None:
    """Its resources are asked for with the rights of who deploys, before anything is made."""
    robot = with_role(two_groups.cloud, "Owner", two_groups.group)
    what = template(signalr("chat-1"), ELSEWHERE[name])
    reply = begin(robot, what)
    assert (reply.status, reply.code) == (400, "InvalidTemplateDeployment"), reply.body
    assert "AuthorizationFailed" in str(reply.body["error"]["details"])
    made = f"{two_groups.group}/providers/Microsoft.SignalRService/SignalR/chat-1"
    assert two_groups("GET", made).status == 404


@pytest.mark.parametrize("name", READING)
def test_an_output_reads_nothing_of_another_group(two_groups: Raw, name: str) -> None:
    """The deployment fails, and shows nothing."""
    robot = with_role(two_groups.cloud, "Owner", two_groups.group)
    error = failed(robot, template(outputs={"o": out(READING[name])}))
    assert error["code"] == "AuthorizationFailed"
    shown = robot("GET", path(robot), version=VERSION).body["properties"]
    assert "outputs" not in shown


@pytest.mark.parametrize(
    "what",
    ["read", "operations", "template", "result of a what-if", "deploy", "cancel", "delete"],
)
def test_a_deployment_of_another_group_is_closed(two_groups: Raw, what: str) -> None:
    """For who owns a group beside it."""
    other = path(two_groups, group="other")
    deploy(two_groups, template(), group="other")
    robot = with_role(two_groups.cloud, "Owner", two_groups.group)
    assert attempt(robot, two_groups, other, what).code == "AuthorizationFailed"
    assert two_groups("GET", other, version=VERSION).status == 200


def attempt(robot: Raw, owner: Raw, other: str, what: str) -> Reply:
    """One request for a deployment of the group "other"."""
    match what:
        case "read":
            return robot("GET", other, version=VERSION)
        case "operations":
            return robot("GET", other + "/operations", version=VERSION)
        case "template":
            return robot("POST", other + "/exportTemplate", version=VERSION)
        case "deploy":
            return robot("PUT", other, request(template()), version=VERSION)
        case "cancel":
            return robot("POST", other + "/cancel", version=VERSION)
        case "delete":
            return robot("DELETE", other, version=VERSION)
    predicted = owner("POST", other + "/whatIf", request(template()), version=VERSION)
    return robot("GET", predicted.headers["Location"])
