"""The function app: a Flex Consumption plan, and a Python site with its package in a container."""

from __future__ import annotations

import re
from collections.abc import Mapping

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.web.models import (
    AppServicePlan,
    AppServicePlanProperties,
    FunctionAppConfig,
    FunctionsDeployment,
    FunctionsDeploymentStorage,
    FunctionsDeploymentStorageAuthentication,
    FunctionsRuntime,
    FunctionsScaleAndConcurrency,
    NameValuePair,
    ResourceNameAvailabilityRequest,
    Site,
    SiteConfig,
    SiteProperties,
    SkuDescription,
)

from chatkit.cloud.connection import Cloud
from chatkit.cloud.provision.app_settings import (
    is_keyless,
    merge_app_settings,
    read_app_settings,
)
from chatkit.cloud.provision.name_rules import check_available, check_name
from chatkit.cloud.provision.resource_group import with_provider
from chatkit.cloud.stack import Stack
from chatkit.core.errors import SetupError

FLEX_SKU = "FC1"
FLEX_TIER = "FlexConsumption"
PYTHON_VERSION = "3.12"
PACKAGE_CONTAINER = "app-package"
STORAGE_SETTING = "AzureWebJobsStorage"
DEPLOYMENT_SETTING = "DEPLOYMENT_STORAGE_CONNECTION_STRING"
MEMORY_MB = 2048
MAXIMUM_INSTANCES = 100


def create_plan(stack: Stack) -> AppServicePlan:
    """Make sure the Flex Consumption plan exists: Linux, billed by use."""
    names = stack.names
    calls = stack.calls
    check_name("plan", names.plan)
    plans = stack.cloud.web().app_service_plans
    wanted = AppServicePlan(
        location=names.region,
        kind="functionapp",
        sku=SkuDescription(name=FLEX_SKU, tier=FLEX_TIER),
        properties=AppServicePlanProperties(reserved=True),
    )
    try:
        existing = calls.call(plans.get, names.resource_group, names.plan)
        calls.would_call(plans.begin_create_or_update, names.resource_group, names.plan, wanted)
        return existing
    except ResourceNotFoundError:
        _check_region(stack)
    return with_provider(
        stack,
        "Microsoft.Web",
        lambda: calls.finish(
            plans.begin_create_or_update, names.resource_group, names.plan, wanted
        ),
    )


def create_site(stack: Stack, *, plan: AppServicePlan, storage: PackageStorage) -> Site:
    """Make sure the site exists and has the settings it cannot do without.

    Settings that somebody added stay.
    """
    group = stack.names.resource_group
    name = check_name("function app", stack.names.function_app)
    sites = stack.cloud.web().web_apps
    wanted = _site(plan, storage)
    try:
        existing = stack.calls.call(sites.get, group, name)
        check_plan(existing)
        _restore_settings(stack, storage)
        stack.calls.would_call(sites.begin_create_or_update, group, name, wanted)
        return existing
    except ResourceNotFoundError:
        _check_available(stack)
    try:
        return stack.calls.finish(sites.begin_create_or_update, group, name, wanted)
    except HttpResponseError as error:
        if re.search(r"runtime.version", str(error), re.IGNORECASE):
            error.add_note(_pythons(stack, str(plan.location)))
        raise


def _restore_settings(stack: Stack, storage: PackageStorage) -> None:
    """Set what a site cannot do without, unless it is there."""
    current = read_app_settings(stack)
    wanted = storage.app_settings()
    if not is_keyless(current) and not wanted.items() <= current.items():
        merge_app_settings(stack, wanted)


def _site(plan: AppServicePlan, storage: PackageStorage) -> Site:
    settings = [
        NameValuePair(name=name, value=value) for name, value in storage.app_settings().items()
    ]
    return Site(
        location=plan.location,
        kind="functionapp,linux",
        properties=SiteProperties(
            server_farm_id=plan.id,
            https_only=True,
            site_config=SiteConfig(app_settings=settings),
            function_app_config=storage.function_app_config(),
        ),
    )


