"""JSON as a Python literal, laid out as the usual formatters do it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chatkit.cloud.how.masking import PLACEHOLDER

INDENT = "    "
WIDTH = 88


def literal(value: Any, names: Mapping[str, str], *, depth: int = 0, before: int = 0) -> str:
    """A value as Python code.

    Args:
        value: JSON.
        names: The code's variables, by the placeholder whose value they hold.
        depth: How deep the line is indented that it begins in.
        before: Columns of that line that are taken already.
    """
    if isinstance(value, str):
        return _text(value, names)
    if not isinstance(value, dict | list) or not value:
        return repr(value)
    short = _in_one_line(value, names)
    if len(INDENT) * depth + before + len(short) <= WIDTH:
        return short
    inner = INDENT * (depth + 1)
    lines = []
    if isinstance(value, dict):
        for name, one in value.items():
            start = f"{literal(name, {})}: "
            lines.append(start + literal(one, names, depth=depth + 1, before=len(start) + 1))
        opening, closing = "{", "}"
    else:
        lines = [literal(one, names, depth=depth + 1, before=1) for one in value]
        opening, closing = "[", "]"
    said = "".join(f"{inner}{line},\n" for line in lines)
    return f"{opening}\n{said}{INDENT * depth}{closing}"


def _in_one_line(value: Any, names: Mapping[str, str]) -> str:
    if isinstance(value, dict):
        items = (f"{literal(name, {})}: {_in_one_line(one, names)}" for name, one in value.items())
        return f"{{{', '.join(items)}}}"
    if isinstance(value, list):
        return f"[{', '.join(_in_one_line(one, names) for one in value)}]"
    return literal(value, names)


def _text(text: str, names: Mapping[str, str]) -> str:
    """A text, with the code's variables in the place of placeholders."""
    if text in names:
        return names[text]
    if not any(one in names for one in PLACEHOLDER.findall(text)):
        return _quoted(text)
    said = "".join(
        f"{{{names[part]}}}" if part in names else part.replace("{", "{{").replace("}", "}}")
        for part in PLACEHOLDER.split(text)
    )
    return f"f{_quoted(said)}"


def _quoted(text: str) -> str:
    plain = repr(text)
    if '"' in text:
        return plain
    return '"' + plain[1:-1].replace("\\'", "'") + '"'
