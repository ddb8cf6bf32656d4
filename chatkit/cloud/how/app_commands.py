"""az for what fills the app and lets people in: settings, CORS, sign-in, code, page, roles."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from chatkit.cloud.how.commands import Command, az, named
from chatkit.cloud.how.references import APP, SECRET_ID, SUBSCRIPTION
from chatkit.cloud.how.requests import PACKAGE, WEB_CONTAINER, Place, Request

VENDORED = "vendor"
# az takes the name of a role; an id says nothing to a reader.
ROLES = {
    "7e4f1700-ea5a-4f59-8f37-079cfe29dce3": "SignalR Service Owner",
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
}


def rest(request: Request, place: Place) -> Command:
    """The request as it is, below the subscription that az has chosen."""
    # az puts its own subscription in the place of this word.
    url = request.url.replace(place.subscription_id, "{subscriptionId}")
    words = ["rest", "--method", request.method.lower()]
    words += ["--url", url.removeprefix(place.resource_manager.rstrip("/"))]
    if request.body is not None:
        words += ["--body", json.dumps(request.body, indent=2)]
    return az(*words)


def _settings(request: Request, _place: Place) -> Sequence[Command]:
    properties = request.value("properties") or {}
    names = request.meant or tuple(sorted(properties))
    pairs = [f"{name}={properties[name]}" for name in names if name in properties]
    gone = [name for name in names if name not in properties]
    settings = ("functionapp", "config", "appsettings")
    found = []
    if pairs:
        found.append(az(*settings, "set", *named(request), "--settings", *pairs))
    if gone:
        found.append(az(*settings, "delete", *named(request), "--setting-names", *gone))
    return found


def _cors(request: Request, _place: Place) -> Sequence[Command]:
    cors = request.value("properties", "cors") or {}
    origins = cors.get("allowedOrigins") or []
    credentials = str(cors.get("supportCredentials", False)).lower()
    command = ("functionapp", "cors")
    return [
        az(*command, "add", *named(request), "--allowed-origins", *origins),
        az(*command, "credentials", *named(request), "--enable", credentials),
    ]


def _application(request: Request, _place: Place) -> Sequence[Command]:
    words = ["ad", "app", "create", "--display-name", request.text("displayName")]
    words += ["--sign-in-audience", request.text("signInAudience")]
    redirects = request.value("web", "redirectUris") or ()
    if redirects:
        words += ["--web-redirect-uris", *redirects]
    implicit = request.text("web", "implicitGrantSettings", "enableIdTokenIssuance")
    words += ["--enable-id-token-issuance", implicit]
    access = json.dumps(request.value("requiredResourceAccess"))
    words += ["--required-resource-accesses", access]
    return [az(*words, "--query", "appId", "--output", "tsv", keeps="app")]


def _redirects(request: Request, _place: Place) -> Sequence[Command]:
    words = ["ad", "app", "update", "--id", APP, "--web-redirect-uris"]
    words += request.value("web", "redirectUris") or ()
    implicit = request.text("web", "implicitGrantSettings", "enableIdTokenIssuance")
    if implicit:  # what is not said again of `web` may be gone
        words += ["--enable-id-token-issuance", implicit]
    return [az(*words)]


def _service_principal(_request: Request, _place: Place) -> Sequence[Command]:
    return [az("ad", "sp", "create", "--id", APP)]


def _password(request: Request, _place: Place) -> Sequence[Command]:
    name = request.text("passwordCredential", "displayName")
    words = ("ad", "app", "credential", "reset", "--id", APP, "--append", "--display-name", name)
    return [az(*words, "--query", "password", "--output", "tsv", keeps="secret")]


def _remove_password(_request: Request, _place: Place) -> Sequence[Command]:
    return [az("ad", "app", "credential", "delete", "--id", APP, "--key-id", SECRET_ID)]


def _federation(request: Request, _place: Place) -> Sequence[Command]:
    words = ("ad", "app", "federated-credential", "create", "--id", APP)
    return [az(*words, "--parameters", json.dumps(request.body, indent=2))]


def _delete_federation(request: Request, _place: Place) -> Sequence[Command]:
    credential = request.path.rpartition("/")[2]
    words = ("ad", "app", "federated-credential", "delete", "--id", APP)
    return [az(*words, "--federated-credential-id", credential)]


def _delete_application(_request: Request, _place: Place) -> Sequence[Command]:
    return [az("ad", "app", "delete", "--id", APP)]


def _package(_request: Request, place: Place) -> Sequence[Command]:
    # Below a folder the module keeps the names of folders, of single files their last part only.
    entries = sorted({name.partition("/")[0] for name in place.function_files})
    files = [f"{place.functions_folder}/{name}" for name in entries]
    pack = Command(("-m", "zipfile", "--create", PACKAGE, *files), program="python3")
    names = place.names
    where = ("--name", names.function_app, "--resource-group", names.resource_group)
    words = ("functionapp", "deployment", "source", "config-zip")
    return [pack, az(*words, *where, "--src", PACKAGE, "--build-remote", "true")]


def _upload(request: Request, place: Place) -> Sequence[Command]:
    """All files with one command; those that change with their release only have another one."""
    words = ["storage", "blob", "upload-batch", "--account-name", place.names.storage_account]
    words += ["--auth-mode", "key", "--destination", WEB_CONTAINER, "--source", place.page_folder]
    words += ["--overwrite", "true", "--content-cache-control"]
    every = az(*words, "no-cache")
    if f"/{VENDORED}/" not in request.path:
        return [every]
    vendored = ("public, max-age=86400", "--pattern", f"{VENDORED}/*")
    return [every, az(*words, *vendored)]


def _delete_blob(request: Request, place: Place) -> Sequence[Command]:
    words = ("storage", "blob", "delete", "--account-name", place.names.storage_account)
    container = ("--container-name", WEB_CONTAINER, "--name", request.arguments[0])
    return [az(*words, "--auth-mode", "key", *container)]


def _site(request: Request, place: Place) -> Sequence[Command]:
    """A site's own document, changed in part."""
    names = place.names
    where = ("--name", names.function_app, "--resource-group", names.resource_group)
    if request.value("identity"):
        assign = ("functionapp", "identity", "assign", *where)
        others = [
            _in_subscription(one, place)
            for one in request.value("identity", "userAssignedIdentities") or ()
        ]
        if others:
            return [az(*assign, "--identities", "[system]", *others)]
        return [az(*assign, "--query", "principalId", "--output", "tsv", keeps="principal")]
    deployment = request.value("properties", "functionAppConfig", "deployment") or {}
    storage = deployment["storage"]
    words = ["functionapp", "deployment", "config", "set", *where]
    words += ["--deployment-storage-name", names.storage_account]
    words += ["--deployment-storage-container-name", storage["value"].rpartition("/")[2]]
    return [az(*words, "--deployment-storage-auth-type", storage["authentication"]["type"])]


