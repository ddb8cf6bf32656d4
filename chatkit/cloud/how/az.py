"""A step as commands of the Azure CLI.

Where az has no command without an extension, `az rest` sends the request as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from chatkit.cloud.how import app_commands, resource_commands
from chatkit.cloud.how.commands import Command, az
from chatkit.cloud.how.masking import (
    CLIENT_SECRET,
    PLACEHOLDER,
    SIGNALR_CONNECTION,
    STORAGE_CONNECTION,
)
from chatkit.cloud.how.references import (
    API,
    APP,
    AUTHORITY,
    OBJECT,
    ORIGIN,
    PAGE,
    PRINCIPAL,
    SECRET_ID,
    SECRET_NAME,
    SERVICE,
    SIGN_IN_CLIENT,
    SIGN_IN_OBJECT,
    SUBSCRIPTION,
    TENANT,
    with_addresses,
    with_addresses_in,
    with_ids,
)
from chatkit.cloud.how.requests import LocalFile, Place, Request, questions
from chatkit.core.settings import Names

# az shows an app on Flex Consumption as Resource Manager does, and others without `properties`.
HOST_NAME = "properties.defaultHostName || defaultHostName"
UPLOAD = "upload-batch"
KEYS_OFF = "--allow-shared-key-access"
LOCAL_HOST = "join(':', [hostName, to_string(publicPort)])"
Translation = Callable[[Request, Place], Sequence[Command]]
TRANSLATIONS: dict[str, Translation] = {
    **resource_commands.TRANSLATIONS,
    **app_commands.TRANSLATIONS,
}
# The shell's variable for each placeholder, and what of it is meant.
VARIABLES = {
    API: "api",
    PAGE: "page",
    APP: "app",
    OBJECT: "app",  # `az ad app` takes the one or the other
    PRINCIPAL: "principal",
    SERVICE: "service",
    SIGN_IN_CLIENT: "identity_client",
    SIGN_IN_OBJECT: "identity_object",
    SECRET_ID: "key",
    SUBSCRIPTION: "subscription",
    TENANT: "tenant",
    AUTHORITY: "authority",
    ORIGIN: "page%/",  # without the slash at its end
    CLIENT_SECRET: "secret",
    SIGNALR_CONNECTION: "signalr",
    STORAGE_CONNECTION: "storage",
}


def commands(
    requests: Sequence[Request], place: Place, files: Sequence[LocalFile] = ()
) -> list[Command]:
    """The commands that do what some requests did, each variable set before it is used.

    Args:
        requests: What was sent.
        place: Where.
        files: What was written on this machine.
    """
    found: list[Command] = []
    named = with_addresses(with_ids(requests), place)
    changing = [request for request in named if request.changes_something]
    # What a file needs is looked up; what else was read says nothing about how to write it.
    told = changing or ([] if files else questions(named))
    wanted = [command for request in told for command in _translated(request, place)]
    uploads = [command for command in wanted if UPLOAD in command.words]
    # The files go up with a key.
    keys_off = [command for command in wanted if KEYS_OFF in command.words]
    last = (*uploads, *keys_off)
    others = [command for command in wanted if command not in last]
    written = [_write(with_addresses_in(file, place)) for file in files]
    # The page's files go last, with what was written into its folder.
    for command in (*others, *written, *last):
        found += _lookups(command, known=found, place=place)
        if command not in found:
            found.append(command)
    return found


def _write(file: LocalFile) -> Command:
    return Command((file.text(),), program="echo", into=file.path)


def text(found: Iterable[Command]) -> str:
    """Commands as lines for a shell."""
    return "\n".join(command.text(VARIABLES) for command in found)


def _translated(request: Request, place: Place) -> Sequence[Command]:
    translation = TRANSLATIONS.get(request.operation)
    if translation is None:
        return [app_commands.rest(request, place)]
    return translation(request, place)


def _lookups(command: Command, *, known: Sequence[Command], place: Place) -> Iterator[Command]:
    """The commands that find out what another one needs."""
    kept = {one.keeps for one in known}
    for placeholder in dict.fromkeys(PLACEHOLDER.findall(" ".join(command.words))):
        variable = VARIABLES.get(placeholder, "")
        name = variable.partition("%")[0]
        if name and name not in kept:
            kept.add(name)
            yield LOOKUPS[name](place.names, place)


def _api(names: Names, place: Place) -> Command:
    show = ("functionapp", "show", *_named(names.function_app, names))
    query = ("--query", HOST_NAME, "--output", "tsv")
    return az(*show, *query, keeps="api", before=f"{place.app_scheme}://")


def _page(names: Names, _place: Place) -> Command:
    show = ("storage", "account", "show", *_named(names.storage_account, names))
    return az(*show, "--query", "primaryEndpoints.web", "--output", "tsv", keeps="page")


def _app(names: Names, _place: Place) -> Command:
    show = ("ad", "app", "list", "--display-name", names.function_app)
    return az(*show, "--query", "[0].appId", "--output", "tsv", keeps="app")


def _principal(names: Names, _place: Place) -> Command:
    show = ("functionapp", "identity", "show", *_named(names.function_app, names))
    return az(*show, "--query", "principalId", "--output", "tsv", keeps="principal")


def _identity(query: str, keeps: str) -> Callable[[Names, Place], Command]:
    """What looks up an id of the identity that people sign in with."""

    def found(names: Names, _place: Place) -> Command:
        show = ("identity", "show", *_named(names.sign_in_identity, names))
        return az(*show, "--query", query, "--output", "tsv", keeps=keeps)

    return found


def _key(_names: Names, _place: Place) -> Command:
    listed = ("ad", "app", "credential", "list", "--id", APP)
    query = f"[?displayName=='{SECRET_NAME}'] | [0].keyId"
    return az(*listed, "--query", query, "--output", "tsv", keeps="key")


def _secret(_names: Names, _place: Place) -> Command:
    reset = ("ad", "app", "credential", "reset", "--append", "--id", APP)
    return az(*reset, "--query", "password", "--output", "tsv", keeps="secret")


def _signalr(names: Names, _place: Place) -> Command:
    keys = ("signalr", "key", "list", *_of_signalr(names))
    return az(*keys, "--query", "primaryConnectionString", "--output", "tsv", keeps="signalr")


def _service(names: Names, place: Place) -> Command:
    show = ("signalr", "show", *_of_signalr(names))
    # In a local cloud the instances differ by their ports.
    host = "hostName" if place.app_scheme == "https" else LOCAL_HOST
    query = ("--query", host, "--output", "tsv")
    return az(*show, *query, keeps="service", before=f"{place.app_scheme}://")


def _storage(names: Names, _place: Place) -> Command:
    show = ("storage", "account", "show-connection-string", *_named(names.storage_account, names))
    return az(*show, "--query", "connectionString", "--output", "tsv", keeps="storage")


def _of_signalr(names: Names) -> tuple[str, ...]:
    return ("--name", names.signalr, "--resource-group", names.signalr_group)


def _named(name: str, names: Names) -> tuple[str, ...]:
    return ("--name", name, "--resource-group", names.resource_group)


def _subscription(_names: Names, _place: Place) -> Command:
    return az("account", "show", "--query", "id", "--output", "tsv", keeps="subscription")


def _tenant(_names: Names, _place: Place) -> Command:
    return az("account", "show", "--query", "tenantId", "--output", "tsv", keeps="tenant")


def _authority(_names: Names, _place: Place) -> Command:
    query = ("--query", "endpoints.activeDirectory", "--output", "tsv")
    return az("cloud", "show", *query, keeps="authority")


LOOKUPS: dict[str, Callable[[Names, Place], Command]] = {
    "api": _api,
    "page": _page,
    "app": _app,
    "principal": _principal,
    "secret": _secret,
    "identity_client": _identity("clientId", "identity_client"),
    "identity_object": _identity("principalId", "identity_object"),
    "key": _key,
    "signalr": _signalr,
    "service": _service,
    "storage": _storage,
    "subscription": _subscription,
    "tenant": _tenant,
    "authority": _authority,
}
