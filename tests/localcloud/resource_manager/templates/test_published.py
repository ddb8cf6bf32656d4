"""Templates that Microsoft publishes for the chat's services: each deploys, or names what is not.

Eight of them: SignalR, storage account, container, static website, Consumption on Linux and
Windows, Flex Consumption by a system-assigned and by a user-assigned identity.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.localcloud.resource_manager.raw import Raw
from tests.localcloud.resource_manager.templates import published
from tests.localcloud.resource_manager.templates.deploying import begin, deploy, outputs

FLEX = {
    "functionPlanName": "plan-1",
    "functionAppName": "chat-api",
    "storageAccountName": "chatstore1",
}


@pytest.mark.parametrize(
    ("what", "parameters", "count"),
    [
        (published.signalr(), {"serviceMode": "Serverless"}, 1),
        (published.storage_account(), {}, 1),
        (published.blob_container(), {"account": "chatstore1"}, 3),
        (published.consumption(), {}, 4),
        (published.consumption("functionapp"), {}, 4),
        (published.flex(), FLEX, 8),
        (published.flex_with_identity(), FLEX, 10),
    ],
    ids=["signalr", "account", "container", "linux", "windows", "flex", "flex-identity"],
)
def test_it_deploys(raw: Raw, what: Any, parameters: Any, count: int) -> None:
    """Once, and once more over what is there."""
    for _ in range(2):
        made = deploy(raw, what, **parameters)
        assert len(made["properties"]["outputResources"]) == count


def test_what_is_not_here_is_named(raw: Raw) -> None:
    """And nothing is made."""
    reply = begin(raw, published.static_website())
    assert (reply.status, reply.code) == (400, "InvalidTemplateDeployment")
    (detail,) = reply.body["error"]["details"]
    assert "deploymentScripts" in detail["target"]
    assert "The local cloud has" in detail["message"]
    assert raw("GET", f"{raw.group}/resources").body["value"] == []


def test_the_static_website_deploys_without_its_script(raw: Raw) -> None:
    """The website itself is switched on with the data plane, in Azure and here."""
    what = published.without(published.static_website(), "Microsoft.Resources/deploymentScripts")
    assert "staticWebsiteUrl" in outputs(deploy(raw, what))