def _identity(request: Request, place: Place) -> Sequence[Command]:
    name = request.path.rpartition("/")[2]
    where = ("--name", name, "--resource-group", place.names.resource_group)
    return [az("identity", "create", *where, "--location", request.text("location"))]


def _role(request: Request, place: Place) -> Sequence[Command]:
    role = request.text("properties", "roleDefinitionId").rpartition("/")[2]
    scope = request.path.partition("/providers/Microsoft.Authorization/")[0]
    words = ["role", "assignment", "create", "--role", ROLES.get(role, role)]
    words += ["--assignee-object-id", request.text("properties", "principalId")]
    words += ["--assignee-principal-type", request.text("properties", "principalType")]
    words += ["--scope", _in_subscription(scope, place)]
    return [az(*words)]


def _in_subscription(resource_id: str, place: Place) -> str:
    """An id with the subscription of whoever types it."""
    path = f"/subscriptions/{SUBSCRIPTION}/"
    return resource_id.replace(f"/subscriptions/{place.subscription_id}/", path)


def _plain(request: Request, place: Place) -> Sequence[Command]:
    """Requests that no method of an SDK sends, by verb and path."""
    for method, path, translation in PLAIN:
        if method == request.method and path in request.path.lower():
            return translation(request, place)
    return [rest(request, place)]


def _signalr_keys(request: Request, _place: Place) -> Sequence[Command]:
    return [az("signalr", "key", "list", *named(request))]


def _account_keys(request: Request, _place: Place) -> Sequence[Command]:
    group, name = request.arguments
    return [
        az("storage", "account", "keys", "list", "--account-name", name, "--resource-group", group)
    ]


def _subscription(_request: Request, _place: Place) -> Sequence[Command]:
    return [az("login"), az("account", "show")]


def _nothing(_request: Request, _place: Place) -> Sequence[Command]:
    """What az does as a part of another command."""
    return ()


# The first whose verb and part of the path fit.
PLAIN: tuple[tuple[str, str, Callable[[Request, Place], Sequence[Command]]], ...] = (
    ("POST", "/addpassword", _password),
    ("POST", "/removepassword", _remove_password),
    ("POST", "/federatedidentitycredentials", _federation),
    ("DELETE", "/federatedidentitycredentials/", _delete_federation),
    ("POST", "/applications", _application),
    ("PATCH", "/applications/", _redirects),
    ("PATCH", "/applications(", _redirects),
    ("DELETE", "/applications", _delete_application),
    ("POST", "/serviceprincipals", _service_principal),
    ("POST", "/api/publish", _package),
    ("PUT", "/roleassignments/", _role),
    ("PUT", "/microsoft.managedidentity/userassignedidentities/", _identity),
    ("PATCH", "/microsoft.web/sites/", _site),
)
TRANSLATIONS = {
    "WebAppsOperations.update_application_settings": _settings,
    "WebAppsOperations.update_configuration": _cors,
    "WebAppsOperations.sync_function_triggers": _nothing,
    "ContainerClient.upload_blob": _upload,
    "ContainerClient.delete_blob": _delete_blob,
    "SignalROperations.list_keys": _signalr_keys,
    "StorageAccountsOperations.list_keys": _account_keys,
    "subscription": _subscription,
    "Rest.send": _plain,
    "Rest.post": _plain,
}
