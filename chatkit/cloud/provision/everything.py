"""All resources in one go: what does not need each other is made at the same time.

    group, providers -> SignalR instance
                     -> storage account -> package container, static website, key -> function app
                     -> plan ----------------------------------------------------->

The longest way is the SignalR instance; everything else is done long before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from azure.mgmt.storage.models import StorageAccount
from azure.mgmt.web.models import AppServicePlan, Site

from chatkit.cloud.calls import TICK_S, Calls
from chatkit.cloud.connection import Cloud
from chatkit.cloud.provision import function_app, resource_group, signalr, storage
from chatkit.cloud.provision.function_app import PACKAGE_CONTAINER, PackageStorage
from chatkit.core.settings import Facts, Settings

PYTHON_VERSION = function_app.PYTHON_VERSION


def provision(cloud: Cloud, calls: Calls, settings: Settings) -> Facts:
    """Make sure every resource exists.

    Returns:
        What is known now, for the settings: names and addresses.

    Raises:
        azure.core.exceptions.AzureError: The first error; steps that do not depend on it were finished.
    """
    group, region = settings.names.resource_group, settings.region
    with ThreadPoolExecutor(4) as pool:
        registered = pool.submit(resource_group.register_providers, cloud, calls.branch())
        grouped = pool.submit(
            resource_group.create_resource_group, cloud, calls.branch(), group, region
        )
        _all((registered, grouped), calls)
        instance = pool.submit(
            signalr.create_signalr, cloud, calls.branch(), group, settings.names.signalr, region
        )
        facts = pool.submit(_function_app_with_website, cloud, calls.branch(), settings)
        _all((instance, facts), calls)
    return {"resource_group": group, "signalr": settings.names.signalr, **facts.result()}


def create_function_app(cloud: Cloud, calls: Calls, settings: Settings) -> Facts:
    """Make sure the function app exists, with the plan, the storage account and the package container it needs.

    Returns:
        What is known now, for the settings: names and addresses.
    """
    with ThreadPoolExecutor(2) as pool:
        plan = pool.submit(_plan, cloud, calls.branch(), settings)
        packages = pool.submit(_package_storage, cloud, calls.branch(), settings)
        _all((plan, packages), calls)
    site = _site(cloud, calls, settings, plan.result(), packages.result())
    return {
        "storage_account": settings.names.storage_account,
        "function_app": settings.names.function_app,
        "api_base_url": function_app.api_base_url(cloud, site),
    }


def _function_app_with_website(cloud: Cloud, calls: Calls, settings: Settings) -> Facts:
    with ThreadPoolExecutor(2) as pool:
        plan = pool.submit(_plan, cloud, calls.branch(), settings)
        account = _account(cloud, calls, settings)
        website = pool.submit(_website, cloud, calls.branch(), settings)
        packages = _packages_of(cloud, calls, settings, account)
        site = _site(cloud, calls, settings, plan.result(), packages)
        return {
            "storage_account": settings.names.storage_account,
            "function_app": settings.names.function_app,
            "api_base_url": function_app.api_base_url(cloud, site),
            "web_url": website.result(),
        }


def _plan(cloud: Cloud, calls: Calls, settings: Settings) -> AppServicePlan:
    return function_app.create_plan(
        cloud, calls, settings.names.resource_group, settings.names.plan, settings.region
    )


def _account(cloud: Cloud, calls: Calls, settings: Settings) -> StorageAccount:
    return storage.create_storage_account(
        cloud, calls, settings.names.resource_group, settings.names.storage_account, settings.region
    )


def _website(cloud: Cloud, calls: Calls, settings: Settings) -> str:
    return storage.enable_static_website(
        cloud, calls, settings.names.resource_group, settings.names.storage_account
    )


def _package_storage(cloud: Cloud, calls: Calls, settings: Settings) -> PackageStorage:
    return _packages_of(cloud, calls, settings, _account(cloud, calls, settings))


def _packages_of(
    cloud: Cloud, calls: Calls, settings: Settings, account: StorageAccount
) -> PackageStorage:
    storage.create_container(
        cloud,
        calls,
        settings.names.resource_group,
        settings.names.storage_account,
        PACKAGE_CONTAINER,
    )
    key = storage.account_key(
        cloud, calls, settings.names.resource_group, settings.names.storage_account
    )
    url = f"{storage.blob_url(account).rstrip('/')}/{PACKAGE_CONTAINER}"
    return PackageStorage(storage.connection_string(account, key), url)


def _site(
    cloud: Cloud, calls: Calls, settings: Settings, plan: AppServicePlan, packages: PackageStorage
) -> Site:
    return function_app.create_site(
        cloud,
        calls,
        settings.names.resource_group,
        settings.names.function_app,
        plan=plan,
        storage=packages,
    )


def _all(futures: Sequence[Future[Any]], calls: Calls) -> None:
    """Wait for all, keep the progress line moving, then raise the first error and name the others in a note."""
    while wait(futures, timeout=TICK_S).not_done:
        calls.tick()
    errors = [error for error in (future.exception() for future in futures) if error is not None]
    for other in errors[1:]:
        if str(other) != str(errors[0]):
            errors[0].add_note(f"Besides, {type(other).__name__}: {other}")
    if errors:
        raise errors[0]
