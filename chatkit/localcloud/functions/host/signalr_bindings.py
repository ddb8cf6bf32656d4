"""SignalR bindings of the host: tokens for `signalRConnectionInfo`, REST calls for `signalR`.

Follows Microsoft's page "SignalR Service bindings for Azure Functions" and the extension in bundle
4.38 (Management SDK 1.29): messages and group actions go over the service's REST API, one signed
request each, in order. What signs tokens is imported when the first one is needed: it takes longer
to import than the whole host.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp

from chatkit.core import strict_json
from chatkit.core.errors import ChatkitError
from chatkit.localcloud.functions.host import expressions
from chatkit.localcloud.functions.host.errors import AppInvalid, BindingFailed
from chatkit.localcloud.functions.worker_process.calls import Wire
from chatkit.wire.connection_strings import SignalRConnectionString

API_VERSION = "2022-06-01"
DEFAULT_SETTING = "AzureSignalRConnectionString"
TRANSPORT_SETTING = "AzureSignalRServiceTransportType"
INPUTS = {"signalrconnectioninfo", "signalrnegotiation", "signalrendpoints"}
OUTPUT = "signalr"
TRIGGER = "signalrtrigger"
TYPES = INPUTS | {OUTPUT, TRIGGER}
NOT_FOUND_IS_FINE = "x-ms-error-code"


@dataclass(frozen=True)
class RestCall:
    """One request to the service's data plane."""

    method: str
    path: str
    body: Wire | None = None


def connection(settings: Mapping[str, str], setting: str) -> SignalRConnectionString:
    """Find and parse the connection string a binding names.

    Raises:
        AppInvalid: The setting is missing, malformed or asks for something there is no stand-in
            for.
    """
    if settings.get(TRANSPORT_SETTING, "").lower() == "persistent":
        raise AppInvalid(
            f"{TRANSPORT_SETTING}=Persistent asks for a server connection, which the "
            "local service does not have.",
            hint="Set it to Transient, which is the default: messages go over the REST API.",
        )
    name = setting or DEFAULT_SETTING
    text = next((settings[key] for key in _places(name) if settings.get(key)), "")
    if not text:
        if any(key.startswith(f"{name}__") for key in settings):
            raise AppInvalid(
                f"{name}__serviceUri asks for an identity-based connection, which the "
                "local host does not have.",
                hint=f"Set {name} to a connection string with an access key.",
            )
        raise AppInvalid(
            "The SignalR Service connection string or endpoints are not set.",
            hint=f"Add an app setting named {name}.",
        )
    try:
        parsed = SignalRConnectionString.parse(text)
    except ChatkitError as error:
        raise AppInvalid(f"{name}: {error.message}", hint=error.hint) from None
    if parsed.auth_type:
        raise AppInvalid(
            f"{name} uses AuthType={parsed.auth_type}; the local host signs with access keys only."
        )
    return parsed


def _places(name: str) -> tuple[str, ...]:
    return (
        f"ConnectionStrings:{name}",
        f"ConnectionStrings__{name}",
        name,
        "Azure__SignalR__ConnectionString",
    )


@dataclass(frozen=True)
class InputContext:
    """What an input binding is resolved from."""

    settings: Mapping[str, str]
    data: Mapping[str, Any]
    function_name: str

    def text(self, binding: Mapping[str, Any], name: str) -> str:
        """A binding property with its expressions resolved; empty when absent."""
        return expressions.resolve(
            str(binding.get(name) or ""), self.data, method=self.function_name
        )


def input_value(binding: Mapping[str, Any], context: InputContext) -> Wire:
    """The JSON text an input binding hands to user code.

    Raises:
        AppInvalid: No usable connection string.
        BindingFailed: An expression does not resolve, or a token would be too long.
    """
    service = connection(context.settings, str(binding.get("connectionStringSetting") or ""))
    kind = str(binding["type"]).lower()
    endpoint = {"endpointType": "Primary", "name": "", "endpoint": service.endpoint, "online": True}
    if kind == "signalrendpoints":
        return {"json": json.dumps([endpoint])}
    info = _connection_info(binding, context, service)
    if kind == "signalrnegotiation":
        return {"json": json.dumps({"endpoints": [{**endpoint, "connectionInfo": info}]})}
    return {"json": json.dumps(info, separators=(",", ":"))}


def _connection_info(
    binding: Mapping[str, Any], context: InputContext, service: SignalRConnectionString
) -> dict[str, str]:
    hub = context.text(binding, "hubName")
    if not hub:
        raise BindingFailed(f"The {binding['type']} binding '{binding['name']}' has no hubName.")
    from chatkit.wire import tokens

    user_id = context.text(binding, "userId")
    claims = _claims(context.text(binding, "idToken"), binding.get("claimTypeList") or [])
    try:
        token = tokens.client_token(service, hub, user_id=user_id, claims=claims)
    except ChatkitError as error:
        raise BindingFailed(error.message) from None
    return {"url": tokens.client_url(service, hub), "accessToken": token}


def _claims(id_token: str, wanted: Iterable[str]) -> dict[str, Any]:
    """Claims of an id token that claimTypeList names. Like Microsoft's, it verifies nothing."""
    if not id_token:
        return {}
    import jwt

    try:
        claims = jwt.decode(id_token.removeprefix("Bearer "), options={"verify_signature": False})
    except jwt.InvalidTokenError:
        raise BindingFailed(
            "The idToken of the signalRConnectionInfo binding is not a JSON web token."
        ) from None
    if isinstance(wanted, str):
        wanted = json.loads(wanted)
    names = set(wanted)
    return {name: value for name, value in claims.items() if name in names}