def check_plan(site: Site) -> None:
    """Make sure that a site is on the plan that the kit publishes to.

    The other plans have another deployment endpoint.

    Raises:
        SetupError: It is on another one.
    """
    sku = site.properties.sku if site.properties else None
    if sku and _plain(sku) != _plain(FLEX_TIER):
        raise SetupError(
            f"The function app {site.name} is on the {sku} plan; the kit publishes to {FLEX_TIER}.",
            hint="`workshop.clean_up()` deletes it, `workshop.create_function_app()` then makes one"
            " on the right plan.",
        )


def _pythons(stack: Stack, region: str) -> str:
    """A sentence with the Python versions that a region runs on Flex Consumption."""
    ask = stack.cloud.web().provider.get_function_app_stacks_for_location
    found: set[str] = set()
    for runtime in stack.calls.list(ask, _plain(region), stack_os_type="Linux"):
        properties = runtime.as_dict().get("properties") or {}
        if properties.get("value") != "python":
            continue
        for major in properties.get("majorVersions") or ():
            for minor in major.get("minorVersions") or ():
                if FLEX_SKU in str(minor.get("stackSettings")):
                    found.add(str(minor["value"]))
    versions = ", ".join(sorted(found)) or "(none)"
    return f"{region} runs Python {versions} there; the kit's functions need {PYTHON_VERSION}."


def _check_available(stack: Stack) -> None:
    name = stack.names.function_app
    wanted = ResourceNameAvailabilityRequest(name=name, type="Microsoft.Web/sites")
    ask = stack.cloud.web().check_name_availability
    check_available(stack, name, lambda: stack.calls.call(ask, wanted))


def _check_region(stack: Stack) -> None:
    region = stack.names.region
    found = stack.calls.list(stack.cloud.web().list_geo_regions, sku=FLEX_TIER)
    offered = sorted({_plain(str(one.name)) for one in found})
    if _plain(region) not in offered:
        raise SetupError(
            f"{region} does not offer Flex Consumption.",
            hint=f"`Workshop.open(region='...')` with one of: {', '.join(offered)}.",
        )


def _plain(region: str) -> str:
    """A region's name without the spaces of its display name: "East US 2" and "eastus2" are one."""
    return region.replace(" ", "").lower()


class PackageStorage:
    """Where a site keeps its package: a container of the account that the site uses anyway.

    Args:
        connection_string: Of the storage account.
        container_url: Address of the package container.
    """

    def __init__(self, connection_string: str, container_url: str) -> None:
        self._connection_string = connection_string
        self._container_url = container_url

    def app_settings(self) -> Mapping[str, str]:
        """The two settings a Flex site with key-based storage needs."""
        return {
            STORAGE_SETTING: self._connection_string,
            DEPLOYMENT_SETTING: self._connection_string,
        }

    def function_app_config(self) -> FunctionAppConfig:
        """Runtime, scale and package container of the site."""
        authentication = FunctionsDeploymentStorageAuthentication(
            type="StorageAccountConnectionString",
            storage_account_connection_string_name=DEPLOYMENT_SETTING,
        )
        storage = FunctionsDeploymentStorage(
            type="blobContainer", value=self._container_url, authentication=authentication
        )
        return FunctionAppConfig(
            deployment=FunctionsDeployment(storage=storage),
            runtime=FunctionsRuntime(name="python", version=PYTHON_VERSION),
            scale_and_concurrency=FunctionsScaleAndConcurrency(
                maximum_instance_count=MAXIMUM_INSTANCES, instance_memory_mb=MEMORY_MB
            ),
        )


def api_base_url(cloud: Cloud, site: Site) -> str:
    """Address of the deployed app, without a slash at the end."""
    assert site.properties is not None
    return f"{cloud.app_scheme}://{site.properties.default_host_name}"
