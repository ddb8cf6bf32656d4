"""State of Blob storage: accounts, containers and blobs, and their documents.

Plain Python: no files and no HTTP.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import NamedTuple, NotRequired, TypedDict, cast

from chatkit.core.time import clock
from chatkit.localcloud.storage.formats import dates
from chatkit.localcloud.storage.state.errors import StorageError
from chatkit.localcloud.storage.state.spec import AccountSpec, CorsRule, StaticWebsite

BLOCK = "BlockBlob"
APPEND = "AppendBlob"
WEB = "$web"
ROOT = "$root"
LEFT_OUT_AT_DEFAULT = (
    "headers",
    "metadata",
    "tags",
    "tier",
    "tier_changed",
    "rehydration",
    "append_blocks",
    "sealed",
    "copy",
)


# A lease as it is stored: id, seconds, until, broken.
LeaseDocument = tuple[str, int, float, float]


class BlobDocument(TypedDict):
    """A blob as it is stored. What is at its default is left out: there are many blobs.

    Attributes:
        pieces: File, size and block id of each.
    """

    name: str
    kind: str
    etag: str
    created: float
    modified: float
    pieces: list[tuple[str, int, str]]
    lease: LeaseDocument
    headers: NotRequired[dict[str, str]]
    metadata: NotRequired[dict[str, str]]
    tags: NotRequired[dict[str, str]]
    tier: NotRequired[str]
    tier_changed: NotRequired[float]
    rehydration: NotRequired[tuple[str, str, float]]
    append_blocks: NotRequired[int]
    sealed: NotRequired[bool]
    copy: NotRequired[dict[str, str]]


class ContainerDocument(TypedDict):
    """A container as it is stored, without its blobs."""

    name: str
    etag: str
    modified: float
    metadata: dict[str, str]
    public: str
    policies: dict[str, dict[str, str]]
    lease: LeaseDocument


@dataclass(slots=True)
class Piece:
    """A part of a blob's content, one file on disk from its beginning.

    Attributes:
        file: Name of the file in the account's folder.
        size: Bytes that count; the file may be longer when an append was cut off.
        block_id: Base64 id of a committed block; empty for content that was put at once.
    """

    file: str
    size: int
    block_id: str = ""


@dataclass(frozen=True)
class Part:
    """Bytes of a content: of these pieces of an account, `length` bytes from `start` on."""

    account: str
    pieces: Sequence[Piece]
    start: int
    length: int


@dataclass(slots=True)
class Lease:
    """A lease on a blob or container.

    Attributes:
        id: Lease id; empty when there has never been one.
        seconds: Duration, -1 for ever.
        until: When it ends by itself, Unix time; 0 for never.
        broken: When a break takes effect, Unix time; 0 when it was not broken.
    """

    id: str = ""
    seconds: int = 0
    until: float = 0
    broken: float = 0

    @property
    def state(self) -> str:
        """available, leased, expired, breaking or broken."""
        now = clock.steady()
        if not self.id:
            return "available"
        if self.broken > now:
            return "breaking"
        if self.broken:
            return "broken"
        if self.until and self.until <= now:
            return "expired"
        return "leased"

    @property
    def active(self) -> bool:
        """Say whether writers need the lease id."""
        return self.state in ("leased", "breaking")

    def document(self) -> LeaseDocument:
        """What is stored."""
        return self.id, self.seconds, self.until, self.broken


class Rehydration(NamedTuple):
    """The way of a blob out of the archive.

    Attributes:
        tier: Where it goes.
        priority: Standard or High.
        until: Steady time at which it is there.
    """

    tier: str
    priority: str
    until: float


def _rehydration(document: BlobDocument) -> Rehydration | None:
    kept = document.get("rehydration")
    return Rehydration(*kept) if kept else None


@dataclass(slots=True)
class Blob:
    """One blob.

    Attributes:
        headers: Content-Type and its like, as they are sent back.
        pieces: The content, in order.
        tier: Access tier that was set; empty for the account's default.
        rehydration: How it leaves the archive, while it does.
        append_blocks: Committed blocks of an append blob.
        copy: Properties of the copy that made it, header names of `x-ms-copy-` without the prefix.
    """

    name: str
    kind: str = BLOCK
    etag: str = field(default_factory=dates.new_etag)
    created: float = field(default_factory=dates.now)
    modified: float = field(default_factory=dates.now)
    headers: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    pieces: list[Piece] = field(default_factory=list)
    lease: Lease = field(default_factory=Lease)
    tier: str = ""
    tier_changed: float = 0
    rehydration: Rehydration | None = None
    append_blocks: int = 0
    sealed: bool = False
    copy: dict[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Length of the content in bytes."""
        return sum(piece.size for piece in self.pieces)

    def become(self, other: Blob) -> None:
        """Take everything over from another one."""
        for one in fields(Blob):
            setattr(self, one.name, getattr(other, one.name))

    def touch(self) -> None:
        """Note a change: a new ETag and modification time."""
        self.etag = dates.new_etag()
        self.modified = dates.now()

    def document(self) -> BlobDocument:
        """What is stored."""
        optional = {name: getattr(self, name) for name in LEFT_OUT_AT_DEFAULT}
        document = {
            "name": self.name,
            "kind": self.kind,
            "etag": self.etag,
            "created": self.created,
            "modified": self.modified,
            **{name: value for name, value in optional.items() if value},
            "pieces": [(piece.file, piece.size, piece.block_id) for piece in self.pieces],
            "lease": self.lease.document(),
        }
        return cast(BlobDocument, document)

    @classmethod
    def load(cls, document: BlobDocument) -> Blob:
        """Read what `document` wrote."""
        return cls(
            name=document["name"],
            kind=document["kind"],
            etag=document["etag"],
            created=document["created"],
            modified=document["modified"],
            headers=document.get("headers", {}),
            metadata=document.get("metadata", {}),
            tags=document.get("tags", {}),
            pieces=[Piece(*piece) for piece in document["pieces"]],
            lease=Lease(*document["lease"]),
            tier=document.get("tier", ""),
            tier_changed=document.get("tier_changed", 0),
            rehydration=_rehydration(document),
            append_blocks=document.get("append_blocks", 0),
            sealed=document.get("sealed", False),
            copy=document.get("copy", {}),
        )


