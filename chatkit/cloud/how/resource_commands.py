"""az for what the tutorial creates and deletes: group, SignalR Service, storage, function app."""

from __future__ import annotations

import json
from collections.abc import Sequence

from chatkit.cloud.how.commands import Command, az, named
from chatkit.cloud.how.masking import CLIENT_SECRET
from chatkit.cloud.how.requests import Place, Request


def _group_create(request: Request, _place: Place) -> Sequence[Command]:
    tags = request.value("tags") or {}
    words = ["group", "create", "--name", request.arguments[0]]
    words += ["--location", request.text("location")]
    if tags:
        words += ["--tags", *(f"{name}={value}" for name, value in tags.items())]
    return [az(*words)]


def _group_delete(request: Request, _place: Place) -> Sequence[Command]:
    return [az("group", "delete", "--name", request.arguments[0], "--yes")]


def _register(request: Request, _place: Place) -> Sequence[Command]:
    return [az("provider", "register", "--namespace", request.arguments[0], "--wait")]


def _signalr_create(request: Request, _place: Place) -> Sequence[Command]:
    words = ["signalr", "create", *named(request), "--location", request.text("location")]
    words += ["--sku", request.text("sku", "name"), "--service-mode", _mode(request)]
    units = request.value("sku", "capacity") or 1
    if units != 1:
        words += ["--unit-count", str(units)]
    origins = request.value("properties", "cors", "allowedOrigins") or []
    if origins:
        words += ["--allowed-origins", *origins]
    return [az(*words)]


def _signalr_update(request: Request, _place: Place) -> Sequence[Command]:
    # az sends an empty list of features where the mode is not said again.
    words = ["--service-mode", "Serverless"]
    sku = request.value("sku") or {}
    if sku:
        words += ["--sku", str(sku.get("name")), "--unit-count", str(sku.get("capacity") or 1)]
    keys_off = request.text("properties", "disableLocalAuth")
    if keys_off == "true" or not sku:
        words += ["--disable-local-auth", keys_off]
    return [az("signalr", "update", *named(request), *words)]


def _mode(request: Request) -> str:
    for feature in request.value("properties", "features") or ():
        if feature.get("flag") == "ServiceMode":
            return str(feature.get("value"))
    return "Default"


def _account_create(request: Request, _place: Place) -> Sequence[Command]:
    words = ["storage", "account", "create", *named(request)]
    words += ["--location", request.text("location"), "--sku", request.text("sku", "name")]
    words += ["--kind", request.text("kind")]
    words += ["--access-tier", request.text("properties", "accessTier")]
    words += ["--https-only", request.text("properties", "supportsHttpsTrafficOnly")]
    words += ["--min-tls-version", request.text("properties", "minimumTlsVersion")]
    words += ["--allow-blob-public-access", request.text("properties", "allowBlobPublicAccess")]
    return [az(*words)]


def _account_update(request: Request, _place: Place) -> Sequence[Command]:
    allowed = request.text("properties", "allowSharedKeyAccess")
    words = ("--allow-shared-key-access", allowed)
    return [az("storage", "account", "update", *named(request), *words)]


def _container_create(request: Request, _place: Place) -> Sequence[Command]:
    group, account, container = request.arguments
    words = ("--storage-account", account, "--resource-group", group)
    return [az("storage", "container-rm", "create", "--name", container, *words)]


def _website(request: Request, _place: Place) -> Sequence[Command]:
    website = request.value("properties", "staticWebsite") or {}
    words = ["storage", "blob", "service-properties", "update"]
    words += ["--account-name", request.arguments[1], "--auth-mode", "login"]
    words += ["--static-website", "--index-document", website.get("indexDocument", "")]
    words += ["--404-document", website.get("errorDocument404Path", "")]
    return [az(*words)]


def _plan(_request: Request, _place: Place) -> Sequence[Command]:
    """None: `az functionapp create` makes a Flex plan itself."""
    return ()


def _site(request: Request, place: Place) -> Sequence[Command]:
    config = request.value("properties", "functionAppConfig") or {}
    storage = config["deployment"]["storage"]
    words = ["functionapp", "create", *named(request)]
    words += ["--storage-account", place.names.storage_account]
    # Resource Manager answers with a display name, "East US 2".
    region = request.text("location").replace(" ", "").lower()
    words += ["--flexconsumption-location", region]
    words += ["--runtime", config["runtime"]["name"]]
    words += ["--runtime-version", config["runtime"]["version"]]
    scale = config["scaleAndConcurrency"]
    words += ["--instance-memory", str(scale["instanceMemoryMB"])]
    words += ["--maximum-instance-count", str(scale["maximumInstanceCount"])]
    words += ["--deployment-storage-container-name", storage["value"].rpartition("/")[2]]
    words += ["--https-only", request.text("properties", "httpsOnly")]
    words += ["--disable-app-insights", "true"]
    return [az(*words)]


def _deploy(request: Request, place: Place) -> Sequence[Command]:
    return [az("deployment", "group", "create", *_of_template(request, place))]


def _what_if(request: Request, place: Place) -> Sequence[Command]:
    # It needs no secret that works.
    words = [word.replace(CLIENT_SECRET, "not-made-yet") for word in _of_template(request, place)]
    return [az("deployment", "group", "what-if", *words)]


def _of_template(request: Request, place: Place) -> tuple[str, ...]:
    words = ("--template-file", place.template_file, "--parameters")
    given = request.value("properties", "parameters") or {}
    return (*named(request), *words, *(f"{name}={_value(one)}" for name, one in given.items()))


def _value(entry: object) -> str:
    """A parameter's value as az takes it: JSON, or a text as it is."""
    value = entry.get("value") if isinstance(entry, dict) else None
    return value if isinstance(value, str) else json.dumps(value)


TRANSLATIONS = {
    "ResourceGroupsOperations.create_or_update": _group_create,
    "ResourceGroupsOperations.begin_delete": _group_delete,
    "ProvidersOperations.register": _register,
    "SignalROperations.begin_create_or_update": _signalr_create,
    "SignalROperations.begin_update": _signalr_update,
    "StorageAccountsOperations.begin_create": _account_create,
    "StorageAccountsOperations.update": _account_update,
    "BlobContainersOperations.create": _container_create,
    "BlobServicesOperations.set_service_properties": _website,
    "AppServicePlansOperations.begin_create_or_update": _plan,
    "WebAppsOperations.begin_create_or_update": _site,
    "DeploymentsOperations.begin_create_or_update": _deploy,
    "DeploymentsOperations.begin_what_if": _what_if,
}
