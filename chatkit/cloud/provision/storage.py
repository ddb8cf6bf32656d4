"""The storage account: it keeps the function app's package, the chat's history and the web page."""

from __future__ import annotations

from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.storage.models import (
    BlobContainer,
    BlobServiceProperties,
    BlobServicePropertiesProperties,
    Sku,
    StaticWebsite,
    StorageAccount,
    StorageAccountCheckNameAvailabilityParameters,
    StorageAccountCreateParameters,
    StorageAccountPropertiesCreateParameters,
)

from chatkit.cloud.calls import Calls
from chatkit.cloud.connection import Cloud
from chatkit.cloud.provision.names import check_answer, check_name
from chatkit.cloud.provision.resource_group import with_provider

INDEX_DOCUMENT = "index.html"
ERROR_DOCUMENT = "404.html"


def create_storage_account(
    cloud: Cloud, calls: Calls, group: str, name: str, region: str
) -> StorageAccount:
    """Make sure the account exists: general purpose v2, locally redundant, hot, https only.

    Raises:
        ServiceError: The name belongs to somebody else.
    """
    check_name("storage account", name)
    accounts = cloud.storage().storage_accounts
    try:
        existing = calls.call(accounts.get_properties, group, name)
        if existing.properties and existing.properties.provisioning_state == "Succeeded":
            return existing
    except ResourceNotFoundError:
        _check_available(cloud, calls, name)
    wanted = StorageAccountCreateParameters(
        sku=Sku(name="Standard_LRS"),
        kind="StorageV2",
        location=region,
        properties=StorageAccountPropertiesCreateParameters(
            access_tier="Hot",
            enable_https_traffic_only=True,
            minimum_tls_version="TLS1_2",
            allow_blob_public_access=False,
        ),
    )
    return with_provider(
        cloud,
        calls,
        "Microsoft.Storage",
        lambda: calls.finish(accounts.begin_create, group, name, wanted),
    )


def create_container(cloud: Cloud, calls: Calls, group: str, account: str, container: str) -> None:
    """Make sure a private container exists."""
    calls.call(cloud.storage().blob_containers.create, group, account, container, BlobContainer())


def enable_static_website(cloud: Cloud, calls: Calls, group: str, account: str) -> str:
    """Switch the account's static website on, through Resource Manager: neither key nor data role is needed.

    Returns:
        The website's address, with a slash at the end.
    """
    services = cloud.storage().blob_services
    website = StaticWebsite(
        enabled=True, index_document=INDEX_DOCUMENT, error_document404_path=ERROR_DOCUMENT
    )
    current = calls.call(services.get_service_properties, group, account).blob_service_properties
    if current is None or not _same(current.static_website, website):
        properties = BlobServicePropertiesProperties(static_website=website)
        calls.call(
            services.set_service_properties,
            group,
            account,
            BlobServiceProperties(blob_service_properties=properties),
        )
    return web_url(calls.call(cloud.storage().storage_accounts.get_properties, group, account))


def account_key(cloud: Cloud, calls: Calls, group: str, account: str) -> str:
    """Read the account's first key."""
    listed = calls.call(cloud.storage().storage_accounts.list_keys, group, account)
    keys = listed.keys_property or []
    return str(keys[0].value)


def connection_string(account: StorageAccount, key: str) -> str:
    """The account's connection string, with the blob address that Resource Manager names."""
    return f"DefaultEndpointsProtocol=https;AccountName={account.name};AccountKey={key};BlobEndpoint={blob_url(account)};"


def blob_url(account: StorageAccount) -> str:
    """The account's blob address."""
    return _endpoint(account, "blob")


def web_url(account: StorageAccount) -> str:
    """The account's website address, with a slash at the end."""
    return _endpoint(account, "web")


def _endpoint(account: StorageAccount, service: str) -> str:
    endpoints = account.properties.primary_endpoints if account.properties else None
    assert endpoints is not None
    return str(getattr(endpoints, service))


def _same(one: StaticWebsite | None, other: StaticWebsite) -> bool:
    return one is not None and (one.enabled, one.index_document, one.error_document404_path) == (
        other.enabled,
        other.index_document,
        other.error_document404_path,
    )


def _check_available(cloud: Cloud, calls: Calls, name: str) -> None:
    wanted = StorageAccountCheckNameAvailabilityParameters(name=name)
    answer = calls.call(cloud.storage().storage_accounts.check_name_availability, wanted)
    check_answer(
        name, available=answer.name_available, reason=answer.reason, message=answer.message
    )
