"""What stands for a secret, an id or an address in a template: an expression, or a parameter.

https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-resource
"""

from __future__ import annotations

import re
from typing import Any

from chatkit.cloud.how import masking, references
from chatkit.cloud.how.requests import Place, ResourcePath

Document = dict[str, Any]
SIGNALR = "Microsoft.SignalRService/signalR"
ACCOUNT = "Microsoft.Storage/storageAccounts"
SITE = "Microsoft.Web/sites"
IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"
ROLE_DEFINITION = "Microsoft.Authorization/roleDefinitions"
VERSIONS = {
    SIGNALR: "2023-02-01",
    ACCOUNT: "2025-06-01",
    SITE: "2025-05-01",
    IDENTITY: "2023-01-31",
}
RESOURCE_ID = re.compile(r"/subscriptions/[^/\s]+/resourceGroups/[^/\s]+/providers/[^\s\"]+")
ROLE_ID = re.compile(rf"/subscriptions/[^/]+/providers/{ROLE_DEFINITION}/([0-9a-f-]+)", re.I)
PLACEHOLDER = re.compile(r"<[^<>\n]+>")
VALUE_OF = re.compile(r"<value of (.+)>")
CLIENT_ID = "clientId"
CLIENT_SECRET = "clientSecret"
LOGIN = "environment().authentication.loginEndpoint"
# Azure's ends with a slash, and the addresses of issuers have one of their own.
AUTHORITY = f"if(endsWith({LOGIN}, '/'), substring({LOGIN}, 0, sub(length({LOGIN}), 1)), {LOGIN})"
# Parameters that a whole chat has besides those of its values.
LOCATION = "location"
SIGNALR_NAME = "signalRName"
ACCOUNT_NAME = "storageAccountName"
PLAN_NAME = "planName"
SITE_NAME = "functionAppName"
IDENTITY_NAME = "signInIdentityName"
RESERVED = (LOCATION, SIGNALR_NAME, ACCOUNT_NAME, PLAN_NAME, SITE_NAME, IDENTITY_NAME)


def quoted(text: str) -> str:
    """A text as a literal of an expression."""
    return "'" + text.replace("'", "''") + "'"


def resource_id(type_name: str, name: str, *, group: str = "") -> str:
    """The function that yields a resource's id."""
    names = [type_name, *name.split("/")]
    return f"resourceId({', '.join(map(quoted, [group, *names] if group else names))})"


