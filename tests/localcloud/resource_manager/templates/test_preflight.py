"""What is refused before anything is made: names that are taken, quotas, rights; and how much."""

from __future__ import annotations

from typing import Any

import pytest

from chatkit.localcloud.resource_manager.providers import storage
from tests.localcloud.resource_manager.raw import Raw, Reply
from tests.localcloud.resource_manager.templates.deploying import (
    VERSION,
    account,
    begin,
    deploy,
    nested,
    path,
    request,
    signalr,
    template,
)

FREE = {"name": "Free_F1", "capacity": 1}
LOOP = {"name": "hubs", "count": "[parameters('count')]"}


def free(count: int) -> dict[str, Any]:
    """A template of instances of the Free tier."""
    return template(
        signalr("[concat('free-', copyIndex())]", sku=FREE, copy=LOOP),
        parameters={"count": {"type": "int", "defaultValue": count}},
    )


def codes(reply: Reply) -> list[str]:
    """The refusals of resources."""
    assert (reply.status, reply.code) == (400, "InvalidTemplateDeployment"), reply.body
    return [one["code"] for one in reply.body["error"]["details"]]


def validate(raw: Raw, what: Any, level: str = "") -> Reply:
    """Ask whether a template can be deployed."""
    body = request(what)
    if level:
        body["properties"]["validationLevel"] = level
    return raw("POST", path(raw) + "/validate", body, version=VERSION)


def test_free_instances_are_counted_with_those_of_the_template(raw: Raw) -> None:
    """Five in a region: a sixth is refused, whether they are there, planned or within."""
    assert codes(begin(raw, free(6))) == ["FreeTierQuotaExceeded"]
    assert codes(validate(raw, free(7))) == ["FreeTierQuotaExceeded"] * 2
    more = nested(template(signalr("free-9", sku=FREE)))
    what = free(5)
    what["resources"].append(more)
    assert codes(begin(raw, what)) == ["InvalidTemplateDeployment"]
    assert raw("GET", f"{raw.group}/resources").body["value"] == []
    deploy(raw, free(5))
    deploy(raw, free(5))  # they are there, and are no new ones
    assert codes(validate(raw, template(signalr("free-9", sku=FREE)))) == ["FreeTierQuotaExceeded"]
    west = signalr("free-9", sku=FREE, location="westus2")
    assert validate(raw, template(west)).status == 200


def test_storage_accounts_are_counted(raw: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    """By region, in a deployment and on their own."""
    monkeypatch.setattr(storage, "ACCOUNT_LIMIT", 1)
    limit = "MaxStorageAccountsCountPerSubscriptionExceeded"
    assert codes(begin(raw, template(account("one1"), account("two2")))) == [limit]
    deploy(raw, template(account("one1")))
    url = f"{raw.group}/providers/Microsoft.Storage/storageAccounts/two2"
    body = {"location": "eastus2", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    reply = raw("PUT", url, body)
    assert (reply.status, reply.code) == (409, limit)


def test_a_name_that_another_group_has_is_taken(raw: Raw) -> None:
    """Names of accounts and instances are global."""
    subscription = raw.group.removesuffix("/resourceGroups/class")
    other = f"{subscription}/resourceGroups/other"
    raw("PUT", other, {"location": "eastus2"}, version=VERSION)
    deploy(raw, template(account("one1"), signalr("chat-1")), group="other")
    reply = begin(raw, template(account("one1"), signalr("chat-1")))
    assert codes(reply) == ["StorageAccountAlreadyTaken", "BadArgument"]


def test_how_much_is_looked_at_can_be_said(raw: Raw) -> None:
    """`validationLevel`: the template alone takes what a provider would refuse."""
    bad = template(account("Bad_Name"))
    assert codes(validate(raw, bad)) == ["AccountNameInvalid"]
    assert codes(validate(raw, bad, "ProviderNoRbac")) == ["AccountNameInvalid"]
    assert validate(raw, bad, "Template").status == 200
    assert validate(raw, bad, "Everything").code == "InvalidRequestContent"
