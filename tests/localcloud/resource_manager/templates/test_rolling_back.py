"""`onErrorDeployment`: what a failed deployment does with an earlier one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.localcloud.resource_manager.raw import Raw, Reply
from tests.localcloud.resource_manager.templates.deploying import (
    VERSION,
    deploy,
    ended,
    nested,
    path,
    request,
    signalr,
    template,
    unknown_principal,
)

LAST = {"type": "LastSuccessful"}
UNITS = {"units": {"type": "int", "defaultValue": 1}}
BAD = template(signalr("chat-2"), unknown_principal())


def chat(**parameters: Any) -> dict[str, Any]:
    """A hub with some units."""
    sku = {"name": "Standard_S1", "capacity": "[parameters('units')]"}
    return template(signalr("chat-1", sku=sku), parameters={**UNITS, **parameters})


def put(raw: Raw, what: Any, on_error: Any, name: str = "second") -> Reply:
    """Begin a deployment that rolls back."""
    body = request(what)
    body["properties"]["onErrorDeployment"] = on_error
    return raw("PUT", path(raw, name), body, version=VERSION)


def hubs(raw: Raw) -> list[tuple[str, int]]:
    """What is there: names and units."""
    found = raw("GET", f"{raw.group}/providers/Microsoft.SignalRService/SignalR").body["value"]
    return [(one["name"], one["sku"]["capacity"]) for one in found]


@pytest.mark.parametrize(
    "on_error", [LAST, {"type": "SpecificDeployment", "deploymentName": "first"}]
)
def test_an_earlier_deployment_is_run_again(raw: Raw, on_error: Any) -> None:
    """With its parameters and in complete mode: what the failed one has made goes."""
    deploy(raw, chat(), "first", units=5)
    status = ended(raw, put(raw, BAD, on_error))
    assert status["status"] == "Failed"
    assert [one["code"] for one in status["error"]["details"]] == ["PrincipalNotFound"]
    shown = raw("GET", path(raw, "second"), version=VERSION).body["properties"]
    assert shown["onErrorDeployment"] == {
        "type": on_error["type"],
        "deploymentName": "first",
        "provisioningState": "Succeeded",
    }
    assert hubs(raw) == [("chat-1", 5)]
    first = raw("GET", path(raw, "first"), version=VERSION).body["properties"]
    assert (first["mode"], first["provisioningState"]) == ("Complete", "Succeeded")


def test_a_deployment_that_succeeds_does_not_roll_back(raw: Raw) -> None:
    """It says what it would have run."""
    deploy(raw, chat(), "first")
    assert ended(raw, put(raw, template(signalr("chat-2")), LAST))["status"] == "Succeeded"
    shown = raw("GET", path(raw, "second"), version=VERSION).body["properties"]
    assert shown["onErrorDeployment"]["provisioningState"] == "NotSpecified"
    assert hubs(raw) == [("chat-1", 1), ("chat-2", 1)]


def test_without_an_earlier_one_that_is_said(raw: Raw) -> None:
    """The failure comes first."""
    status = ended(raw, put(raw, BAD, LAST))
    codes = [one["code"] for one in status["error"]["details"]]
    assert codes == ["PrincipalNotFound", "OnErrorDeploymentNotFound"]
    assert hubs(raw) == [("chat-2", 1)]


@pytest.mark.parametrize(
    ("on_error", "said"),
    [
        ({"type": "SpecificDeployment", "deploymentName": "none"}, "could not be found"),
        ({"type": "SpecificDeployment", "deploymentName": "second"}, "could not be found"),
        ({"type": "SpecificDeployment"}, "'type' is LastSuccessful"),
        ({"type": "LastSuccessful", "deploymentName": "first"}, "'type' is LastSuccessful"),
        ({"type": "FirstOne"}, "'type' is LastSuccessful"),
        ("LastSuccessful", "'type' is LastSuccessful"),
    ],
)
def test_what_cannot_be_rolled_back_to_is_refused(raw: Raw, on_error: Any, said: str) -> None:
    """Before anything is made, and when it is validated."""
    deploy(raw, chat(), "first")
    reply = put(raw, BAD, on_error)
    assert (reply.status, reply.code) == (400, "InvalidOnErrorDeployment")
    assert said in reply.body["error"]["message"]
    body = request(BAD)
    body["properties"]["onErrorDeployment"] = on_error
    reply = raw("POST", path(raw, "second") + "/validate", body, version=VERSION)
    assert reply.code == "InvalidOnErrorDeployment"


def test_secure_values_cannot_be_deployed_again(raw: Raw) -> None:
    """They are not kept, so that deployment cannot be run as it was."""
    deploy(raw, chat(key={"type": "securestring"}), "first", key="a-key")
    reply = put(raw, BAD, LAST)
    assert reply.code == "InvalidOnErrorDeployment"
    assert "secure parameters" in reply.body["error"]["message"]


def test_a_subscription_and_a_nested_deployment_have_none(raw: Raw) -> None:
    """As in Azure: the root, and a group, alone."""
    body = {**request(template()), "location": "eastus2"}
    body["properties"]["onErrorDeployment"] = LAST
    reply = raw("PUT", path(raw, group=""), body, version=VERSION)
    assert "resource group alone" in reply.body["error"]["message"]
    inner = nested(template())
    inner["properties"]["onErrorDeployment"] = LAST
    begun = raw("PUT", path(raw), request(template(inner)), version=VERSION)
    assert "has no 'onErrorDeployment'" in str(ended(raw, begun)["error"])


def test_a_template_has_a_hash_without_its_secrets(raw: Raw) -> None:
    """The same for the same template; a secure default does not change it, another word does."""

    def hashed(default: str, name: str = "chat-1") -> Any:
        key = {"key": {"type": "securestring", "defaultValue": default}}
        what = template(signalr(name), parameters=key)
        url = "/providers/Microsoft.Resources/calculateTemplateHash"
        return raw("POST", url, what, version=VERSION).body

    first = hashed("one-secret")
    assert first["templateHash"].isdigit() and first["minifiedTemplate"].startswith('{"$schema":')
    assert hashed("other-secret")["templateHash"] == first["templateHash"]
    assert hashed("one-secret", "chat-2")["templateHash"] != first["templateHash"]
    key = {"key": {"type": "securestring", "defaultValue": "one-secret"}}
    made = deploy(raw, template(signalr("chat-1"), parameters=key))
    assert made["properties"]["templateHash"] == first["templateHash"]
