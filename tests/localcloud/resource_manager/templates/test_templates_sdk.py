"""azure-mgmt-resource-deployments, sync and aio, unmodified."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.resource.deployments import DeploymentsMgmtClient
from azure.mgmt.resource.deployments.aio import DeploymentsMgmtClient as AioClient

from tests.localcloud.credentials import aio_credential_of
from tests.localcloud.resource_manager.arm_cloud import Clients, LocalCloud
from tests.localcloud.resource_manager.templates import published
from tests.localcloud.resource_manager.templates.deploying import (
    account,
    request,
    second_group,
    signalr,
    template,
)

OUT = {"host": {"type": "string", "value": "[reference('chat-1').hostName]"}}


def test_the_sync_client_does_everything(cloud: LocalCloud, clients: Clients) -> None:
    """Validate, what-if, create, list, show, operations, export, delete."""
    with cloud.client(DeploymentsMgmtClient) as client:
        at = ("class", "main")
        body = request(template(signalr("chat-1"), outputs=OUT))
        assert client.deployments.begin_validate(*at, body).result().error is None
        changes = client.deployments.begin_what_if(*at, body).result().properties.changes
        assert [one.change_type for one in changes] == ["Create"]
        made = client.deployments.begin_create_or_update(*at, body).result()
        assert made.properties.provisioning_state == "Succeeded"
        assert made.properties.outputs["host"]["type"] == "String"
        hashed = client.deployments.calculate_template_hash(body["properties"]["template"])
        assert hashed.template_hash == made.properties.template_hash
        assert client.deployments.check_existence(*at)
        assert [one.name for one in client.deployments.list_by_resource_group("class")] == ["main"]
        operations = [*client.deployment_operations.list(*at)]
        assert {one.properties.provisioning_state for one in operations} == {"Succeeded"}
        first = client.deployment_operations.get(*at, operations[0].operation_id)
        assert first.properties.target_resource.resource_name == "chat-1"
        exported = client.deployments.export_template(*at).template
        assert exported == body["properties"]["template"]
        with pytest.raises(HttpResponseError) as caught:
            client.deployments.cancel(*at)
        assert caught.value.status_code == 409
        client.deployments.begin_delete(*at).result()
        assert not client.deployments.check_existence(*at)


def test_an_error_is_nested_in_the_exception(cloud: LocalCloud, clients: Clients) -> None:
    """As azure-core reads it: a code, and details with each resource's own."""
    with cloud.client(DeploymentsMgmtClient) as client:
        bad = request(template(signalr("chat-1", sku={"name": "Bad_S1"})))
        with pytest.raises(HttpResponseError) as caught:
            client.deployments.begin_create_or_update("class", "main", bad).result()
        error = caught.value.error
        assert error is not None and error.code == "DeploymentFailed"
        assert error.details[0].code == "InvalidParameter"
        bad = request(template(account("Bad_Name")))
        with pytest.raises(HttpResponseError) as caught:
            client.deployments.begin_validate("class", "main", bad)
        error = caught.value.error
        assert error is not None and error.code == "InvalidTemplateDeployment"
        assert error.details[0].code == "AccountNameInvalid"


def test_a_group_is_exported_by_the_client_of_resources(
    clients: Clients, cloud: LocalCloud
) -> None:
    """azure-mgmt-resource has that operation."""
    with cloud.client(DeploymentsMgmtClient) as client:
        body = request(published.storage_account())
        client.deployments.begin_create_or_update("class", "main", body).result()
    asked = {"resources": ["*"], "options": "IncludeParameterDefaultValue"}
    made = clients.resources.resource_groups.begin_export_template("class", asked).result()
    assert [one["type"] for one in made.template["resources"]][0] == (
        "Microsoft.Storage/storageAccounts"
    )


def test_the_aio_client_at_the_subscription(cloud: LocalCloud, clients: Clients) -> None:
    """The same wire, awaited."""
    known = cloud.endpoints
    group = second_group()
    body: Any = {**request(template(group)), "location": "eastus2"}

    async def work() -> list[str]:
        credential = aio_credential_of(known)
        client = AioClient(
            credential,
            known["subscription_id"],
            base_url=known["resource_manager"],
            credential_scopes=["https://management.azure.com/.default"],
            connection_verify=known["ca_file"],
            polling_interval=1,
        )
        async with credential, client:
            poller = await client.deployments.begin_what_if_at_subscription_scope("all", body)
            result: Any = await poller.result()
            made = await client.deployments.begin_create_or_update_at_subscription_scope(
                "all", body
            )
            await made.result()
            hashed = await client.deployments.calculate_template_hash(
                body["properties"]["template"]
            )
            assert hashed.template_hash
            assert await client.deployments.check_existence_at_subscription_scope("all")
            exported = await client.deployments.export_template_at_subscription_scope("all")
            assert exported.template == body["properties"]["template"]
            listed = client.deployments.list_at_subscription_scope()
            names = [one.name async for one in listed]
            changes: list[str] = [one.change_type for one in result.properties.changes]
            return changes + [str(name) for name in names]

    assert asyncio.run(work()) == ["Create", "all"]
    assert clients.resources.resource_groups.get("second").location == "westus2"
