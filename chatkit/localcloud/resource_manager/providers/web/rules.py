"""Which function apps Azure refuses, and its sentences for that."""

from __future__ import annotations

import re
from collections.abc import Iterable

from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.documents import Json, JsonObject
from chatkit.localcloud.resource_manager.providers.web.resource import Site

NAME = re.compile(r"^[A-Za-z0-9](?:[A-Za-z0-9-]{0,58}[A-Za-z0-9])$")
FLEX_PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
CONSUMPTION_PYTHONS = ("3.9", "3.10", "3.11", "3.12")
MEMORY_MB = (512, 2048, 4096)
FLEX_FORBIDDEN_SETTINGS = {
    "functions_worker_runtime",
    "functions_worker_runtime_version",
    "website_run_from_package",
    "website_contentazurefileconnectionstring",
    "website_contentshare",
    "website_contentovervnet",
    "website_node_default_version",
    "website_vnet_route_all",
    "scm_do_build_during_deployment",
    "enable_oryx_build",
    "functions_max_http_concurrency",
    "functions_worker_process_count",
    "functions_worker_dynamic_concurrency_enabled",
}
FLEX_FORBIDDEN_CONFIG = (
    "ftpsState",
    "functionAppScaleLimit",
    "functionsRuntimeScaleMonitoringEnabled",
    "javaVersion",
    "linuxFxVersion",
    "netFrameworkVersion",
    "nodeVersion",
    "phpVersion",
    "preWarmedInstanceCount",
    "pythonVersion",
    "use32BitWorkerProcess",
)
SETTING_NAME = re.compile(r"[A-Za-z0-9_.]+", re.ASCII)
STORAGE_AUTH = {
    name.lower(): name
    for name in ("SystemAssignedIdentity", "UserAssignedIdentity", "StorageAccountConnectionString")
}


def check_settings(names: Iterable[str], *, is_flex: bool) -> None:
    """Refuse app settings that Azure refuses: names that Linux has not, and what Flex sets itself.

    A name has letters, digits, periods and underscores there, so `A:B` becomes `A__B`:
    https://github.com/Azure/azure-cli/issues/21259

    Raises:
        ArmError: In Azure's words.
    """
    for name in names:
        if not SETTING_NAME.fullmatch(name):
            message = f"AppSetting with name '{name}' is not allowed."
            raise errors.web_error(400, "BadRequest", message, name)
    wrong = [name for name in names if name.lower() in FLEX_FORBIDDEN_SETTINGS]
    if is_flex and wrong:
        listed = [f"Site.SiteConfig.AppSettings.{name}" for name in wrong]
        raise _not_for_flex(listed, "app setting", "app settings")


def check_flex_config(config: JsonObject, shown: JsonObject) -> None:
    """Refuse site configuration that Flex Consumption has no place for.

    Args:
        config: What a request has.
        shown: What the site shows. Clients such as az send back all of it, and that is taken.

    Raises:
        ArmError: In Azure's words.
    """
    wrong = [
        name for name in FLEX_FORBIDDEN_CONFIG if config.get(name) not in (None, shown.get(name))
    ]
    if wrong:
        listed = [f"Site.SiteConfig.{name[0].upper()}{name[1:]}" for name in wrong]
        kinds = ("site configuration property", "site configuration properties")
        raise _not_for_flex(listed, *kinds)


def _not_for_flex(names: list[str], kind: str, kinds: str) -> errors.ArmError:
    """The refusal of one name or of several, with the two spaces that it has in Azure.

    https://github.com/Azure/terraform-azurerm-avm-res-web-site/issues/283 has it of one name,
    https://github.com/Azure/azure-cli/issues/31414 of five.
    """
    listed = ", ".join(names)
    what = f"The following {kind} ({listed}) for Flex Consumption sites"
    advice = "Please remove or rename it before retrying."
    if len(names) > 1:
        what = f"The following list of {len(names)} {kinds} ({listed}) for Flex Consumption sites"
        advice = "Please remove or rename them before retrying."
    message = f"{what} is invalid.  {advice}"
    return errors.web_error(400, "BadRequest", message, what, advice, extended_code="51021")


def function_app_config(given: Json, old: JsonObject | None = None) -> JsonObject:
    """Check a functionAppConfig and return it as Azure shows it.

    Enumerations are lower-case, defaults filled in.

    Raises:
        ArmError: A part is missing or has a value that Flex Consumption does not take.
    """
    if not isinstance(given, dict) or not given:
        if old:
            return old
        raise _refused("Site.FunctionAppConfig is required for Flex Consumption sites.")
    given = {**(old or {}), **{name: value for name, value in given.items() if value is not None}}
    return {
        "deployment": {"storage": _storage((given.get("deployment") or {}).get("storage") or {})},
        "runtime": _runtime(given.get("runtime") or {}),
        "scaleAndConcurrency": _scale(given.get("scaleAndConcurrency") or {}),
        "siteUpdateStrategy": given.get("siteUpdateStrategy") or {"type": "Recreate"},
    }


