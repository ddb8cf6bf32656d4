"""List Blobs and List Containers: prefix, delimiter, pages and markers."""

from __future__ import annotations

import asyncio
import base64
import binascii
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from chatkit.localcloud.storage.formats import tag_rules
from chatkit.localcloud.storage.formats.xmltext import Element, Rendered, named
from chatkit.localcloud.storage.operations import tags, tiers
from chatkit.localcloud.storage.operations.call import Answer, Call, xml_answer
from chatkit.localcloud.storage.operations.properties import (
    blob_element,
    container_element,
    metadata_element,
)
from chatkit.localcloud.storage.state.errors import StorageError, bad_query
from chatkit.localcloud.storage.state.models import Blob, Container

MAX_PAGE = 5000
ENTRIES_PER_TURN = 100  # Entries that are written before other requests get their turn.
BLOB_INCLUDES = {
    "metadata",
    "uncommittedblobs",
    "tags",
    "copy",
    "snapshots",
    "deleted",
    "versions",
    "deletedwithversions",
    "immutabilitypolicy",
    "legalhold",
    "permissions",
}
COPY_ELEMENTS = {
    "id": "CopyId",
    "source": "CopySource",
    "status": "CopyStatus",
    "progress": "CopyProgress",
    "completion-time": "CopyCompletionTime",
}
CONTAINER_INCLUDES = {"metadata", "deleted", "system"}


@dataclass
class Page:
    """A page of a listing.

    Attributes:
        names: Names and, ending with the delimiter, prefixes, in order.
        marker: The entry that the next page begins with; empty after the last.
    """

    names: list[str] = field(default_factory=list)
    marker: str = ""


@dataclass(frozen=True)
class PageQuery:
    """What a listing is asked for.

    Attributes:
        prefix: What names begin with.
        delimiter: Names that have it after the prefix are shown once, as a prefix; empty for a flat
            listing.
        start: Entry that the page begins with; empty for the first.
        size: Most entries.
    """

    prefix: str = ""
    delimiter: str = ""
    start: str = ""
    size: int = MAX_PAGE

    def entry(self, name: str) -> str:
        """What stands for a name in the listing: itself, or its beginning up to the delimiter."""
        if not self.is_prefix(name):
            return name
        end = name.index(self.delimiter, len(self.prefix)) + len(self.delimiter)
        return name[:end]

    def is_prefix(self, name: str) -> bool:
        """Say whether a name has the delimiter after the prefix."""
        return bool(self.delimiter) and name.find(self.delimiter, len(self.prefix)) >= 0


def cut_page(names: Sequence[str], wanted: PageQuery) -> Page:
    """Cut one page out of names that are in order."""
    found = Page()
    index = bisect_left(names, max(wanted.prefix, wanted.start))
    while index < len(names) and names[index].startswith(wanted.prefix):
        name = names[index]
        entry = wanted.entry(name)
        if len(found.names) == wanted.size:
            found.marker = entry
            break
        found.names.append(entry)
        if wanted.is_prefix(name):
            # All names of a prefix are one entry, so the next one is behind the last of them.
            index = bisect_left(names, True, index, key=lambda one: not one.startswith(entry))
        else:
            index += 1
    return found


def read_page_query(call: Call) -> PageQuery:
    """Understand the query of a listing.

    Raises:
        StorageError: For a page size or marker that cannot be.
    """
    query = call.request.query
    text = query.get("maxresults")
    if text and not (text.isdecimal() and len(text) < 10):
        raise bad_query("maxresults", text)
    if text and int(text) == 0:
        raise StorageError(
            "OutOfRangeQueryParameterValue", details={"QueryParameterName": "maxresults"}
        )
    size = min(int(text or MAX_PAGE), MAX_PAGE)
    start = _read_marker(query.get("marker")) or query.get("startfrom")
    return PageQuery(query.get("prefix"), query.get("delimiter"), start, size)


async def list_blobs(call: Call) -> Answer:
    """List Blobs."""
    wanted = read_page_query(call)
    include = _includes(call, BLOB_INCLUDES)
    container = call.container
    names = container.names
    if "uncommittedblobs" in include and container.staged:
        names = sorted({*names, *container.staged})
    page = cut_page(names, wanted)
    # Blobs are looked up before others get their turn: the page is of one moment.
    found = [(name, container.blobs.get(name)) for name in page.names]
    entries = []
    for number, (name, blob) in enumerate(found):
        entries.append(_entry_element(name, blob, wanted, include).render())
        if number % ENTRIES_PER_TURN == 0:
            await asyncio.sleep(0)
    root = _results(call, page, wanted, Rendered("Blobs", "".join(entries)))
    root.attributes["ContainerName"] = container.name
    return xml_answer(root)