def rest_calls(hub: str, value: Wire | None) -> list[RestCall]:
    """Turn what user code set on a `signalR` binding into requests, in order.

    Raises:
        BindingFailed: An item is neither message nor group action.
    """
    try:
        return [_rest_call(hub, item) for item in _items(value)]
    except UnicodeEncodeError as error:
        # Half of a surrogate pair in the name of a user, a group or a connection.
        raise BindingFailed(
            f"A name in the value of the signalr output binding cannot be sent: {error}."
        ) from None


def _items(value: Wire | None) -> list[Any]:
    if not value:
        return []
    [(kind, content)] = value.items()
    if kind in ("string", "json"):
        try:
            content = json.loads(content)
        except (ValueError, RecursionError):
            raise BindingFailed(
                "Unable to convert the value of the signalR output binding: it is text "
                "that is not JSON.",
                hint="Set it to json.dumps({'target': ..., 'arguments': [...]}).",
            ) from None
    if isinstance(content, list):
        return content
    return [content]


def _rest_call(hub: str, item: Any) -> RestCall:
    if isinstance(item, dict):
        fields = {key.lower(): value for key, value in item.items()}
        if fields.get("target"):
            return _message(hub, fields)
        if fields.get("action"):
            return _group_action(hub, fields)
    raise BindingFailed(
        "Unable to convert JObject to valid output binding type, check parameters.",
        hint="A message needs 'target' (and 'arguments'), a group action needs 'action' and "
        "'groupName'.",
    )


def _hub_path(hub: str) -> str:
    return f"/api/hubs/{quote(hub.lower(), safe='')}"


def _message(hub: str, fields: dict[str, Any]) -> RestCall:
    arguments = fields.get("arguments")
    if arguments is not None and not isinstance(arguments, list):
        raise BindingFailed(
            "Unable to convert JObject to valid output binding type, check parameters: "
            "'arguments' is no array."
        )
    path = _hub_path(hub)
    for name, part in (
        ("connectionid", "connections"),
        ("userid", "users"),
        ("groupname", "groups"),
    ):
        if fields.get(name):
            path = f"{path}/{part}/{quote(str(fields[name]), safe='')}"
            break
    return RestCall(
        "POST", f"{path}/:send", {"target": fields["target"], "arguments": arguments or []}
    )


def _group_action(hub: str, fields: dict[str, Any]) -> RestCall:
    action = str(fields["action"]).lower()
    method = {"add": "PUT", "remove": "DELETE", "removeall": "DELETE"}.get(action)
    connection_id = str(fields.get("connectionid") or "")
    user_id = str(fields.get("userid") or "")
    if method is None:
        raise BindingFailed(
            "Unable to convert JObject to valid output binding type, check parameters: "
            f"action '{action}'."
        )
    if not connection_id and not user_id:
        raise BindingFailed("ConnectionId and UserId cannot be null or empty together")
    path = _hub_path(hub)
    if action == "removeall":
        return RestCall(method if user_id else "", f"{path}/users/{quote(user_id, safe='')}/groups")
    group = quote(str(fields.get("groupname") or ""), safe="")
    if not group:
        raise BindingFailed(
            "Unable to convert JObject to valid output binding type, check parameters: "
            "'groupName' is missing."
        )
    if connection_id:
        return RestCall(
            method, f"{path}/groups/{group}/connections/{quote(connection_id, safe='')}"
        )
    return RestCall(method, f"{path}/users/{quote(user_id, safe='')}/groups/{group}")


class RestSender:
    """Sends to SignalR Service over one kept-alive client session."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def send(self, service: SignalRConnectionString, calls: Iterable[RestCall]) -> None:
        """Send requests one after another; what went out before a failure stays sent.

        Raises:
            BindingFailed: The service refused one or cannot be reached.
        """
        for call in calls:
            if call.method:
                await self._send_one(service, call)

    async def _send_one(self, service: SignalRConnectionString, call: RestCall) -> None:
        from chatkit.wire import tokens

        path = f"{call.path}?api-version={API_VERSION}"
        headers = {
            "Authorization": f"Bearer {tokens.rest_token(service, path)}",
            "Content-Type": "application/json",
        }
        data = _body(call)
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=100))
        try:
            url = _exact(f"{service.server_url}{path}")
            async with self._session.request(
                call.method, url, data=data, headers=headers
            ) as response:
                if response.status >= 400 and not _is_harmless(call, response):
                    raise _refused(response.status, await response.text(), service)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise BindingFailed(
                f"The SignalR Service at {service.base_url} cannot be reached: "
                f"{error or type(error).__name__}.",
                hint="Is it running? `chatkit local status` shows it.",
            ) from None

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()


def _body(call: RestCall) -> bytes | None:
    """The request's body: JSON as the service reads it, which is stricter than Python's."""
    if call.body is None:
        return None
    try:
        return strict_json.dumps(call.body)
    except ValueError as error:
        raise BindingFailed(
            f"The message for the SignalR Service cannot be written as JSON: {error}."
        ) from None


def _exact(url: str) -> Any:
    from yarl import URL

    return URL(url, encoded=True)


def _is_harmless(call: RestCall, response: aiohttp.ClientResponse) -> bool:
    """Removing what is not there: the SDK takes a 404 with the service's error header as done."""
    return (
        response.status == 404 and call.method == "DELETE" and NOT_FOUND_IS_FINE in response.headers
    )


def _refused(status: int, text: str, service: SignalRConnectionString) -> BindingFailed:
    if status == 401:
        return BindingFailed(
            "Authorization failed. If you were using AccessKey, please check connection string "
            "and see if the AccessKey is correct.",
            hint="Was the key of the SignalR Service regenerated since the setting was made?",
        )
    return BindingFailed(
        f"The SignalR Service at {service.base_url} answered {status}: {text[:300]}".rstrip(": ")
    )
