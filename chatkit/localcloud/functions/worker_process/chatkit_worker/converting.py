"""Values between host and user code.

The SDK's converters where it has one, the worker's generic binding for the rest. On the pipe a
value is `{kind: value}` with the kinds of Microsoft's TypedData: string, json, bytes (base64), int,
double, http. The body of an http value travels raw, after the message's header.
"""

from __future__ import annotations

import base64
import email.utils
import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from http.cookies import Morsel
from types import SimpleNamespace
from typing import Any

import azure.functions as func
from azure.functions.meta import Datum

Wire = dict[str, Any]


class Generic:
    """Bindings the SDK does not know, all of SignalR's among them."""

    @staticmethod
    def has_trigger_support() -> bool:
        return False

    @staticmethod
    def has_implicit_output() -> bool:
        return True

    @staticmethod
    def check_input_type_annotation(pytype: type) -> bool:
        return issubclass(pytype, (str, bytes))

    @staticmethod
    def check_output_type_annotation(pytype: type) -> bool:
        return issubclass(pytype, (str, bytes, bytearray))

    @staticmethod
    def decode(data: Datum | None, *, trigger_metadata: Any) -> Any:
        del trigger_metadata  # every converter of the SDK is given it
        if data is None:
            return None
        if data.type not in ("string", "bytes", "json"):
            raise ValueError(
                'unexpected type of data received for the "generic" binding ', repr(data.type)
            )
        return data.value

    @staticmethod
    def encode(obj: Any, *, expected_type: type | None) -> Datum:
        del expected_type  # every converter of the SDK is given it
        if obj is None:
            return Datum(None, None)
        if isinstance(obj, bytearray):
            obj = bytes(obj)
        for kinds, name in GENERIC_KINDS:
            if isinstance(obj, kinds):
                return Datum(obj, name)
        raise NotImplementedError


# A bool is an int here, as in the worker, where the test for int comes first.
GENERIC_KINDS: tuple[tuple[type, str], ...] = (
    (str, "string"),
    (bytes, "bytes"),
    (dict, "dict"),
    (list, "list"),
    (int, "int"),
    (float, "double"),
)


def converter(binding_type: str) -> Any:
    """The converter of a binding type."""
    registry: Any = func.get_binding_registry  # the SDK leaves it without types
    return registry().get(binding_type) or Generic


def has_implicit_output(binding_type: str) -> bool:
    """Whether a function with this binding may return a value without a `$return` binding."""
    found = converter(binding_type)
    if found is Generic:
        return binding_type != "durableClient"
    return bool(getattr(found, "has_implicit_output", lambda: False)())


def decode(binding_type: str, wire: Wire | None, body: bytes, metadata: Mapping[str, Wire]) -> Any:
    """Turn a value from the pipe into what user code receives.

    Raises:
        TypeError: The binding cannot take this kind of value.
    """
    found = converter(binding_type)
    datum = _datum(wire, body)
    extra: dict[str, Datum | None] = {}
    if found.has_trigger_support():
        extra = {name: _datum(value, b"") for name, value in metadata.items()}
    try:
        return found.decode(datum, trigger_metadata=extra)
    except NotImplementedError:
        kind = repr(datum.type if datum else None)
        raise TypeError(
            "unable to decode incoming TypedData: unsupported combination of TypedData "
            f"field {kind} and expected binding type {found}"
        ) from None


def sdk_type(found: Any, pytype: Any, wire: Wire | None) -> Any:
    """A type of an SDK, made by the converter of the extension package.

    Args:
        found: The converter.
        pytype: The type that the parameter is annotated with.
        wire: Where the thing is.
    """
    if wire is None:
        return None
    fields = wire["model_binding_data"]
    # The package reads attributes of a protobuf message; JSON is its content as bytes.
    content = json.dumps(fields["content"]).encode()
    data = SimpleNamespace(**{**fields, "content": content})
    return found.decode(Datum(data, "model_binding_data"), trigger_metadata=None, pytype=pytype)