def _entry_element(name: str, blob: Blob | None, wanted: PageQuery, include: set[str]) -> Element:
    if wanted.is_prefix(name):
        return Element("BlobPrefix", [named("Name", name)])
    if blob is None:
        empty = Element(
            "Properties", [Element("Content-Length", "0"), Element("BlobType", "BlockBlob")]
        )
        return Element("Blob", [named("Name", name), empty])
    parts = [named("Name", name), _with_copy(blob, include)]
    if "metadata" in include and blob.metadata:
        parts.append(metadata_element(blob))
    if "tags" in include and blob.tags:
        parts.append(tags.element(blob.tags))
    return Element("Blob", parts)


def _with_copy(blob: Blob, include: set[str]) -> Element:
    shown = blob_element(blob, tiers.values(blob))
    if "copy" in include and blob.copy:
        copy = [Element(COPY_ELEMENTS[name], value) for name, value in blob.copy.items()]
        shown.content = [*shown.children, *copy]
    return shown


async def list_containers(call: Call) -> Answer:
    """List Containers."""
    wanted = read_page_query(call)
    include = _includes(call, CONTAINER_INCLUDES)
    page = cut_page(sorted(call.account.containers), wanted)
    entries = []
    for name in page.names:
        container = call.account.containers[name]
        parts = [Element("Name", name), container_element(container)]
        if "metadata" in include and container.metadata:
            parts.append(metadata_element(container))
        entries.append(Element("Container", parts))
    return xml_answer(_results(call, page, wanted, Element("Containers", entries)))


def _results(call: Call, page: Page, wanted: PageQuery, entries: Element) -> Element:
    shown = []
    if wanted.prefix:
        shown.append(named("Prefix", wanted.prefix))
    if call.request.query.get("marker"):
        shown.append(Element("Marker", call.request.query.get("marker")))
    if call.request.query.get("maxresults"):
        shown.append(Element("MaxResults", call.request.query.get("maxresults")))
    if wanted.delimiter:
        shown.append(named("Delimiter", wanted.delimiter))
    endpoint = f"{call.request.endpoint}/"
    return Element(
        "EnumerationResults",
        [*shown, entries, Element("NextMarker", _write_marker(page.marker))],
        {"ServiceEndpoint": endpoint},
    )


def _includes(call: Call, known: set[str]) -> set[str]:
    given = {
        item.strip().lower()
        for item in call.request.query.get("include").split(",")
        if item.strip()
    }
    if given - known:
        raise bad_query("include", call.request.query.get("include"))
    return given


def _write_marker(entry: str) -> str:
    return base64.urlsafe_b64encode(entry.encode()).decode()


def _read_marker(marker: str) -> str:
    try:
        return base64.b64decode(marker.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise bad_query("marker", marker) from None


async def find_by_tags(call: Call) -> Answer:
    """Find Blobs by Tags, in the account or in a container.

    The answer shows of each blob the tags that the expression names.
    """
    wanted = read_page_query(call)
    text = call.request.query.get("where")
    rule = _tag_rule(text)
    marker = ""
    entries: list[Element] = []
    for number, (container, blob) in enumerate(_tagged(call, wanted.start)):
        if number % ENTRIES_PER_TURN == 0:
            await asyncio.sleep(0)
        if not rule.holds({**blob.tags, tag_rules.CONTAINER: container.name}):
            continue
        if len(entries) == wanted.size:
            marker = f"{container.name}/{blob.name}"
            break
        shown = tags.element(
            {name: value for name, value in blob.tags.items() if name in rule.names}
        )
        entries.append(
            Element(
                "Blob", [named("Name", blob.name), Element("ContainerName", container.name), shown]
            )
        )
    parts = [
        Element("Where", text),
        Element("Blobs", entries),
        Element("NextMarker", _write_marker(marker)),
    ]
    return xml_answer(
        Element(
            "EnumerationResults",
            parts,
            {"ServiceEndpoint": f"{call.request.endpoint}/"},
        )
    )


def _tag_rule(text: str) -> tag_rules.TagRule:
    if not text:
        raise StorageError("MissingRequiredQueryParameter", details={"QueryParameterName": "where"})
    try:
        return tag_rules.parse_search(text)
    except ValueError:
        raise bad_query("where", text) from None


def _tagged(call: Call, start: str) -> Iterator[tuple[Container, Blob]]:
    """Blobs with tags, by container and name, from the one that a marker names."""
    first, _, name = start.partition("/")
    if call.target.container:
        searched = [call.container]
    else:
        searched = [found for _, found in sorted(call.account.containers.items())]
    for container in searched:
        if container.name < first:
            continue
        start_name = ""
        if container.name == first:
            start_name = name
        # Blobs come and go while others have their turn: the names are of one moment.
        for blob_name in [*container.names_from(start_name)]:
            blob = container.blobs.get(blob_name)
            if blob is not None and blob.tags:
                yield container, blob
