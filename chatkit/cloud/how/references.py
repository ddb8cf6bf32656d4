"""What a service chose, and a later request says again: ids and addresses, by name.

In another subscription they are others, so a form that is typed there asks for them first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from chatkit.cloud.how.requests import LocalFile, Place, Request

API = "<address of the function app>"
PAGE = "<address of the page>"
APP = "<client id>"
OBJECT = "<object id of the app registration>"
ORIGIN = "<origin of the page>"
SUBSCRIPTION = "<subscription id>"
TENANT = "<tenant id>"
AUTHORITY = "<address of Entra ID>"
PRINCIPAL = "<object id of the function app's identity>"
BLOBS = "<blob address of the storage account>"
SERVICE = "<address of the SignalR instance>"
SIGN_IN_OBJECT = "<object id of the sign-in identity>"
SIGN_IN_CLIENT = "<client id of the sign-in identity>"
SECRET_ID = "<id of the client secret>"
TEMPLATE = "<template>"
DEPLOYMENTS = "DeploymentsOperations"
SECRET_NAME = "App Service Authentication"
"""Display name of the client secret that is made here: others belong to somebody else."""
PUBLIC_AUTHORITY = "https://login.microsoftonline.com"
APPLICATION = re.compile(r"/applications/([0-9a-f-]{36})(?=/|$)", re.IGNORECASE)
SERVICE_SETTING = "__serviceUri"
# Fields whose value is such an id.
FIELDS = {
    "appId": APP,
    "clientId": APP,
    "principalId": PRINCIPAL,
    "subject": SIGN_IN_OBJECT,
    "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID": SIGN_IN_CLIENT,
    "keyId": SECRET_ID,
}


def with_ids(requests: Iterable[Request]) -> list[Request]:
    """Put names in the place of ids that Entra chooses while the requests are sent."""
    known = [*requests]
    names: dict[str, str] = {}
    for request in known:
        names |= {one: OBJECT for one in APPLICATION.findall(request.path)}
        names |= _ids(request.body)
    created = {name for request in known for name in _created(request)}
    names = {text: name for text, name in names.items() if name in created}
    return [_replaced(request, names) for request in known]


def with_addresses(requests: Iterable[Request], place: Place) -> list[Request]:
    """Put names in the place of addresses that are others in another subscription."""
    known = [*requests]
    names = _addresses(place)
    for request in known:
        properties = request.value("properties") or {}
        names |= {properties[one]: SERVICE for one in properties if one.endswith(SERVICE_SETTING)}
    return [_replaced(request, names) for request in known]


def with_template_file(request: Request, place: Place) -> Request:
    """Name the file of a template that is deployed, in the place of what it says."""
    properties = request.value("properties")
    if not request.operation.startswith(DEPLOYMENTS) or not place.template_file:
        return request
    return replace(request, body={"properties": {**properties, "template": TEMPLATE}})


def template_of(requests: Iterable[Request]) -> dict[str, Any]:
    """The template of the last deployment among some requests; empty where there is none."""
    found: dict[str, Any] = {}
    for request in requests:
        if request.operation.startswith(DEPLOYMENTS):
            found = request.value("properties", "template") or found
    return found


def with_container(request: Request) -> Request:
    """Name the account's address in that of the container where an app keeps its package."""
    where = ("properties", "functionAppConfig", "deployment", "storage")
    address, found, _ = request.text(*where, "value").rpartition("/")
    return _replaced(request, {f"{address}/": BLOBS}) if found else request


def with_addresses_in(file: LocalFile, place: Place) -> LocalFile:
    """Put such names into a file."""
    content: Any = _changed(dict(file.content), _addresses(place))
    return replace(file, content=content)


def _addresses(place: Place) -> dict[str, str]:
    """What stands for the addresses of a place."""
    page = place.web_url.rstrip("/")
    # A page's own address ends with a slash, its origin does not.
    known = {
        place.api_base_url: API,
        f"{page}/": PAGE,
        page: ORIGIN,
        place.tenant_id: TENANT,
        place.client_id: APP,
        place.authority if place.authority != PUBLIC_AUTHORITY else "": AUTHORITY,
    }
    return {text: name for text, name in known.items() if text.strip("/")}


def _created(request: Request) -> tuple[str, ...]:
    """The ids that an answer to a request says for the first time, or that one looks up for it."""
    if request.method == "POST" and request.last == "applications":
        return (APP, OBJECT)
    if request.method == "PUT" and "/userassignedidentities/" in request.path.lower():
        return (SIGN_IN_OBJECT, SIGN_IN_CLIENT)
    if request.last == "removepassword":
        return (SECRET_ID,)
    return (PRINCIPAL,) if request.value("identity") else ()


def _ids(value: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in FIELDS and isinstance(inner, str):
                found[inner] = FIELDS[name]
            found |= _ids(inner)
    if isinstance(value, list):
        for inner in value:
            found |= _ids(inner)
    return found


def _replaced(request: Request, names: dict[str, str]) -> Request:
    return replace(
        request,
        url=_changed(request.url, names),
        arguments=tuple(_changed(one, names) for one in request.arguments),
        body=_changed(request.body, names),
    )


def _changed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, str):
        for one in sorted(names, key=len, reverse=True):
            value = value.replace(one, names[one])
        return value
    if isinstance(value, dict):
        return {name: _changed(inner, names) for name, inner in value.items()}
    return [_changed(inner, names) for inner in value] if isinstance(value, list) else value
