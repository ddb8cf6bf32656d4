"""A step as HTTP requests, as `.http` files have them: editors send them, and so can anybody.

https://learn.microsoft.com/aspnet/core/test/http-files
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import urlsplit

from chatkit.cloud.how.references import with_ids
from chatkit.cloud.how.requests import Place, Request, essential

SEPARATOR = "\n\n###\n\n"
# Where the token of an audience comes from.
TOKEN = "Authorization: Bearer <token: az account get-access-token{}>"
AUDIENCES = (
    ("/v1.0/", " --resource-type ms-graph"),
    ("/api/", ""),
    ("/subscriptions", ""),
)
STORAGE = " --resource https://storage.azure.com/"
SETTINGS = "# It replaces all settings: those that the answer above has go with it."
LONG = "# Poll the address in Azure-AsyncOperation or Location until it has ended."
LONG_METHODS = ("begin_create_or_update", "begin_create", "begin_update", "begin_delete")


def text(requests: Sequence[Request], place: Place) -> str:
    """The requests that changed something, and those whose answers they need."""
    told = [_request(request, place) for request in essential(with_ids(requests))]
    return SEPARATOR.join(dict.fromkeys(told))


def _request(request: Request, place: Place) -> str:
    lines = [f"{request.method} {request.url}", TOKEN.format(_audience(request))]
    lines += [f"{name}: {value}" for name, value in request.headers]
    if request.content_type:
        lines.append(f"Content-Type: {request.content_type}")
    if request.body is not None:
        lines += ["", json.dumps(request.body, indent=2, ensure_ascii=False)]
    elif request.size_bytes:
        lines += ["", f"< {place.file_of(request)}"]
    return "\n".join([*_comments(request), *lines])


def _comments(request: Request) -> list[str]:
    if request.last == "appsettings" and request.method == "PUT":
        return [SETTINGS]
    if request.operation.rpartition(".")[2] in LONG_METHODS:
        return [LONG]
    return []


def _audience(request: Request) -> str:
    path = urlsplit(request.url).path
    for beginning, option in AUDIENCES:
        if path.startswith(beginning):
            return option
    return STORAGE
