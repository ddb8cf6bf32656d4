"""The asynchronous Python clients (aiohttp) do the tutorial's job on the same local cloud."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.resource.resources.aio import ResourceManagementClient
from azure.mgmt.signalr.aio import SignalRManagementClient
from azure.mgmt.storage.aio import StorageManagementClient
from azure.mgmt.web.aio import WebSiteManagementClient
from azure.storage.blob import ContentSettings
from azure.storage.blob.aio import BlobServiceClient

from chatkit.localcloud.cloud import LocalCloud
from tests.localcloud.credentials import aio_credential_of

GROUP = "aio"
HUB = "aio-signalr"
ACCOUNT = "aiostore1"
PLAN = "aio-plan"
SITE = "aio-site"
SERVERLESS = {"flag": "ServiceMode", "value": "Serverless"}
WEBSITE = {"enabled": True, "indexDocument": "index.html"}
FLEX = {"name": "FC1", "tier": "FlexConsumption"}


class Clients:
    """Every client of the tutorial, and its credential, to be closed together."""

    def __init__(self, known: dict[str, Any]) -> None:
        self.verify: dict[str, Any] = {"connection_verify": str(known["ca_file"])}
        self.credential = aio_credential_of(known)
        options = {
            "base_url": known["resource_manager"],
            "credential_scopes": ["https://management.azure.com/.default"],
            "polling_interval": 0,
            **self.verify,
        }
        who = (self.credential, known["subscription_id"])
        self.resources: Any = ResourceManagementClient(*who, **options)
        self.signalr: Any = SignalRManagementClient(*who, **options)
        self.storage: Any = StorageManagementClient(*who, **options)
        self.web: Any = WebSiteManagementClient(*who, **options)

    async def close(self) -> None:
        """Close all."""
        for client in (self.resources, self.signalr, self.storage, self.web, self.credential):
            await client.close()


async def done(begun: Any) -> Any:
    """Wait for a long operation: its start is awaited, then its end."""
    return await (await begun).result()


async def provision(clients: Clients) -> Any:
    """Group, then instance, account and plan at the same time, then the site."""
    for namespace in ("Microsoft.SignalRService", "Microsoft.Storage", "Microsoft.Web"):
        await clients.resources.providers.register(namespace)
    place = {"location": "eastus2"}
    await clients.resources.resource_groups.create_or_update(GROUP, place)
    instance = {
        **place,
        "kind": "SignalR",
        "sku": {"name": "Free_F1"},
        "properties": {"features": [SERVERLESS]},
    }
    account = {**place, "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    plan = {**place, "kind": "functionapp", "sku": FLEX, "properties": {"reserved": True}}
    _, made, farm = await asyncio.gather(
        done(clients.signalr.signal_r.begin_create_or_update(GROUP, HUB, instance)),
        done(clients.storage.storage_accounts.begin_create(GROUP, ACCOUNT, account)),
        done(clients.web.app_service_plans.begin_create_or_update(GROUP, PLAN, plan)),
    )
    packages = f"{made.properties.primary_endpoints.blob}packages"
    await clients.storage.blob_containers.create(GROUP, ACCOUNT, "packages", {})
    kept = {
        "type": "blobContainer",
        "value": packages,
        "authentication": {"type": "SystemAssignedIdentity"},
    }
    config = {
        "deployment": {"storage": kept},
        "runtime": {"name": "python", "version": "3.12"},
        "scaleAndConcurrency": {"maximumInstanceCount": 100, "instanceMemoryMB": 2048},
    }
    site = {
        **place,
        "kind": "functionapp,linux",
        "properties": {"serverFarmId": farm.id, "functionAppConfig": config},
    }
    await done(clients.web.web_apps.begin_create_or_update(GROUP, SITE, site))
    return made


async def upload_page(clients: Clients, url: str) -> None:
    """Static website on, one page, by the token."""
    properties = {"properties": {"staticWebsite": WEBSITE}}
    await clients.storage.blob_services.set_service_properties(GROUP, ACCOUNT, properties)
    async with BlobServiceClient(url, clients.credential, **clients.verify) as blobs:
        settings = ContentSettings(content_type="text/html")
        await blobs.get_container_client("$web").upload_blob(
            "index.html", b"<p>hello</p>", content_settings=settings
        )
        stored = await blobs.get_blob_client("$web", "index.html").download_blob()
        assert await stored.readall() == b"<p>hello</p>"


@pytest.fixture
async def cloud(tmp_path: Path) -> Any:
    """The whole local cloud, on the loop of the test."""
    running = LocalCloud(tmp_path, on_stop=lambda: None)
    await running.start()
    yield running
    await running.stop()


async def test_the_asynchronous_clients_do_the_tutorials_job(cloud: LocalCloud) -> None:
    """Provision in parallel, read keys, write settings and CORS, upload the page, delete all."""
    async with AsyncExitStack() as stack:
        clients = Clients(cloud.endpoints())
        stack.push_async_callback(clients.close)
        account = await provision(clients)
        keys = await clients.signalr.signal_r.list_keys(GROUP, HUB)
        settings = {"properties": {"AzureSignalRConnectionString": keys.primary_connection_string}}
        await clients.web.web_apps.update_application_settings(GROUP, SITE, settings)
        cors = {
            "allowedOrigins": [account.properties.primary_endpoints.web.rstrip("/")],
            "supportCredentials": True,
        }
        shown = await clients.web.web_apps.update_configuration(
            GROUP, SITE, {"properties": {"cors": cors}}
        )
        assert shown.properties.cors.allowed_origins == cors["allowedOrigins"]
        await upload_page(clients, account.properties.primary_endpoints.blob)
        async with (
            aiohttp.ClientSession() as http,
            http.get(account.properties.primary_endpoints.web) as page,
        ):
            assert await page.text() == "<p>hello</p>"
        await done(clients.resources.resource_groups.begin_delete(GROUP))
        with pytest.raises(ResourceNotFoundError):
            await clients.signalr.signal_r.get(GROUP, HUB)
