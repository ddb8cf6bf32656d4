"""Blob index tags: set and returned; `tag_rules` has the expressions over them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from chatkit.localcloud.storage.formats.xmltext import Element
from chatkit.localcloud.storage.operations import conditions, leases
from chatkit.localcloud.storage.operations.call import Answer, Call, xml_answer
from chatkit.localcloud.storage.state.errors import StorageError, bad_header

MAX_TAGS = 10
NAME = re.compile(r"[\w +\-./:=]{1,128}$", re.ASCII)
VALUE = re.compile(r"[\w +\-./:=]{0,256}$", re.ASCII)


def from_header(text: str) -> dict[str, str]:
    """Read `x-ms-tags`, a query string.

    Raises:
        StorageError: InvalidHeaderValue.
    """
    found = dict(parse_qsl(text, keep_blank_values=True))
    if text and not _allowed(found):
        raise bad_header("x-ms-tags", text)
    return found


async def get_tags(call: Call) -> Answer:
    """Get Blob Tags."""
    blob = call.blob
    conditions.check_tags(call.request, blob)
    leases.require(call.request, blob, optional=True)
    return xml_answer(element(blob.tags))


async def set_tags(call: Call) -> Answer:
    """Set Blob Tags: replaces all of them; neither ETag nor modification time changes."""
    given = await call.request.read_xml()
    pairs = [
        (tag.value("Key"), tag.value("Value")) for part in given.children for tag in part.children
    ]
    blob = call.blob
    conditions.check_tags(call.request, blob)
    leases.require(call.request, blob)
    if given.name != "Tags" or len(dict(pairs)) != len(pairs) or not _allowed(dict(pairs)):
        raise StorageError("InvalidXmlNodeValue")
    blob.tags = dict(pairs)
    call.repository.save_blob(call.account, call.container, blob)
    return Answer(204)


def _allowed(tags: dict[str, str]) -> bool:
    return len(tags) <= MAX_TAGS and all(
        NAME.fullmatch(key) and VALUE.fullmatch(value) for key, value in tags.items()
    )


def element(tags: Mapping[str, str]) -> Element:
    """Tags in a listing and as an answer."""
    pairs = [
        Element("Tag", [Element("Key", key), Element("Value", value)])
        for key, value in tags.items()
    ]
    return Element("Tags", [Element("TagSet", pairs)])
