"""A resource group as a template, which makes the same in another group."""

from __future__ import annotations

from typing import Any

import pytest

from tests.localcloud.resource_manager.raw import Raw
from tests.localcloud.resource_manager.templates import published
from tests.localcloud.resource_manager.templates.deploying import (
    account,
    deploy,
    signalr,
    template,
)


def export(raw: Raw, *ids: str, options: str = "") -> Any:
    """The template of the group "class", or of some of its resources."""
    body = {"resources": [*ids] or ["*"], "options": options}
    reply = raw("POST", f"{raw.group}/exportTemplate", body)
    assert reply.status == 202, reply.body
    return raw("GET", reply.headers["Location"]).body["template"]


def fill(raw: Raw) -> None:
    """An app on Flex Consumption with its account and container, and a SignalR instance."""
    what = published.flex_with_identity()
    names = {"functionPlanName": "plan-1", "storageAccountName": "chatstore1"}
    deploy(raw, what, functionAppName="chat-api", **names)
    deploy(raw, template(signalr("chat-1", tags={"course": "chat"}, kind="SignalR")))


def test_an_export_makes_the_same_in_another_group(raw: Raw) -> None:
    """With other names, in an order of its own, and nothing that Azure decides itself."""
    fill(raw)
    what = export(raw)
    kinds = sorted({one["type"] for one in what["resources"]})
    assert "Microsoft.Web/sites" in kinds and "Microsoft.SignalRService/SignalR" in kinds
    assert "Microsoft.Storage/storageAccounts/blobServices/containers" in kinds
    names = {name: _other(name) for name in what["parameters"]}
    raw("PUT", raw.group.replace("class", "second"), {"location": "eastus2"})
    made = deploy(raw, what, "copy", group="second", **names)
    assert len(made["properties"]["outputResources"]) == len(what["resources"])
    again = raw("GET", f"{raw.group.replace('class', 'second')}/resources").body["value"]
    first = raw("GET", f"{raw.group}/resources").body["value"]
    assert sorted(one["type"] for one in again) == sorted(one["type"] for one in first)


def _other(name: str) -> str:
    """Another name for a resource of the group."""
    return "chatstore2" if name.startswith("storageAccounts_") else f"{name.split('_')[0]}-two"


def test_a_template_spec_keeps_its_template(raw: Raw) -> None:
    """Expressions of the template in it stay what they are."""
    inner = template(signalr("[parameters('chat')]"), parameters={"chat": {"type": "string"}})
    type_ = "Microsoft.Resources/templateSpecs"
    spec = {"type": type_, "apiVersion": "2022-02-01", "name": "chat", "location": "eastus2"}
    version = {
        **spec,
        "type": f"{type_}/versions",
        "name": "chat/1.0",
        "properties": {"mainTemplate": escaped(inner)},
        "dependsOn": [f"[resourceId('{type_}', 'chat')]"],
    }
    deploy(raw, template(spec, version))
    raw("PUT", raw.group.replace("class", "second"), {"location": "eastus2"})
    deploy(raw, export(raw), "copy", group="second", templateSpecs_chat_name="copied")
    url = f"{raw.group.replace('class', 'second')}/providers/{type_}/copied/versions/1.0"
    shown = raw("GET", url, version="2022-02-01").body
    assert shown["properties"]["mainTemplate"] == inner


def escaped(value: Any) -> Any:
    """A value whose texts are no expressions of the template around it."""
    if isinstance(value, dict):
        return {name: escaped(one) for name, one in value.items()}
    if isinstance(value, list):
        return [escaped(one) for one in value]
    return f"[{value}" if isinstance(value, str) and value.startswith("[") else value


def test_resources_refer_to_each_other(raw: Raw) -> None:
    """By expressions, which are an order, too; read-only properties are left out."""
    fill(raw)
    (site,) = [one for one in export(raw)["resources"] if one["type"] == "Microsoft.Web/sites"]
    farm = "[resourceId('Microsoft.Web/serverFarms', parameters('serverFarms_plan_1_name'))]"
    assert site["properties"]["serverFarmId"] == farm
    assert farm in site["dependsOn"]
    assert site["name"] == "[parameters('sites_chat_api_name')]"
    assert "defaultHostName" not in site["properties"] and "id" not in site
    assert "principalId" not in str(site["identity"])


def test_some_resources_and_options(raw: Raw) -> None:
    """By id; names as they are, defaults for parameters, comments."""
    deploy(raw, template(signalr("chat-1"), account("chatstore1")))
    chat = f"{raw.group}/providers/Microsoft.SignalRService/SignalR/chat-1"
    plain = export(raw, chat, options="SkipAllParameterization,IncludeComments")
    (one,) = plain["resources"]
    assert one["name"] == "chat-1" and chat in one["comments"] and plain["parameters"] == {}
    named = export(raw, chat, options="IncludeParameterDefaultValue")
    assert named["parameters"] == {
        "SignalR_chat_1_name": {"type": "String", "defaultValue": "chat-1"}
    }


def test_no_secret_is_exported(raw: Raw) -> None:
    """Neither keys nor app settings."""
    deploy(raw, published.consumption())
    text = str(export(raw))
    assert "AccountKey" not in text and "appSettings" not in text


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"resources": ["/subscriptions/x"]}, 400),
        ({"resources": "*"}, 400),
        ({"options": "Everything"}, 400),
        ({"outputFormat": "Bicep"}, 501),
    ],
)
def test_what_cannot_be_exported_is_refused(raw: Raw, body: Any, status: int) -> None:
    """With a sentence."""
    assert raw("POST", f"{raw.group}/exportTemplate", body).status == status
    assert raw("GET", f"{raw.group}/exportTemplateResults/none").status == 404
