"""SignalR bindings of the host: tokens for `signalRConnectionInfo`, REST calls for `signalR`.

Follows Microsoft's page "SignalR Service bindings for Azure Functions": messages and group actions
go over the service's REST API, one request each, in order.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from chatkit.core.errors import ChatkitError
from chatkit.localcloud.functions.host import expressions
from chatkit.localcloud.functions.host.errors import AppInvalid, BindingFailed
from chatkit.localcloud.functions.host.signalr_service import (
    RestCall,
    RestSender,
    connection,
    hub_path,
)
from chatkit.localcloud.functions.worker_process.calls import Wire
from chatkit.wire.connection_strings import SignalRConnectionString

INPUTS = {"signalrconnectioninfo", "signalrnegotiation", "signalrendpoints"}
OUTPUT = "signalr"
TRIGGER = "signalrtrigger"
TYPES = INPUTS | {OUTPUT, TRIGGER}


@dataclass(frozen=True)
class InputContext:
    """What an input binding is resolved from.

    Attributes:
        settings: App settings.
        environment: Of the app: who asks for tokens where there is no key.
        data: Of the trigger.
        function_name: Of the function.
    """

    settings: Mapping[str, str]
    environment: Mapping[str, str]
    data: Mapping[str, Any]
    function_name: str

    def text(self, binding: Mapping[str, Any], name: str) -> str:
        """A binding property with its expressions resolved; empty when absent."""
        return expressions.resolve(
            str(binding.get(name) or ""), self.data, method=self.function_name
        )


async def input_value(
    binding: Mapping[str, Any], context: InputContext, sender: RestSender
) -> Wire:
    """The JSON text an input binding hands to user code.

    Args:
        binding: Its properties.
        context: What it is resolved from.
        sender: Asks the service for a client's token where there is no key to sign with.

    Raises:
        BindingFailed: No usable connection string; an expression does not resolve; a token would be
            too long, or the service makes none.
    """
    try:
        return await _input_value(binding, context, sender)
    except (BindingFailed, AppInvalid) as error:
        raise BindingFailed(
            f"Exception binding parameter '{binding['name']}'. {error.message}", hint=error.hint
        ) from None


async def _input_value(
    binding: Mapping[str, Any], context: InputContext, sender: RestSender
) -> Wire:
    service = connection(context.settings, str(binding.get("connectionStringSetting") or ""))
    kind = str(binding["type"]).lower()
    endpoint = {"endpointType": "Primary", "name": "", "endpoint": service.endpoint, "online": True}
    if kind == "signalrendpoints":
        return {"json": json.dumps([endpoint])}
    info = await _connection_info(binding, context, service, sender)
    if kind == "signalrnegotiation":
        return {"json": json.dumps({"endpoints": [{**endpoint, "connectionInfo": info}]})}
    return {"json": json.dumps(info, separators=(",", ":"))}


async def _connection_info(
    binding: Mapping[str, Any],
    context: InputContext,
    service: SignalRConnectionString,
    sender: RestSender,
) -> dict[str, str]:
    hub = context.text(binding, "hubName")
    if not hub:
        raise BindingFailed(f"The {binding['type']} binding '{binding['name']}' has no hubName.")
    from chatkit.wire import tokens

    user_id = context.text(binding, "userId")
    claims = _claims(context.text(binding, "idToken"), binding.get("claimTypeList") or [])
    url = tokens.client_url(service, hub)
    if service.credential is not None:
        if claims:
            raise BindingFailed(
                "A connection without a key gets its client tokens from the service, and those"
                " have no claims of an idToken.",
                hint="Leave out idToken and claimTypeList, or use a connection string with a key.",
            )
        token = await sender.client_token(service, hub, user_id, context.environment)
        return {"url": url, "accessToken": token}
    try:
        token = tokens.client_token(service, hub, user_id=user_id, claims=claims)
    except ChatkitError as error:
        raise BindingFailed(error.message) from None
    return {"url": url, "accessToken": token}


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


def _message(hub: str, fields: dict[str, Any]) -> RestCall:
    arguments = fields.get("arguments")
    if arguments is not None and not isinstance(arguments, list):
        raise BindingFailed(
            "Unable to convert JObject to valid output binding type, check parameters: "
            "'arguments' is no array."
        )
    path = hub_path(hub)
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
    path = hub_path(hub)
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
