"""Base64, URIs and data URIs: the page "String functions" of Microsoft's reference."""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import quote, unquote, unquote_to_bytes, urljoin, urlsplit

from chatkit.localcloud.resource_manager.templates.language.core.errors import TemplateError
from chatkit.localcloud.resource_manager.templates.language.core.invocation import (
    Function,
    Invocation,
)
from chatkit.localcloud.resource_manager.templates.language.core.values import Json, text_of
from chatkit.localcloud.resource_manager.templates.language.dotnet.newtonsoft import (
    NotJson,
    read_json,
)
from chatkit.localcloud.resource_manager.templates.language.functions.arguments import text

DATA_URI = re.compile(r"data:([^,;]*)((?:;[^,;]*)*),(.*)", re.DOTALL | re.IGNORECASE)


def utf8(written: str) -> bytes:
    """Half of a surrogate pair, which JSON can hold, becomes U+FFFD, as in .NET."""
    return written.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def _base64(call: Invocation) -> Json:
    return base64.b64encode(utf8(text(call, 0))).decode()


def _decoded(encoded: str) -> str | None:
    try:
        return base64.b64decode(encoded, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return None


def _base64_to_string(call: Invocation) -> str:
    found = _decoded(text(call, 0))
    if found is None:
        raise TemplateError(
            f"The template language function '{call.name}' was invoked with a parameter that is not"
            " valid. The value cannot be decoded from base64 representation."
        )
    return found


def _base64_to_json(call: Invocation) -> Json:
    try:
        return read_json(_base64_to_string(call))
    except NotJson:
        raise _not_convertible(call) from None


def _data_uri(call: Invocation) -> Json:
    """Azure writes the charset without its hyphen, as the page shows it."""
    value = call.value(0)
    kind = "text/plain" if isinstance(value, str) else "application/json"
    content = base64.b64encode(utf8(text_of(value))).decode()
    return f"data:{kind};charset=utf8;base64,{content}"


def _data_uri_to_string(call: Invocation) -> Json:
    uri = text(call, 0)
    parts = DATA_URI.fullmatch(uri)
    if parts is None:
        raise TemplateError(
            f"The template language function '{call.name}' expects its parameter to be formatted as"
            f" a valid data URI. The provided value '{uri}' was not formatted correctly."
            f" Please see https://aka.ms/arm-functions#{call.name} for usage details."
        )
    content = parts[3]
    if parts[2].lower().endswith(";base64"):
        found = _decoded(unquote(content))
    else:
        found = unquote_to_bytes(content).decode("utf-8", "replace")
    if found is None:
        raise _not_convertible(call)
    return found


def _not_convertible(call: Invocation) -> TemplateError:
    return TemplateError(
        f"The template language function '{call.name}' was invoked with a parameter that is not"
        " valid. The value cannot be converted to the target type."
    )


def _uri(call: Invocation) -> Json:
    base = text(call, 0)
    try:
        is_absolute = bool(urlsplit(base).scheme and urlsplit(base).netloc)
        if is_absolute:
            return _with_a_path(urljoin(base, text(call, 1)))
    except ValueError:
        pass  # Brackets that hold no address.
    raise TemplateError(
        f"The template language function '{call.name}' expects its first argument to be a uri"
        f" string. The provided value is '{base}'."
        " Please see https://aka.ms/arm-function-datauri for usage details."
    )


def _with_a_path(uri: str) -> str:
    parts = urlsplit(uri)
    if parts.path:
        return uri
    return parts._replace(path="/").geturl()


def _uri_component(call: Invocation) -> Json:
    return quote(utf8(text(call, 0)), safe="")


def _uri_component_to_string(call: Invocation) -> Json:
    return unquote(text(call, 0))


FUNCTIONS = (
    Function("base64", 1, 1, _base64),
    Function("base64ToJson", 1, 1, _base64_to_json),
    Function("base64ToString", 1, 1, _base64_to_string),
    Function("dataUri", 1, 1, _data_uri),
    Function("dataUriToString", 1, 1, _data_uri_to_string),
    Function("uri", 2, 2, _uri),
    Function("uriComponent", 1, 1, _uri_component),
    Function("uriComponentToString", 1, 1, _uri_component_to_string),
)
