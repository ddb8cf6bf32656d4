"""The tutorial's control-plane work with the unmodified Python SDKs over TLS."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.signalr.models import (
    RegenerateKeyParameters,
    ResourceSku,
    SignalRCorsSettings,
    SignalRFeature,
    SignalRResource,
)

from chatkit.localcloud.resource_manager.providers import signalr
from tests.localcloud.resource_manager.arm_cloud import Clients, LocalCloud


def make_signalr(clients: Clients, name: str = "chat-1") -> Any:
    """The one PUT of the tutorial."""
    wanted = SignalRResource(
        location="eastus2",
        sku=ResourceSku(name="Free_F1", capacity=1),
        kind="SignalR",
        features=[SignalRFeature(flag="ServiceMode", value="Serverless")],
        cors=SignalRCorsSettings(allowed_origins=["http://127.0.0.1:5500"]),
    )
    return clients.signalr.signal_r.begin_create_or_update("class", name, wanted).result()


def make_storage(clients: Clients, name: str = "chatstore1") -> Any:
    """The tutorial's storage account."""
    wanted = {
        "location": "eastus2",
        "sku": {"name": "Standard_LRS"},
        "kind": "StorageV2",
        "properties": {
            "accessTier": "Hot",
            "supportsHttpsTrafficOnly": True,
            "minimumTlsVersion": "TLS1_2",
        },
    }
    return clients.storage.storage_accounts.begin_create("class", name, wanted).result()


def make_site(clients: Clients, name: str = "chat-api") -> Any:
    """A Flex Consumption plan and its Python app."""
    plan = {
        "location": "eastus2",
        "kind": "functionapp",
        "sku": {"name": "FC1", "tier": "FlexConsumption"},
        "properties": {"reserved": True},
    }
    made = clients.web.app_service_plans.begin_create_or_update(
        "class", f"{name}-plan", plan
    ).result()
    deployment = {
        "storage": {
            "type": "blobContainer",
            "value": "https://localhost:1/chatstore1/app-package",
            "authentication": {
                "type": "StorageAccountConnectionString",
                "storageAccountConnectionStringName": "DEPLOYMENT_STORAGE_CONNECTION_STRING",
            },
        }
    }
    site = {
        "location": "eastus2",
        "kind": "functionapp,linux",
        "properties": {
            "serverFarmId": made.id,
            "siteConfig": {"appSettings": [{"name": "GREETING", "value": "hello"}]},
            "functionAppConfig": {
                "deployment": deployment,
                "runtime": {"name": "python", "version": "3.12"},
                "scaleAndConcurrency": {"maximumInstanceCount": 100, "instanceMemoryMB": 2048},
            },
        },
    }
    return clients.web.web_apps.begin_create_or_update("class", name, site).result()


def test_signalr_is_made_in_one_put(clients: Clients, cloud: LocalCloud) -> None:
    """Free tier, Serverless and CORS in one call; the data plane gets the same."""
    made = make_signalr(clients)
    assert (made.provisioning_state, made.sku.tier, made.host_name) == (
        "Succeeded",
        "Free",
        "localhost",
    )
    instance = cloud.planes.instances["chat-1"]
    assert (instance.service_mode, instance.allowed_origins, instance.port) == (
        "Serverless",
        ("http://127.0.0.1:5500",),
        made.public_port,
    )


def test_signalr_keys_open_the_instance_and_can_be_renewed(
    clients: Clients, cloud: LocalCloud
) -> None:
    """The connection string has the key of the data plane; a new primary key reaches it at once."""
    make_signalr(clients)
    keys = clients.signalr.signal_r.list_keys("class", "chat-1")
    assert (
        f"AccessKey={cloud.planes.instances['chat-1'].primary_key};"
        in keys.primary_connection_string
    )
    clients.signalr.signal_r.begin_regenerate_key(
        "class", "chat-1", RegenerateKeyParameters(key_type="Primary")
    ).result()
    renewed = clients.signalr.signal_r.list_keys("class", "chat-1")
    assert renewed.primary_key == cloud.planes.instances["chat-1"].primary_key != keys.primary_key
    assert renewed.secondary_key == keys.secondary_key


