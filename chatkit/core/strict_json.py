"""JSON as the standard has it (RFC 8259), read and written strictly.

What Python accepts or writes beyond the standard never gets into or out of the wire.

Python reads `NaN`, `1e999` and half of a surrogate pair; a browser that is sent one of them back
fails on the whole frame.
"""

from __future__ import annotations

import base64
import json
import math
from pathlib import Path
from typing import Any

from chatkit.core.errors import HomeTooNew

# As System.Text.Json has it, which the service and Microsoft's .NET client read with.
MAX_DEPTH = 64


def loads(content: bytes) -> Any:
    """Read a JSON value.

    Raises:
        ValueError: It is not JSON, not UTF-8, nested deeper than 64, or has a number or text that
            JSON cannot carry.
    """
    try:
        value = DECODER.decode(content.decode("utf-8"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    # Only an escape can bring half a surrogate pair, and only many brackets can nest deeply: most
    # texts skip both checks.
    if b"\\u" in content:
        dumps(value)
    if _may_be_deep(content):
        check_depth(value, MAX_DEPTH + 1)
    return value


def dumps(value: Any) -> bytes:
    """Write a value in the shortest form.

    Bytes become base64, a MessagePack time ISO 8601, as the hub protocol has it.

    Raises:
        ValueError: The value has a number or text that JSON cannot carry, or is nested so deeply
            that `loads` would refuse it.
        TypeError: The value has something that is not a JSON value.
    """
    try:
        content = ENCODER.encode(value).encode()
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if _may_be_deep(content):
        check_depth(value, MAX_DEPTH + 1)
    return content


def _form(value: Any) -> str:
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode()
    import msgpack  # here: the verbs that need no hub start before it is installed

    if isinstance(value, msgpack.Timestamp):
        try:
            return str(value.to_datetime().isoformat())
        except OverflowError as error:
            raise ValueError(f"the time {value.seconds} is out of range") from error
    raise TypeError(f"{type(value).__name__} is not a JSON value")


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text[:20]} is too large")
    return value


def _may_be_deep(content: bytes) -> bool:
    return content.count(b"[") + content.count(b"{") > MAX_DEPTH


def check_depth(value: Any, limit: int) -> None:
    """Refuse a value of more levels than the limit.

    Raises:
        ValueError: It has more.
    """
    level = [value]
    depth = 0
    while level:
        depth += 1
        if depth > limit:
            raise ValueError("nested too deeply")
        inner: list[Any] = []
        for item in level:
            if isinstance(item, list | tuple):
                inner += item
            elif isinstance(item, dict):
                inner += item.values()
        level = inner


DECODER = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)
ENCODER = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_form
)


def read_numbered(path: Path, *, known: int) -> dict[str, Any]:
    """Read a file of the home, a JSON object that says which form it has.

    Args:
        path: The file.
        known: The newest form that this version knows. 0.1.0 wrote no number: that is form 1.

    Raises:
        FileNotFoundError: It is not there.
        ValueError: It is not a JSON object, or its form is not a number.
        HomeTooNew: A newer version wrote it.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(found, dict):
        raise ValueError("no object")
    form = found.setdefault("schema", 1)
    if not isinstance(form, int):
        raise ValueError("its form has no number")
    if form > known:
        raise HomeTooNew(path, form, known=known)
    return found