def _storage(given: JsonObject) -> JsonObject:
    if str(given.get("type", "")).lower() != "blobcontainer" or not str(
        given.get("value", "")
    ).startswith("https://"):
        raise _refused(
            "Site.FunctionAppConfig.Deployment.Storage is invalid. Its type must be blobContainer"
            " and its value the https URL of"
            " a blob container."
        )
    auth = given.get("authentication") or {}
    kind = STORAGE_AUTH.get(str(auth.get("type", "")).lower())
    setting = auth.get("storageAccountConnectionStringName")
    if kind is None:
        raise _refused(
            "Site.FunctionAppConfig.Deployment.Storage.Authentication.Type is invalid. It must be"
            " one of"
            f" {', '.join(STORAGE_AUTH.values())}."
        )
    if kind == "StorageAccountConnectionString" and not setting:
        name = "Site.FunctionAppConfig.Deployment.Storage.Authentication"
        raise _refused(
            f"{name}.StorageAccountConnectionStringName is required when the type is"
            " StorageAccountConnectionString."
        )
    return {
        "type": "blobcontainer",
        "value": given["value"],
        "authentication": {
            "type": kind.lower(),
            "userAssignedIdentityResourceId": auth.get("userAssignedIdentityResourceId"),
            "storageAccountConnectionStringName": setting,
        },
    }


def _runtime(given: JsonObject) -> JsonObject:
    name = str(given.get("name", "")).lower()
    version = str(given.get("version", ""))
    if name != "python":
        raise _refused(
            f"Site.FunctionAppConfig.Runtime.Name '{given.get('name', '')}' is invalid here: the"
            " local cloud runs python."
        )
    if version not in FLEX_PYTHONS:
        raise _refused(
            f"Site.FunctionAppConfig.Runtime.Version '{version}' is invalid. Supported versions of"
            " python are"
            f" {', '.join(FLEX_PYTHONS)}."
        )
    return {"name": name, "version": version}


def _scale(given: JsonObject) -> JsonObject:
    memory = given.get("instanceMemoryMB") or 2048
    count = given.get("maximumInstanceCount") or 100
    if memory not in MEMORY_MB:
        raise _refused(
            f"Site.FunctionAppConfig.ScaleAndConcurrency.InstanceMemoryMB {memory} is invalid. It"
            " must be one of"
            f" {', '.join(map(str, MEMORY_MB))}."
        )
    if not isinstance(count, int) or not 1 <= count <= 1000:
        raise _refused(
            "Site.FunctionAppConfig.ScaleAndConcurrency.MaximumInstanceCount is invalid. It must"
            " be 1 to 1000."
        )
    ready = given.get("alwaysReady") or None
    return {
        "alwaysReady": ready,
        "maximumInstanceCount": count,
        "instanceMemoryMB": memory,
        "triggers": given.get("triggers"),
    }


def check_cors(cors: JsonObject) -> JsonObject:
    """Check CORS settings of a site: `*` excludes credentials."""
    origins = [str(origin) for origin in cors.get("allowedOrigins") or []]
    credentials = bool(cors.get("supportCredentials") or False)
    if credentials and "*" in origins:
        raise _refused("CORS: supportCredentials cannot be true when allowedOrigins contains '*'.")
    return {"allowedOrigins": origins, "supportCredentials": credentials}


def check_network(given: JsonObject) -> None:
    """Refuse to close a site to the public network: everybody would reach it all the same.

    Args:
        given: Properties of a site, or of its configuration.

    Raises:
        ArmError: NotImplemented.
    """
    if str(given.get("publicNetworkAccess") or "").lower() == "disabled":
        what = "A site with publicNetworkAccess Disabled"
        raise errors.not_implemented(what, "sites that the public network reaches")


def restriction(given: JsonObject) -> JsonObject:
    """An access restriction with its priority as a number; az sends the text that was typed."""
    if given.get("priority") is None:
        return given
    return {**given, "priority": int(given["priority"])}  # checked with the body's types


def _refused(message: str) -> errors.ArmError:
    return errors.web_error(400, "BadRequest", message)


def check_consumption(document: Site) -> None:
    """Linux Consumption runs fewer Python versions."""
    version = document["config"].get("linuxFxVersion") or ""
    language, _, number = version.partition("|")
    if version and (language.lower() != "python" or number not in CONSUMPTION_PYTHONS):
        known = ", ".join(f"Python|{number}" for number in CONSUMPTION_PYTHONS)
        raise _refused(
            f"LinuxFxVersion has an invalid value '{version}'. Linux Consumption supports {known}."
        )