def _encoded(binding_type: str, value: Any, pytype: type | None) -> Any:
    try:
        datum = converter(binding_type).encode(value, expected_type=pytype)
    except NotImplementedError:
        raise TypeError(
            f'unable to encode outgoing TypedData: unsupported type "{binding_type}" for '
            f'Python type "{type(value).__name__}"'
        ) from None
    return datum


def encode(binding_type: str, value: Any, pytype: type | None) -> tuple[Wire | None, bytes]:
    """Turn what user code returned or set into (value, raw body) for the pipe.

    Raises:
        TypeError: The binding cannot take this type.
    """
    return _wire(_encoded(binding_type, value, pytype))


def content(binding_type: str, value: Any, pytype: type | None) -> tuple[str, bytes] | None:
    """Turn what user code returned or set into (kind, content) of a blob; None for no blob.

    Raises:
        TypeError: The binding cannot take this type.
    """
    datum = _encoded(binding_type, value, pytype)
    if datum.type == "bytes":
        return "bytes", bytes(datum.value)
    wire, _ = _wire(datum)
    if wire is None:
        return None
    [(kind, found)] = wire.items()
    return kind, str(found).encode(errors="replace")


def _datum(wire: Wire | None, body: bytes) -> Datum | None:
    if not wire:
        return None
    [(kind, value)] = wire.items()
    if isinstance(value, bytes):  # a blob's content, which came raw
        if kind == "string":
            value = value.decode(errors="replace")
    elif kind == "bytes":
        value = base64.b64decode(value)
    elif kind == "http":
        strings = {
            name: {key: Datum(text, "string") for key, text in value[name].items()}
            for name in ("headers", "params", "query")
        }
        value = {
            "method": Datum(value["method"], "string"),
            "url": Datum(value["url"], "string"),
            "body": Datum(body, "bytes"),
            **strings,
        }
    return Datum(value, kind)


def _http_head(value: dict[str, Any]) -> dict[str, Any]:
    cookies = []
    for cookie in value.get("cookies") or []:
        cookies += [_cookie(morsel) for morsel in cookie.values()]
    return {
        "status": value["status_code"].value,
        "headers": {name: header.value for name, header in value["headers"].items()},
        "cookies": cookies,
    }


def _wire(datum: Datum) -> tuple[Wire | None, bytes]:
    kind, value = datum.type, datum.value
    if kind is None:
        return None, b""
    if kind == "http":
        return {"http": _http_head(value)}, value["body"].value
    if kind == "bytes":
        return {"bytes": base64.b64encode(value).decode()}, b""
    if kind in ("dict", "list"):
        return {"json": json.dumps(value)}, b""
    if kind in ("string", "json", "int", "double"):
        if isinstance(value, bool):
            value = int(value)
        return {kind: value}, b""
    raise NotImplementedError(f"unexpected Datum type: {kind}")


def _http_date(text: str) -> str:
    """A cookie's time in the form of HTTP, whatever form the app has given it.

    Raises:
        ValueError: It is no time.
    """
    if not text:
        return ""
    parsed = email.utils.parsedate_tz(text)
    if parsed is not None:
        return email.utils.formatdate(email.utils.mktime_tz(parsed), usegmt=True)
    try:
        given = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        logging.error(f"Can not parse value {text} of expires in the cookie due to invalid format.")
        # The exception of the worker, which reads nothing else under Python 3.13.
        given = datetime.strptime(text, "%a, %d %b %Y %H:%M:%S GMT")
    if given.tzinfo is None:
        given = given.replace(tzinfo=UTC)
    return email.utils.formatdate(given.timestamp(), usegmt=True)


def _cookie(morsel: Morsel[str]) -> dict[str, Any]:
    """One cookie as the worker parses it before the host writes it out again."""
    max_age = float(morsel["max-age"]) if morsel["max-age"] else None
    return {
        "name": morsel.key,
        "value": morsel.value,
        "domain": morsel["domain"],
        "path": morsel["path"],
        "expires": _http_date(morsel["expires"]),
        "secure": bool(morsel["secure"]),
        "http_only": bool(morsel["httponly"]),
        "same_site": morsel["samesite"].lower(),
        "max_age": max_age,
    }
