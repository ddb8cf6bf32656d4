"""What is kept of a request: enough to send it again, and no secret."""

from __future__ import annotations

import json

import pytest
from azure.mgmt.web.models import StringDictionary

from chatkit.cloud.calls import Calls
from chatkit.cloud.connection import Cloud
from chatkit.cloud.how.masking import mask_body, mask_url
from chatkit.cloud.how.requests import ResourcePath
from chatkit.cloud.provision.signalr import create_signalr
from chatkit.cloud.stack import Stack
from tests.cloud.fake_azure import FakeAzure

KEY = "a2V5LWtleS1rZXkta2V5LWtleS1rZXkta2V5LWtleT0="
CONNECTION = f"Endpoint=https://x.service.signalr.net;AccessKey={KEY};Version=1.0;"


def test_a_request_is_kept_as_it_was_sent(azure: FakeAzure, stack: Stack) -> None:
    """Method, whole URL and body, beside the SDK's method and its arguments."""
    azure.on("POST", "checkNameAvailability", (200, {"nameAvailable": True}, {}))
    azure.on("GET", "usages", (200, {"value": []}, {}))
    azure.on("PUT", "signalR/chatkit-x", (200, {"properties": {}}, {}))
    create_signalr(stack)
    (sent,) = azure.sent("PUT")
    kept = next(one for one in stack.calls.requests if one.changes_something)
    assert kept.operation == "SignalROperations.begin_create_or_update"
    assert kept.arguments == ("g", "chatkit-x") and kept.method == "PUT"
    assert kept.url == f"https://management.azure.com/{sent.path}"
    assert kept.body == sent.body and kept.api_version == "2023-02-01"


def test_what_is_only_noted_is_not_sent(azure: FakeAzure, cloud: Cloud, calls: Calls) -> None:
    """It is no call either: the cell shows those that were made."""
    calls.would_call(cloud.resources().providers.register, "Microsoft.Web")
    assert azure.seen == [] and calls.made == ()
    (kept,) = calls.requests
    assert kept.method == "POST" and kept.path.endswith("/Microsoft.Web/register")


def test_no_secret_of_the_settings_is_kept(azure: FakeAzure, stack: Stack) -> None:
    """They may hold anything: only what is known to be none is kept."""
    azure.on("PUT", "config/appsettings", (200, {"properties": {}}, {}))
    secrets = {
        "AzureSignalRConnectionString": CONNECTION,
        "AzureWebJobsStorage": f"AccountName=a;AccountKey={KEY}",
        "MICROSOFT_PROVIDER_AUTHENTICATION_SECRET": "s3cr3t-of-carol",
        "MY_OWN": "hunter2",
    }
    plain = {"AzureSignalRConnectionString__serviceUri": "https://x.service.signalr.net"}
    stack.calls.call(
        stack.cloud.web().web_apps.update_application_settings,
        "g",
        "site",
        StringDictionary(properties={**secrets, **plain}),
    )
    (kept,) = stack.calls.requests
    assert kept.body is not None and kept.body["properties"] == {
        "AzureSignalRConnectionString": "<connection string of the SignalR instance>",
        "AzureWebJobsStorage": "<connection string of the storage account>",
        "MICROSOFT_PROVIDER_AUTHENTICATION_SECRET": "<client secret>",
        "MY_OWN": "<value of MY_OWN>",
        **plain,
    }
    assert not [value for value in secrets.values() if value in repr(kept)]


@pytest.mark.parametrize(
    "body",
    [
        {"properties": {"siteConfig": {"appSettings": [{"name": "MY_OWN", "value": "hunter2"}]}}},
        {"properties": {"siteConfig": {"connectionStrings": [{"name": "a", "value": "hunter2"}]}}},
        {"passwordCredential": {"secretText": "hunter2"}},
        {"properties": {"primaryKey": "hunter2", "clientSecret": "hunter2"}},
        {"properties": {"list": [["Bearer hunter2"], {"password": "hunter2"}]}},
        {"properties": {"somewhere": "https://x/?sig=hunter2"}},
    ],
)
def test_no_secret_of_another_body_is_kept(body: dict[str, object]) -> None:
    """By the kind of the field, and by the form of the text."""
    assert "hunter2" not in json.dumps(mask_body(body, "/subscriptions/s/x"))