def test_storage_account_with_website_and_container(clients: Clients, cloud: LocalCloud) -> None:
    """Account, keys, static website through Resource Manager, package container."""
    account = make_storage(clients)
    assert account.properties.primary_endpoints.web == "http://127.0.0.1:2/"
    keys = clients.storage.storage_accounts.list_keys("class", "chatstore1").keys_property
    assert [key.value for key in keys] == [
        cloud.planes.accounts["chatstore1"].key1,
        cloud.planes.accounts["chatstore1"].key2,
    ]
    website = {"enabled": True, "indexDocument": "index.html", "errorDocument404Path": "404.html"}
    clients.storage.blob_services.set_service_properties(
        "class", "chatstore1", {"properties": {"staticWebsite": website}}
    )
    assert cloud.planes.websites["chatstore1"].index_document == "index.html"
    clients.storage.blob_containers.create("class", "chatstore1", "app-package", {})
    assert cloud.planes.containers["chatstore1"] == {"app-package"}


def test_flex_site_shows_its_function_app_config_as_azure_does(
    clients: Clients, cloud: LocalCloud
) -> None:
    """Enumerations come back lower-case; host names are those of this machine."""
    site = make_site(clients)
    config = site.properties.function_app_config
    assert config.deployment.storage.type == "blobcontainer"
    spec = cloud.planes.sites["chat-api"]
    assert site.properties.default_host_name == f"localhost:{spec.port}"
    hosts = {state.host_type: state.name for state in site.properties.host_name_ssl_states}
    assert hosts["Repository"] == f"localhost:{spec.scm_port}"


def test_app_settings_are_replaced_as_a_whole(clients: Clients, cloud: LocalCloud) -> None:
    """A PUT that leaves a setting out removes it, as in Azure."""
    make_site(clients)
    assert clients.web.web_apps.list_application_settings("class", "chat-api").properties == {
        "GREETING": "hello"
    }
    clients.web.web_apps.update_application_settings(
        "class", "chat-api", {"properties": {"OTHER": "1"}}
    )
    settings = dict(cloud.planes.sites["chat-api"].app_settings)
    del settings["AZURE_AUTHORITY_HOST"]  # the platform's own: where applications sign in here
    assert settings == {"OTHER": "1"}


def test_cors_keys_functions_and_policies_of_a_site(clients: Clients, cloud: LocalCloud) -> None:
    """What the deploy section of the tutorial reads and sets."""
    make_site(clients)
    web = clients.web.web_apps
    cors = {"allowedOrigins": ["http://127.0.0.1:2"], "supportCredentials": True}
    shown = web.update_configuration("class", "chat-api", {"properties": {"cors": cors}})
    assert shown.properties.cors.allowed_origins == ["http://127.0.0.1:2"]
    assert cloud.planes.sites["chat-api"].cors.support_credentials
    assert (
        web.list_host_keys("class", "chat-api").master_key
        == cloud.planes.sites["chat-api"].host_keys.master
    )
    assert [one.name for one in web.list_functions("class", "chat-api")] == ["chat-api/SendMessage"]
    assert web.get_scm_allowed("class", "chat-api").properties.allow is False
    web.sync_function_triggers("class", "chat-api")
    web.restart("class", "chat-api")
    web.stop("class", "chat-api")
    assert cloud.planes.restarts == ["chat-api"] and not cloud.planes.sites["chat-api"].enabled


def test_keys_of_one_function_reach_the_data_plane(clients: Clients, cloud: LocalCloud) -> None:
    """The one that is made on request, one that is put, and its deletion."""
    make_site(clients)
    web = clients.web.web_apps
    where = ("class", "chat-api", "SendMessage")
    first = web.list_function_keys(*where).properties or web.list_function_keys(*where).as_dict()
    web.create_or_update_function_secret(*where, "mine", {"name": "mine", "value": "v1"})
    assert cloud.planes.sites["chat-api"].host_keys.own_keys == {
        "sendmessage": {"default": first["default"], "mine": "v1"}
    }
    web.delete_function_secret(*where, "mine")
    assert cloud.planes.sites["chat-api"].host_keys.own_keys["sendmessage"].keys() == {"default"}


