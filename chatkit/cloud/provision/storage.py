"""The storage account: it keeps the function app's package, the chat's history and the web page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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

from chatkit.cloud.provision.name_rules import check_available, check_name
from chatkit.cloud.provision.resource_group import with_provider
from chatkit.cloud.stack import Stack

if TYPE_CHECKING:
    from azure.storage.blob import BlobServiceClient

INDEX_DOCUMENT = "index.html"
ERROR_DOCUMENT = "404.html"


def create_storage_account(stack: Stack) -> StorageAccount:
    """Make sure the account exists: general purpose v2, locally redundant, hot, https only.

    Raises:
        ServiceError: The name belongs to somebody else.
    """
    names = stack.names
    calls = stack.calls
    check_name("storage account", names.storage_account)
    create = stack.cloud.storage().storage_accounts.begin_create
    wanted = StorageAccountCreateParameters(
        sku=Sku(name="Standard_LRS"),
        kind="StorageV2",
        location=names.region,
        properties=StorageAccountPropertiesCreateParameters(
            access_tier="Hot",
            enable_https_traffic_only=True,
            minimum_tls_version="TLS1_2",
            allow_blob_public_access=False,
        ),
    )
    try:
        existing = read_account(stack)
        if existing.properties and existing.properties.provisioning_state == "Succeeded":
            calls.would_call(create, names.resource_group, names.storage_account, wanted)
            return existing
    except ResourceNotFoundError:
        _check_available(stack)
    return with_provider(
        stack,
        "Microsoft.Storage",
        lambda: calls.finish(create, names.resource_group, names.storage_account, wanted),
    )


def read_account(stack: Stack) -> StorageAccount:
    """Read the account.

    Raises:
        ResourceNotFoundError: There is none yet.
    """
    names = stack.names
    get = stack.cloud.storage().storage_accounts.get_properties
    return stack.calls.call(get, names.resource_group, names.storage_account)


def create_container(stack: Stack, container: str) -> None:
    """Make sure a private container exists."""
    names = stack.names
    create = stack.cloud.storage().blob_containers.create
    stack.calls.call(
        create, names.resource_group, names.storage_account, container, BlobContainer()
    )


def enable_static_website(stack: Stack) -> str:
    """Switch the account's static website on.

    It goes through Resource Manager: neither key nor data role is needed.

    Returns:
        The website's address, with a slash at the end.
    """
    group = stack.names.resource_group
    name = stack.names.storage_account
    services = stack.cloud.storage().blob_services
    website = StaticWebsite(
        enabled=True, index_document=INDEX_DOCUMENT, error_document404_path=ERROR_DOCUMENT
    )
    found = stack.calls.call(services.get_service_properties, group, name)
    current = found.blob_service_properties
    properties = BlobServicePropertiesProperties(static_website=website)
    wanted = BlobServiceProperties(blob_service_properties=properties)
    if current is None or not _same(current.static_website, website):
        stack.calls.call(services.set_service_properties, group, name, wanted)
    else:
        stack.calls.would_call(services.set_service_properties, group, name, wanted)
    return web_url(read_account(stack))


def account_key(stack: Stack) -> str:
    """Read the account's first key."""
    names = stack.names
    list_keys = stack.cloud.storage().storage_accounts.list_keys
    listed = stack.calls.call(list_keys, names.resource_group, names.storage_account)
    keys = listed.keys_property or []
    return str(keys[0].value)


def blobs(stack: Stack, **options: Any) -> BlobServiceClient:
    """Client of the account's blobs.

    The requests are signed with the account's key, which needs no data role. Where a policy forbids
    keys, the sign-in's token goes instead, and Storage Blob Data Contributor is needed.

    Args:
        stack: Whose account it is.
        options: Of the client, for example how often it tries again.
    """
    account = read_account(stack)
    key = account_key(stack) if _takes_keys(account) else None
    return stack.cloud.blobs(blob_url(account), key, **options)


def _takes_keys(account: StorageAccount) -> bool:
    properties = account.properties
    # Null is the default: yes.
    return properties is None or properties.allow_shared_key_access is not False


def connection_string(account: StorageAccount, key: str) -> str:
    """The account's connection string, with the blob address that Resource Manager names."""
    parts = {
        "DefaultEndpointsProtocol": "https",
        "AccountName": account.name,
        "AccountKey": key,
        "BlobEndpoint": blob_url(account),
    }
    return "".join(f"{name}={value};" for name, value in parts.items())


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


def _check_available(stack: Stack) -> None:
    name = stack.names.storage_account
    wanted = StorageAccountCheckNameAvailabilityParameters(name=name)
    ask = stack.cloud.storage().storage_accounts.check_name_availability
    check_available(stack, name, lambda: stack.calls.call(ask, wanted))
