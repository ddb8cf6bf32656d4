"""One request as storage sees it.

Knows nothing of the web server, so the parts of a batch are requests, too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from chatkit.localcloud.core.web import whole_number
from chatkit.localcloud.storage.formats.xmltext import Element, parse
from chatkit.localcloud.storage.state.errors import StorageError, missing_header
from chatkit.localcloud.storage.state.models import ROOT, Account, Blob, Container

NEWEST_VERSION = "2026-10-06"
MAX_XML_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class Target:
    """What a URL names.

    Attributes:
        account: Account name, first part of the path.
        container: Empty for the account itself.
        blob: Empty for a container or the account.
    """

    account: str
    container: str = ""
    blob: str = ""

    @property
    def level(self) -> str:
        """service, container or blob."""
        if self.blob:
            return "blob"
        return "container" if self.container else "service"


@dataclass(frozen=True)
class Query:
    """Query parameters: names in any case, values as they were decoded.

    Attributes:
        pairs: All of them, in order.
    """

    pairs: tuple[tuple[str, str], ...]
    _values: dict[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for name, value in reversed(self.pairs):
            self._values[name.lower()] = value

    @classmethod
    def parse(cls, text: str) -> Query:
        """Read a query string. A plus stays a plus, as in Azure's signatures."""
        parts = (part.partition("=") for part in text.split("&") if part)
        return cls(tuple((unquote(name), unquote(value)) for name, _, value in parts))

    def get(self, name: str, default: str = "") -> str:
        """The first value of a parameter."""
        return self._values.get(name, default)

    def __contains__(self, name: str) -> bool:
        return name in self._values


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request, and what its URL names. Its caller is not known yet.

    Attributes:
        path: As it was sent, percent-encoded, without the query.
        headers: By lower-case name.
        origin: Scheme and host of the URL.
        endpoint: Address of the account, without a slash at the end.
        metadata: What came in `x-ms-meta-` headers, names as they were written.
        secure: Whether it came by https.
        body: The body in chunks, or None when there is none.
    """

    method: str
    path: str
    query: Query
    headers: Mapping[str, str]
    target: Target
    account: Account
    origin: str
    endpoint: str
    request_id: str
    secure: bool = True
    metadata: Mapping[str, str] = field(default_factory=dict)
    body: Callable[[], AsyncIterator[bytes]] | None = None

    def header(self, name: str, default: str = "") -> str:
        """A request header by its lower-case name."""
        return self.headers.get(name, default)

    def required(self, name: str) -> str:
        """A request header that has to be there.

        Raises:
            StorageError: MissingRequiredHeader.
        """
        value = self.headers.get(name, "")
        if not value:
            raise missing_header(name)
        return value

    def with_account(self, path: str) -> str:
        """A path at the same address, with the account in front where the host names it."""
        return f"/{self.account.name}{path}" if self.endpoint == self.origin else path

    @property
    def container(self) -> Container:
        """The container the URL names.

        Raises:
            StorageError: ContainerNotFound.
        """
        return self.account.container(self.target.container)

    @property
    def blob(self) -> Blob:
        """The blob the URL names.

        Raises:
            StorageError: ContainerNotFound or BlobNotFound.
        """
        found = self.container.blobs.get(self.target.blob)
        if found is None:
            raise StorageError("BlobNotFound")
        return found

    @property
    def length(self) -> int:
        """Content-Length.

        Raises:
            StorageError: MissingContentLengthHeader.
        """
        length = whole_number(self.header("content-length"))
        if length is None:
            raise StorageError("MissingContentLengthHeader")
        return length

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes in."""
        return self.body() if self.body is not None else _nothing()

    async def read(self, limit: int) -> bytes:
        """The whole body.

        Raises:
            StorageError: RequestBodyTooLarge.
        """
        data = bytearray()
        async for chunk in self.chunks():
            data += chunk
            if len(data) > limit:
                raise StorageError("RequestBodyTooLarge", details={"MaxLimit": str(limit)})
        return bytes(data)

    async def read_xml(self) -> Element:
        """The body as XML.

        Raises:
            StorageError: InvalidXmlDocument.
        """
        try:
            return parse(await self.read(MAX_XML_BYTES))
        except ValueError as error:
            raise StorageError("InvalidXmlDocument", details={"Reason": str(error)}) from None


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""


def read_target(path: str, query: Query) -> Target:
    """Find what a path names.

    Raises:
        StorageError: InvalidUri, for what is not UTF-8 or holds a null character.
    """
    try:
        parts = [unquote(part, errors="strict") for part in path.lstrip("/").split("/", 2)]
    except UnicodeDecodeError:
        raise StorageError("InvalidUri") from None
    if any("\0" in part for part in parts):
        raise StorageError("InvalidUri")
    account, container, blob = [*parts, "", ""][:3]
    named = any(name in query for name in ("comp", "action", "resource"))
    of_container = query.get("restype").lower() in ("container", "account") or named
    if container and not blob and not of_container:
        return Target(account, ROOT, container)
    return Target(account, container, blob)
