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
from azure.mgmt.web.models import Site

from chatkit.cloud.calls import TICK_S, Calls
from chatkit.cloud.provision import function_app, resource_group, signalr, storage
from chatkit.cloud.provision.function_app import PACKAGE_CONTAINER, PackageStorage
from chatkit.cloud.stack import Stack
from chatkit.core.settings import Facts

PYTHON_VERSION = function_app.PYTHON_VERSION


def provision(stack: Stack) -> Facts:
    """Make sure every resource exists.

    Returns:
        What is known now, for the settings: names and addresses.

    Raises:
        azure.core.exceptions.AzureError: The first error; steps that do not depend on it were
            finished.
    """
    with ThreadPoolExecutor(4) as pool:
        registered = pool.submit(resource_group.register_providers, stack.branch())
        grouped = pool.submit(resource_group.create_resource_group, stack.branch())
        _wait_for((registered, grouped), stack.calls)
        instance = pool.submit(signalr.create_signalr, stack.branch())
        facts = pool.submit(_create_function_app_with_website, stack.branch())
        _wait_for((instance, facts), stack.calls)
    names = stack.names
    return {"resource_group": names.resource_group, "signalr": names.signalr, **facts.result()}


def create_function_app(stack: Stack) -> Facts:
    """Make sure the function app exists, with the plan, the account and the container it needs.

    Returns:
        What is known now, for the settings: names and addresses.
    """
    with ThreadPoolExecutor(2) as pool:
        plan = pool.submit(function_app.create_plan, stack.branch())
        packages = pool.submit(_create_package_storage, stack.branch())
        _wait_for((plan, packages), stack.calls)
    site = function_app.create_site(stack, plan=plan.result(), storage=packages.result())
    return _facts(stack, site)


def _create_function_app_with_website(stack: Stack) -> Facts:
    with ThreadPoolExecutor(2) as pool:
        plan = pool.submit(function_app.create_plan, stack.branch())
        account = storage.create_storage_account(stack)
        website = pool.submit(storage.enable_static_website, stack.branch())
        packages = _create_package_container(stack, account)
        site = function_app.create_site(stack, plan=plan.result(), storage=packages)
        return {**_facts(stack, site), "web_url": website.result()}


def _facts(stack: Stack, site: Site) -> Facts:
    return {
        "storage_account": stack.names.storage_account,
        "function_app": stack.names.function_app,
        "api_base_url": function_app.api_base_url(stack.cloud, site),
    }


def _create_package_storage(stack: Stack) -> PackageStorage:
    return _create_package_container(stack, storage.create_storage_account(stack))


def _create_package_container(stack: Stack, account: StorageAccount) -> PackageStorage:
    storage.create_container(stack, PACKAGE_CONTAINER)
    key = storage.account_key(stack)
    url = f"{storage.blob_url(account).rstrip('/')}/{PACKAGE_CONTAINER}"
    return PackageStorage(storage.connection_string(account, key), url)


def _wait_for(futures: Sequence[Future[Any]], calls: Calls) -> None:
    """Wait for all, then raise the first error and name the others in a note."""
    while wait(futures, timeout=TICK_S).not_done:
        calls.tick()
    errors = [error for error in (future.exception() for future in futures) if error is not None]
    for other in errors[1:]:
        if str(other) != str(errors[0]):
            errors[0].add_note(f"Besides, {type(other).__name__}: {other}")
    if errors:
        raise errors[0]