def test_deployments_are_listed_with_their_logs(clients: Clients) -> None:
    """What SCM has done, for clients that ask Resource Manager; others are not found."""
    make_site(clients)
    web = clients.web.web_apps
    (made,) = web.list_deployments("class", "chat-api")
    assert (made.properties.status, made.properties.active, made.properties.deployer) == (
        4,
        True,
        "chatkit",
    )
    assert web.get_deployment("class", "chat-api", "d1").properties.end_time is not None
    assert (
        "Starting the app" in web.list_deployment_log("class", "chat-api", "d1").properties.details
    )
    with pytest.raises(ResourceNotFoundError):
        web.get_deployment("class", "chat-api", "d2")


def test_authentication_settings_reach_the_data_plane(clients: Clients, cloud: LocalCloud) -> None:
    """authsettingsV2 is replaced and handed on."""
    make_site(clients)
    wanted = {
        "properties": {
            "platform": {"enabled": True},
            "login": {"allowedExternalRedirectUrls": ["http://127.0.0.1:2"]},
        }
    }
    clients.web.web_apps.update_auth_settings_v2("class", "chat-api", wanted)
    assert (
        clients.web.web_apps.get_auth_settings_v2("class", "chat-api").properties.platform.enabled
        is True
    )
    kept = cloud.planes.sites["chat-api"].authentication
    assert kept is not None and kept["login"]["allowedExternalRedirectUrls"] == [
        "http://127.0.0.1:2"
    ]


def test_deleting_the_group_removes_everything(clients: Clients, cloud: LocalCloud) -> None:
    """Instances, accounts, sites, identities and ports are gone when the operation is done."""
    make_signalr(clients), make_storage(clients), make_site(clients)
    assert len([*clients.resources.resources.list_by_resource_group("class")]) == 4
    clients.resources.resource_groups.begin_delete("class").result()
    assert not (cloud.planes.instances or cloud.planes.accounts or cloud.planes.sites)
    assert not clients.resources.resource_groups.check_existence("class")
    with pytest.raises(ResourceNotFoundError) as gone:
        clients.signalr.signal_r.get("class", "chat-1")
    assert gone.value.error is not None and gone.value.error.code == "ResourceGroupNotFound"


def test_everything_is_there_after_a_restart(
    clients: Clients, cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store brings back the data planes with the same ports and keys."""
    # These data planes hold no port: another test's instance may take 8888 in between.
    monkeypatch.setattr(signalr, "FIRST_PORT", 0)
    make_signalr(clients), make_storage(clients), make_site(clients)
    before = (dict(cloud.planes.instances), dict(cloud.planes.accounts), dict(cloud.planes.sites))
    cloud.stop()
    for kept in (cloud.planes.instances, cloud.planes.accounts, cloud.planes.sites):
        kept.clear()
    cloud.start()
    assert (cloud.planes.instances, cloud.planes.accounts, cloud.planes.sites) == before
    assert clients.signalr.signal_r.get("class", "CHAT-1").name == "chat-1"


@pytest.mark.parametrize("name", ["FUNCTIONS_WORKER_RUNTIME", "WEBSITE_RUN_FROM_PACKAGE"])
def test_settings_that_flex_forbids_are_refused(clients: Clients, name: str) -> None:
    """Azure's sentence in the shape of Microsoft.Web; nothing is changed."""
    make_site(clients)
    with pytest.raises(HttpResponseError, match="app setting"):
        clients.web.web_apps.update_application_settings(
            "class", "chat-api", {"properties": {name: "x"}}
        )
    assert clients.web.web_apps.list_application_settings("class", "chat-api").properties == {
        "GREETING": "hello"
    }