@dataclass
class Container:
    """One container and, in name order, its blobs.

    Attributes:
        public: Anonymous access: "", "blob" or "container".
        policies: Stored access policies by id: start, expiry and permission, each maybe empty.
        staged: Blocks that are put but not committed, by blob name and block id.
    """

    name: str
    etag: str = field(default_factory=dates.new_etag)
    modified: float = field(default_factory=dates.now)
    metadata: dict[str, str] = field(default_factory=dict)
    public: str = ""
    policies: dict[str, dict[str, str]] = field(default_factory=dict)
    lease: Lease = field(default_factory=Lease)
    blobs: dict[str, Blob] = field(default_factory=dict, repr=False)
    staged: dict[str, dict[str, Piece]] = field(default_factory=dict, repr=False)
    names: list[str] = field(default_factory=list, repr=False)

    def become(self, other: Container) -> None:
        """Take the container's own properties over from another one, not what is in it."""
        for name in ContainerDocument.__annotations__:
            setattr(self, name, getattr(other, name))

    def touch(self) -> None:
        """Note a change of the container itself."""
        self.etag = dates.new_etag()
        self.modified = dates.now()

    def add(self, blob: Blob) -> None:
        """Add or replace a blob."""
        if blob.name not in self.blobs:
            insort(self.names, blob.name)
        self.blobs[blob.name] = blob

    def discard(self, name: str) -> None:
        """Take a blob away."""
        if self.blobs.pop(name, None) is not None:
            del self.names[bisect_left(self.names, name)]

    def names_from(self, start: str) -> Iterator[str]:
        """Blob names in order, the first one not below `start`."""
        return iter(self.names[bisect_left(self.names, start) :])

    def document(self) -> ContainerDocument:
        """What is stored of the container itself."""
        return ContainerDocument(
            name=self.name,
            etag=self.etag,
            modified=self.modified,
            metadata=self.metadata,
            public=self.public,
            policies=self.policies,
            lease=self.lease.document(),
        )

    @classmethod
    def load(cls, document: ContainerDocument) -> Container:
        """Read what `document` wrote."""
        return cls(
            name=document["name"],
            etag=document["etag"],
            modified=document["modified"],
            metadata=document["metadata"],
            public=document["public"],
            policies=document["policies"],
            lease=Lease(*document["lease"]),
        )


@dataclass
class Account:
    """One storage account.

    Attributes:
        service: Service properties as XML texts by element name, the website and CORS apart.
        cors: CORS rules.
        secret: What user delegation keys are derived from.
    """

    spec: AccountSpec
    website: StaticWebsite = field(default_factory=StaticWebsite)
    service: dict[str, str] = field(default_factory=dict)
    cors: list[CorsRule] = field(default_factory=list)
    secret: str = field(default="", repr=False)
    containers: dict[str, Container] = field(default_factory=dict, repr=False)

    def become(self, other: Account) -> None:
        """Take the account's own settings over from another one, not what is in it."""
        self.website = other.website
        self.service = other.service
        self.cors = other.cors
        self.secret = other.secret

    @property
    def name(self) -> str:
        """The account's name."""
        return self.spec.name

    def container(self, name: str) -> Container:
        """A container.

        Raises:
            StorageError: ContainerNotFound.
        """
        found = self.containers.get(name)
        if found is None:
            raise StorageError("ContainerNotFound")
        return found
