"""What a service chose, and a later request says again: ids and addresses, by name.

In another subscription they are others, so a form that is typed there asks for them first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from chatkit.cloud.how.requests import Place, Request

API = "<address of the function app>"
PAGE = "<address of the page>"
APP = "<client id>"
OBJECT = "<object id of the app registration>"
ORIGIN = "<origin of the page>"
SUBSCRIPTION = "<subscription id>"
TENANT = "<tenant id>"
AUTHORITY = "<address of Entra ID>"
PRINCIPAL = "<object id of the function app's identity>"
PUBLIC_AUTHORITY = "https://login.microsoftonline.com"
APPLICATION = re.compile(r"/applications/([0-9a-f-]{36})(?=/|$)", re.IGNORECASE)
BY_CLIENT_ID = re.compile(r"/applications\(appId='([^']+)'\)")
# Fields whose value is such an id.
FIELDS = {"appId": APP, "clientId": APP, "principalId": PRINCIPAL}


def with_ids(requests: Iterable[Request]) -> list[Request]:
    """Put names in the place of ids that Entra chose."""
    known = [*requests]
    names: dict[str, str] = {}
    for request in known:
        names |= _ids(request.body)
        for pattern, name in ((APPLICATION, OBJECT), (BY_CLIENT_ID, APP)):
            names |= {one: name for one in pattern.findall(request.path)}
    return [_replaced(request, names) for request in known]


def with_addresses(requests: Iterable[Request], place: Place) -> list[Request]:
    """Put names in the place of addresses that are others in another subscription."""
    page = place.web_url.rstrip("/")
    # A page's own address ends with a slash, its origin does not.
    known = {
        place.api_base_url: API,
        f"{page}/": PAGE,
        page: ORIGIN,
        place.tenant_id: TENANT,
        place.authority if place.authority != PUBLIC_AUTHORITY else "": AUTHORITY,
    }
    names = {text: name for text, name in known.items() if text.strip("/")}
    return [_replaced(request, names) for request in requests]


def _ids(value: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in FIELDS and isinstance(inner, str) and not inner.startswith("<"):
                found[inner] = FIELDS[name]
            found |= _ids(inner)
    if isinstance(value, list):
        for inner in value:
            found |= _ids(inner)
    return found


def _replaced(request: Request, names: dict[str, str]) -> Request:
    longest_first = sorted(names, key=len, reverse=True)

    def changed(value: Any) -> Any:
        if isinstance(value, str):
            for one in longest_first:
                value = value.replace(one, names[one])
            return value
        if isinstance(value, dict):
            return {name: changed(inner) for name, inner in value.items()}
        return [changed(inner) for inner in value] if isinstance(value, list) else value

    return replace(
        request,
        url=changed(request.url),
        arguments=tuple(changed(one) for one in request.arguments),
        body=changed(request.body),
    )
