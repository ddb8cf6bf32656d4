"""Requests and responses as the Functions host converts them, between aiohttp and the worker.

Follows GrpcMessageConversionExtensions and ActionResult handling of the Functions host.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from aiohttp import web
from multidict import CIMultiDict

from chatkit.localcloud.core.web import HANDED_ON, IDENTITY_HEADERS, is_identity_header
from chatkit.localcloud.functions.host.errors import AnswerInvalid
from chatkit.localcloud.functions.host.host_json import HEADER_NAME
from chatkit.localcloud.functions.worker_process.calls import HttpData, Result, Wire

# Kestrel takes no other characters in a header, and sends no interim answer as the last one.
HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")
# What RFC 9110, 15.3.6 forbids a body.
RESET_CONTENT = 205
STATUS = re.compile(r"[2-9][0-9][0-9]")
NO_IDENTITY: Mapping[str, str] = {}
OWN_HEADERS = {"content-length", "transfer-encoding", "connection", "keep-alive", "date"}


def request_headers(request: web.Request, *, strip_identity: bool) -> dict[str, str]:
    """Headers as the worker gets them: names lower-case, repeated ones joined by a comma.

    Args:
        request: The request.
        strip_identity: Remove whatever a client sent as identity and put in what authentication has
            found. On while App Service Authentication is on; without it nothing stands in front of
            the app, so a client's headers arrive.
    """
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        name = name.lower()
        if strip_identity and is_identity_header(name):
            continue
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    if strip_identity:
        headers |= {
            name.lower(): value
            for name, value in request.get(IDENTITY_HEADERS, NO_IDENTITY).items()
        }
    return headers


def query_values(request: web.Request) -> dict[str, str]:
    """Query as the worker gets it: repeated keys joined by a comma, empty values left out."""
    values: dict[str, str] = {}
    for name, value in request.query.items():
        if value:
            values[name] = f"{values[name]},{value}" if name in values else value
    return values


async def request_data(
    request: web.Request, params: dict[str, str], *, strip_identity: bool, with_body: bool = True
) -> HttpData:
    """The whole request, or all but its body."""
    handed_on = request.get(HANDED_ON)
    if handed_on is not None:
        return HttpData(
            method=request.method,
            url=str(request.url),
            headers={name.lower(): value for name, value in handed_on.headers.items()},
            query=query_values(request),
            params=params,
            body=handed_on.body,
        )
    body = b""
    if with_body:
        body = await request.read()
    if not request.content_length:
        body = b""  # Microsoft's host does not pass a chunked body on
    return HttpData(
        method=request.method,
        url=str(request.url),
        headers=request_headers(request, strip_identity=strip_identity),
        query=query_values(request),
        params=params,
        body=body,
    )


def with_http_output(result: Result, name: str) -> Result:
    """The result with the value of an HTTP output binding as what the function has returned.

    Args:
        result: What the function gave.
        name: The binding's parameter, empty when the function has none.
    """
    if not name or name not in result.outputs:
        return result
    return replace(result, returned=result.outputs[name])


def response(result: Result, custom_headers: Mapping[str, str]) -> web.Response:
    """The HTTP response of a result: an HttpResponse, or text that may be a response object.

    Raises:
        AnswerInvalid: It cannot be sent.
    """
    try:
        answer = _answer(result)
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError) as why:
        # What a function returns as an object may have anything anywhere.
        raise AnswerInvalid(f"it cannot be read: {why}") from None
    for name, text in custom_headers.items():
        if name not in answer.headers:
            answer.headers[name] = text
    for name, text in answer.headers.items():
        check_header(name, text)
    if answer.status == RESET_CONTENT:
        answer.body = None
    return answer


def _answer(result: Result) -> web.Response:
    if result.failure is not None:
        return web.Response(status=500)
    if result.returned is None:
        return web.Response(status=204)
    [(kind, value)] = result.returned.items()
    if kind == "http":
        return _from_http(value, result.body)
    return _from_value(kind, value)


def _from_http(value: Wire, body: bytes) -> web.Response:
    headers = CIMultiDict(
        {name: text for name, text in value["headers"].items() if name.lower() not in OWN_HEADERS}
    )
    for cookie in value["cookies"]:
        headers.add("Set-Cookie", set_cookie(cookie))
    return web.Response(status=status_of(value["status"]), headers=headers, body=body)


def status_of(status: object) -> int:
    """A status that an answer can have.

    Raises:
        AnswerInvalid: No answer can have this status.
    """
    text = str(status)
    if not STATUS.fullmatch(text):
        raise AnswerInvalid(f"{text[:20]!r} is no status that an answer can have")
    return int(text)


def check_header(name: str, value: str) -> None:
    """Look whether a header can be sent.

    Raises:
        AnswerInvalid: It cannot.
    """
    if not HEADER_NAME.fullmatch(name):
        raise AnswerInvalid(f"{name[:100]!r} is no name of a header")
    if not HEADER_VALUE.fullmatch(value):
        raise AnswerInvalid(
            f"the header {name!r} has a line break, another control character or a character that"
            " is not ASCII"
        )


def set_cookie(cookie: Mapping[str, Any]) -> str:
    """One Set-Cookie value as ASP.NET Core writes it for the host.

    Names of attributes are lower-case, the value is percent-encoded, and what a Python worker
    leaves empty (domain, path) is written empty.

    Raises:
        ValueError: The name is no token, or the age is less than nothing.
    """
    name = str(cookie["name"])
    if not HEADER_NAME.fullmatch(name):
        raise ValueError(f"{name[:100]!r} is no name of a cookie")
    parts = [f"{name}={quote(str(cookie['value']), safe='')}"]
    if cookie.get("expires"):
        parts.append(f"expires={cookie['expires']}")
    if cookie.get("max_age") is not None:
        age = int(cookie["max_age"])
        if age < 0:
            raise ValueError(f"the age {age} of a cookie is less than nothing")
        parts.append(f"max-age={age}")
    parts += [f"{key}={cookie[key]}" for key in ("domain", "path") if cookie.get(key) is not None]
    if cookie.get("secure"):
        parts.append("secure")
    if cookie.get("same_site") in ("lax", "strict", "none"):
        parts.append(f"samesite={cookie['same_site']}")
    if cookie.get("http_only"):
        parts.append("httponly")
    return "; ".join(parts)


def _from_value(kind: str, value: Any) -> web.Response:
    """Text from a function: JSON is written anew; an object with `body` is a whole response."""
    if kind == "bytes":
        return web.Response(body=base64.b64decode(value), content_type="application/octet-stream")
    if kind not in ("string", "json"):
        return web.Response(text=str(value))
    try:
        data = json.loads(value)
    except (ValueError, RecursionError):
        return web.Response(text=value)
    if isinstance(data, dict) and "body" in {key.lower() for key in data}:
        return _from_object({key.lower(): item for key, item in data.items()})
    if not isinstance(data, str):
        data = _compact(data)
    return web.Response(text=data)


def _from_object(data: dict[str, Any]) -> web.Response:
    status = data.get("statuscode", data.get("status", 200))
    headers: CIMultiDict[str] = CIMultiDict()
    if isinstance(data.get("headers"), dict):
        headers.update(
            {
                str(name): str(text)
                for name, text in data["headers"].items()
                if str(name).lower() not in OWN_HEADERS
            }
        )
    for cookie in data.get("cookies") or []:
        headers.add("Set-Cookie", set_cookie({key.lower(): item for key, item in cookie.items()}))
    body = data["body"]
    kind = "application/json; charset=utf-8"
    if body is None:
        text = ""
    elif isinstance(body, str):
        text = body
        kind = "text/plain; charset=utf-8"
    else:
        text = _compact(body)
    headers.setdefault("Content-Type", kind)
    return web.Response(status=status_of(status), headers=headers, body=text.encode())


def _compact(data: Any) -> str:
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False)