def test_no_secure_value_of_a_deployment_is_kept() -> None:
    """Whatever it is called; expressions of its template stay as they are."""
    key = "[format('AccountKey={0}', listKeys('account', '2025-08-01').keys[0].value)]"
    parameters = {"clientSecret": {"type": "securestring"}, "pin": {"type": "SecureObject"}}
    template = {
        "parameters": parameters,
        "resources": [{"properties": {"a": key, "b": CONNECTION}}],
    }
    given = {
        "CLIENTSECRET": {"value": "s3cr3t"},
        "pin": {"value": {"x": 1}},
        "plan": {"value": "p"},
    }
    path = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Resources/deployments/chat/whatIf"
    body = {"properties": {"mode": "Incremental", "template": template, "parameters": given}}
    kept = mask_body(body, path)["properties"]
    assert kept["parameters"] == {
        "CLIENTSECRET": {"value": "<client secret>"},
        "pin": {"value": "<secret>"},
        "plan": {"value": "p"},
    }
    assert kept["template"]["resources"] == [{"properties": {"a": key, "b": "<secret>"}}]
    assert kept["template"]["parameters"] == parameters


@pytest.mark.parametrize(
    "declared",
    [
        {"type": "securestring", "defaultValue": "hunter2"},
        {"type": "secureObject", "defaultValue": {"x": "hunter2"}},
        {"type": "object", "properties": {"x": {"type": "securestring"}}},
        {"type": "array", "items": {"$ref": "#/definitions/pin"}},
        {"$ref": "#/definitions/pin"},
    ],
)
def test_no_value_of_a_type_with_a_secure_part_is_kept(declared: dict[str, object]) -> None:
    """Also by reference, within an object, and as the default that the template has."""
    definitions = {"pin": {"type": "securestring"}}
    template = {"definitions": definitions, "parameters": {"room": declared}}
    given = {"room": {"value": {"x": "hunter2"}}}
    path = "/subscriptions/s/providers/Microsoft.Resources/deployments/chat"
    kept = mask_body({"properties": {"template": template, "parameters": given}}, path)
    assert kept["properties"]["parameters"] == {"room": {"value": "<secret>"}}
    assert "hunter2" not in str(kept)


@pytest.mark.parametrize("properties", [{"template": []}, {"parameters": 1}, {"template": {}}])
def test_a_deployment_that_is_none_is_kept_as_it_is(properties: dict[str, object]) -> None:
    """What Azure refuses is told, too."""
    path = "/subscriptions/s/providers/Microsoft.Resources/deployments/chat"
    assert mask_body({"properties": properties}, path) == {"properties": properties}


def test_no_secret_of_an_address_is_kept() -> None:
    """Signatures and keys in its query."""
    assert "hunter2" not in mask_url("https://a.blob.example/c/b?sv=1&sig=hunter2")
    assert "hunter2" not in mask_url("https://a.example/api/x?code=hunter2&y=1")


def test_a_path_says_type_and_name() -> None:
    """As a template has them, and for a role the resource that it is about."""
    web = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/a"
    parsed = ResourcePath.parse(f"{web}/config/web")
    assert parsed == ResourcePath("g", "Microsoft.Web/sites/config", ("a", "web"))
    role = f"{web}/providers/Microsoft.Authorization/roleAssignments/r"
    found = ResourcePath.parse(role)
    assert found is not None and found.scope == "Microsoft.Web/sites/a" and found.name == "r"
    group = ResourcePath.parse("/subscriptions/s/resourcegroups/g")
    assert group is not None and group.type == "Microsoft.Resources/resourceGroups"
    assert ResourcePath.parse("/v1.0/applications") is None
