"""Takes secrets out of what is noted: by their place, the words before them, and how they look.

A message of a service may quote anything. What looks like a key is taken for one: a report loses
nothing that matters without a long word of mixed letters and digits.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from chatkit.cloud.how.masking import SECRET, mask_body
from chatkit.core.text.masking import mask

# With its padding; a path has none.
PADDED = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{20,}+={1,2}")
LONG = re.compile(r"[A-Za-z0-9_~.+-]{32,}")
HEX = re.compile(r"(?<![\w-])[0-9a-fA-F]{32,}(?![\w-])")
GUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
CLASSES = (re.compile("[a-z]"), re.compile("[A-Z]"), re.compile("[0-9]"))
# A word of these signs is nowhere in Azure but in a client secret: `abc8Q~…`.
CLIENT_SECRET = re.compile(r"[A-Za-z0-9_.-]{3}[0-9]Q~[A-Za-z0-9_.~-]{8,}")
ASSIGNED = re.compile(
    r"(?i)\b((?:account|access|shared|primary|secondary|master|function|host)?[_-]?key"
    r"|x-functions-key|sig|code|pwd|password|secret|client_secret|token|authorization)"
    r"(\"?\s*[=:]\s*\"?)(?!\"|\*\*\*)[^\s;&\"',<}]+"
)
# What these parts of a query say is no secret.
PLAIN_QUERY = {
    *("api-version", "restype", "comp", "sku", "$filter"),
    *("isasync", "remotebuild", "deployer"),
}


def scrub(text: str) -> str:
    """A text without anything that may be a secret."""
    without = ASSIGNED.sub(rf"\1\2{SECRET}", mask(text))
    for pattern in (PADDED, CLIENT_SECRET, HEX):
        without = pattern.sub(SECRET, without)
    return LONG.sub(_unless_plain, without)


def scrub_url(url: str) -> str:
    """An address without what its query may hide, and without a name and a password in it."""
    try:
        parts = urlsplit(url)
    except ValueError:  # of a service: it is no address
        return "<no address>"
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    query = "&".join(_scrub_pair(name, value) for name, value in pairs)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, _scrub_path(parts.path), query, ""))


def _scrub_pair(name: str, value: str) -> str:
    if name.lower() not in PLAIN_QUERY:
        return f"{name}=<value>"
    return f"{name}={quote(scrub(value), safe='-,.$<>')}"


def scrub_body(body: dict[str, Any], path: str) -> Any:
    """A JSON document without secrets: those known by their fields, and what looks like one."""
    return _scrubbed(mask_body(body, path))


def _scrub_path(path: str) -> str:
    return "/".join(scrub(part) for part in path.split("/"))


def _unless_plain(found: re.Match[str]) -> str:
    """Keep ids, versions, and long names of one kind of letters; replace what looks random."""
    word = found[0]
    if GUID.search(word) or not all(pattern.search(word) for pattern in CLASSES):
        return word
    return SECRET


def _scrubbed(value: Any) -> Any:
    if isinstance(value, dict):
        return {scrub(str(name)): _scrubbed(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_scrubbed(one) for one in value]
    return scrub(value) if isinstance(value, str) else value
