"""What an operation is given and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from chatkit.localcloud.storage.auth.access import Access
from chatkit.localcloud.storage.formats.xmltext import Element, document
from chatkit.localcloud.storage.state.models import Account, Blob, Container, Part
from chatkit.localcloud.storage.state.repository import Repository
from chatkit.localcloud.storage.state.request import Request, Target

XML = "application/xml"
MAX_APPEND_BYTES = 100 * 1024 * 1024
MAX_PHRASE = 200


@dataclass(frozen=True)
class Call:
    """A request that was let in.

    Attributes:
        access: Who the caller is.
        repository: Where accounts are kept.
    """

    request: Request
    access: Access
    repository: Repository

    @property
    def target(self) -> Target:
        """What the URL names."""
        return self.request.target

    @property
    def account(self) -> Account:
        """The account the URL names."""
        return self.request.account

    @property
    def container(self) -> Container:
        """The container the URL names.

        Raises:
            StorageError: ContainerNotFound.
        """
        return self.request.container

    @property
    def blob(self) -> Blob:
        """The blob the URL names.

        Raises:
            StorageError: ContainerNotFound or BlobNotFound.
        """
        return self.request.blob


@dataclass(frozen=True)
class Answer:
    """What goes back.

    Attributes:
        body: Bytes to send.
        part: Part of a blob to send in place of `body`.
        sentence: What an error says.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    part: Part | None = None
    sentence: str = ""

    @property
    def phrase(self) -> str:
        """What stands behind the status: an error's sentence, which HEAD can say nowhere else.

        Where the sentence does not fit into a line of HTTP, it is the usual one.
        """
        fits = self.sentence.isascii() and self.sentence.isprintable()
        if 0 < len(self.sentence) <= MAX_PHRASE and fits:
            return self.sentence
        return HTTPStatus(self.status).phrase


def xml_answer(root: Element, *, headers: Mapping[str, str] | None = None) -> Answer:
    """200 with a document."""
    return Answer(200, {"Content-Type": XML, **(headers or {})}, document(root))
