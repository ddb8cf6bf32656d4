"""Masks secrets in what is recorded, before it is recorded.

They are recognised by the name of their field or header, and by their form.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus, urlsplit, urlunsplit

MASK = "***"
# "key" at a name's end only: Sec-WebSocket-Key and x-functions-key are, "keyboard" is not.
NAME = re.compile(
    r"token|secret|passw|authoriz|authenticat|cookie|zumo|signature|credential|connectionstring|principal$|key\d?$|^(sig|pwd)$",
    re.IGNORECASE,
)
# In an address `code` is a function's key, and `id` the token of a connection: who has it can
# take the connection over.
IN_ADDRESS = re.compile(f"{NAME.pattern}|^(code|id)$", re.IGNORECASE)
PAIR = re.compile(r"([?&#;])([^=?&#;\s\"'<>]+)=([^?&#;\s\"'<>]+)")
# No part begins with a repetition: a long message must not take long.
LOOKS = re.compile(
    r"(?P<token>(?<![\w-])eyJ[\w-]{6,}\.[\w-]+(?:\.[\w-]*)?)"
    r"|(?P<kept>(?:Access|Account)Key=|\b(?:Bearer|Basic)\s+)[^\s;,\"']+"
    r"|(?P<word>(?:token|secret|password|key)\\?[\"']?\s*[:=]\s*\\?[\"']?)[^\s\"'\\,;&]{8,}"
    r"|(?P<key>(?<![\w+/])[A-Za-z0-9+/]{43}=)",
    re.IGNORECASE,
)


def masked(value: Any) -> Any:
    """A JSON value without secrets, at any depth."""
    if isinstance(value, str):
        return masked_text(value)
    if isinstance(value, Mapping):
        return {masked_text(str(name)): _member(str(name), item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [masked(item) for item in value]
    return value


def _member(name: str, value: Any) -> Any:
    if value and is_secret(name):
        return MASK
    return masked(value)


def masked_text(text: str) -> str:
    """Any text without what looks like a secret."""
    return LOOKS.sub(
        lambda found: f"{found['kept'] or found['word'] or ''}{MASK}", PAIR.sub(_pair, text)
    )


def masked_address(url: str) -> str:
    """An address: what its query says under a secret's name goes, and who signs in by it."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    query = "&".join(_item(item) for item in parts.query.split("&"))
    return masked_text(urlunsplit(parts._replace(netloc=host, query=query)))


def masked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers; of one that is a secret only its scheme stays.

    An address among them may hold one, too.
    """
    return {name: _header(name, value) for name, value in headers.items()}


def _header(name: str, value: str) -> str:
    if is_secret(name):
        return _scheme(value)
    return masked_text(value)


def is_secret(name: str) -> bool:
    """Say whether what goes by this name is a secret.

    Bearer challenges are not: they say why a token was refused.
    """
    return name.lower() != "www-authenticate" and bool(NAME.search(name))


def _scheme(value: str) -> str:
    scheme, space, _ = value.partition(" ")
    if space and scheme in ("Bearer", "Basic"):
        return f"{scheme} {MASK}"
    return MASK


def _item(item: str) -> str:
    name, equals, _ = item.partition("=")
    if equals and IN_ADDRESS.search(unquote_plus(name)):
        return f"{name}={MASK}"
    return item


def _pair(found: re.Match[str]) -> str:
    name = unquote_plus(found[2])
    if NAME.search(name) or name == "code":
        return f"{found[1]}{found[2]}={MASK}"
    return found[0]