class Values:
    """The values of one template, and the parameters that they need.

    Args:
        place: Where the step was done.

    Attributes:
        parameters: Those that the values told so far need.
    """

    def __init__(self, place: Place) -> None:
        self.parameters: dict[str, Document] = {}
        self._named: dict[str, str] = {}
        self._place = place
        self._known = _expressions(place)

    def told(self, value: Any, field: str = "") -> Any:
        """A value of a body as a template has it.

        Args:
            value: With placeholders in the place of secrets, ids and addresses.
            field: The name that it has in its body.
        """
        if isinstance(value, dict):
            return {self._text(name): self.told(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.told(inner, field) for inner in value]
        return self._text(value, field) if isinstance(value, str) else value

    def _text(self, text: str, field: str = "") -> str:
        if RESOURCE_ID.fullmatch(text):
            return _reference(text)
        role = ROLE_ID.fullmatch(text)
        if role is not None:
            return f"[subscriptionResourceId({quoted(ROLE_DEFINITION)}, {quoted(role[1])})]"
        parts = self._parts(text, field)
        if parts == [quoted(text)] or not text:
            return _literal(text)
        if len(parts) == 1:
            return f"[{parts[0]}]"
        return f"[concat({', '.join(parts)})]"

    def _parts(self, text: str, field: str) -> list[str]:
        """Literals and expressions that make a text when they are joined."""
        parts: list[str] = []
        rest = 0
        for found in PLACEHOLDER.finditer(text):
            expression = self._expression(found[0], field)
            if expression:
                parts += [quoted(text[rest : found.start()]), expression]
                rest = found.end()
        return [part for part in (*parts, quoted(text[rest:])) if part != "''"]

    def _expression(self, placeholder: str, field: str) -> str:
        """What stands for a placeholder; empty for another text."""
        if placeholder == references.APP:
            return self._parameter(placeholder, CLIENT_ID, "string")
        if placeholder == masking.CLIENT_SECRET:
            return self._parameter(placeholder, CLIENT_SECRET, "securestring")
        setting = VALUE_OF.fullmatch(placeholder)
        if setting is not None:
            return self._parameter(placeholder, setting[1], "securestring")
        if placeholder == masking.SECRET:
            # Each may be another one.
            return self._parameter("", field or "secret", "securestring")
        return self._known.get(placeholder, "")

    def _parameter(self, placeholder: str, name: str, kind: str) -> str:
        known = self._named.get(placeholder) if placeholder else None
        if known is None:
            known = self._free(re.sub(r"\W", "_", name, flags=re.ASCII))
            self._named[placeholder] = known
            self.parameters[known] = {"type": kind}
        return f"parameters({quoted(known)})"

    def _free(self, name: str) -> str:
        """A name that no parameter has; they are compared without case."""
        taken = {one.lower() for one in (*self.parameters, *RESERVED)}
        free = name
        number = 2
        while free.lower() in taken:
            free = f"{name}_{number}"
            number += 1
        return free


def _literal(text: str) -> str:
    """In a template a text that begins with a bracket is an expression, unless it has two."""
    if text.startswith("["):
        return f"[{text}"
    return text


def _expressions(place: Place) -> dict[str, str]:
    """Expressions for what services chose, by placeholder."""
    names = place.names
    group = names.signalr_group if names.shared else ""
    instance = resource_id(SIGNALR, names.signalr, group=group)
    account = resource_id(ACCOUNT, names.storage_account)
    site = _read(SITE, resource_id(SITE, names.function_app))
    identity = _read(IDENTITY, resource_id(IDENTITY, names.sign_in_identity))
    chat = _read(SIGNALR, instance)
    service = f"{quoted('https://')}, {chat}.hostName"
    if place.app_scheme != "https":
        # The local cloud's instances have ports in the place of names.
        service = f"{quoted('http://')}, {chat}.hostName, ':', string({chat}.publicPort)"
    endpoints = f"{_read(ACCOUNT, account)}.primaryEndpoints"
    page = f"{endpoints}.web"
    store = (
        f"concat('DefaultEndpointsProtocol=https;AccountName=', {quoted(names.storage_account)},"
        f" ';AccountKey=', {_keys(ACCOUNT, account)}.keys[0].value,"
        f" ';BlobEndpoint=', {endpoints}.blob, ';')"
    )
    principal = _read(SITE, resource_id(SITE, names.function_app), more=", 'full'")
    return {
        masking.SIGNALR_CONNECTION: f"{_keys(SIGNALR, instance)}.primaryConnectionString",
        masking.STORAGE_CONNECTION: store,
        references.SERVICE: f"concat({service})",
        references.BLOBS: f"{endpoints}.blob",
        references.PAGE: page,
        references.ORIGIN: f"substring({page}, 0, sub(length({page}), 1))",
        references.API: f"concat({quoted(place.app_scheme + '://')}, {site}.defaultHostName)",
        references.TENANT: "subscription().tenantId",
        references.AUTHORITY: AUTHORITY,
        references.PRINCIPAL: f"{principal}.identity.principalId",
        references.SIGN_IN_OBJECT: f"{identity}.principalId",
        references.SIGN_IN_CLIENT: f"{identity}.clientId",
    }


def _read(type_name: str, identity: str, *, more: str = "") -> str:
    return f"reference({identity}, {quoted(VERSIONS[type_name])}{more})"


def _keys(type_name: str, identity: str) -> str:
    return f"listKeys({identity}, {quoted(VERSIONS[type_name])})"


def _reference(text: str) -> str:
    path = ResourcePath.parse(text)
    return text if path is None else f"[{resource_id(path.type, path.name)}]"
