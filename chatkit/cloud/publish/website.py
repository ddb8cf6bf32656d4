"""The web page's upload into the account's `$web` container."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    ResourceNotFoundError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.storage.blob import BlobProperties, BlobServiceClient, ContainerClient, ContentSettings

from chatkit.cloud.calls import Calls, lasting
from chatkit.cloud.hints import code_of
from chatkit.cloud.provision import storage
from chatkit.cloud.publish import page_list, secret_scan
from chatkit.cloud.publish.selection import sentence, shown
from chatkit.cloud.stack import Stack
from chatkit.core.errors import ServiceError, SetupError

CONTAINER = "$web"
# Vendored files change only with their release; everything else is asked for again each time.
CACHE_VENDORED = "public, max-age=86400"
CACHE_CHECKED = "no-cache"
PARALLEL = 8
SERVED_LIMIT_S = 300
CONTAINER_LIMIT_S = 30
HOST_LIMIT_S = 300
ROLE_LIMIT_S = 600
ROLE_MISSING = "AuthorizationPermissionMismatch"


@dataclass(frozen=True)
class PageFile:
    """One file of the page, as it is uploaded."""

    path: PurePosixPath
    content: bytes = field(repr=False)
    content_type: str
    cache_control: str

    @property
    def md5(self) -> bytes:
        """Digest that the service keeps beside the blob; tells whether an upload is needed."""
        return hashlib.md5(self.content, usedforsecurity=False).digest()

    def settings(self) -> ContentSettings:
        """Headers the website endpoint answers with."""
        return ContentSettings(
            content_type=self.content_type,
            cache_control=self.cache_control,
            content_md5=bytearray(self.md5),
        )


@dataclass(frozen=True)
class PageFiles:
    """What of a folder makes the page.

    Attributes:
        files: Sorted by path.
        left: A sentence about what stays, empty when nothing does.
    """

    files: list[PageFile]
    left: str


def read_page(folder: Path) -> PageFiles:
    """Read the files of a page, and say what stays.

    Raises:
        SetupError: There is no index.html, a file cannot be read, or looks like a secret.
    """
    chosen = page_list.selector(folder).select()
    if PurePosixPath(storage.INDEX_DOCUMENT) not in chosen.files:
        raise SetupError(
            f"{folder.name} has no {storage.INDEX_DOCUMENT}.",
            hint="workshop.prepare_page() writes the page.",
        )
    files = [_read(folder, path) for path in chosen.files]
    own = f"{folder.name}/{page_list.IGNORE_FILE}"
    secret_scan.refuse(
        {file.path: file.content for file in files if file.path not in chosen.named},
        what="Everybody can read a page.",
        ignore_file_name=own,
        instead="Take it out of the page: the functions can keep it, in their settings.",
    )
    return PageFiles(files, sentence(chosen.left, ignore_file=own))


def _read(folder: Path, path: PurePosixPath) -> PageFile:
    try:
        content = (folder / path).read_bytes()
    except OSError as error:
        raise SetupError(f"{shown(path)} cannot be read: {error.strerror}.") from None
    cache = CACHE_VENDORED if "vendor" in path.parts[:-1] else CACHE_CHECKED
    return PageFile(path, content, page_list.content_type(path), cache)


def upload(stack: Stack, files: list[PageFile]) -> list[str]:
    """Make the account's website hold exactly these files.

    Returns:
        Paths that were sent, sorted; unchanged files are not sent again.
    """
    return mirror(storage.blobs(stack), stack.calls, files)


def mirror(blobs: BlobServiceClient, calls: Calls, files: list[PageFile]) -> list[str]:
    """Make the website hold exactly these files; unchanged ones are not sent again.

    Returns:
        Paths that were sent, sorted.
    """
    web = blobs.get_container_client(CONTAINER)
    present = {blob.name: blob.content_settings for blob in _blobs(web, calls)}
    changed = [file for file in files if not _is_same(file, present.get(str(file.path)))]
    with ThreadPoolExecutor(PARALLEL) as pool:
        sent = []
        for file in files:
            branch = calls.branch()
            if file in changed:
                sent.append(pool.submit(_send, web, branch.call, file))
            else:
                _send(web, branch.would_call, file)
        for future in sent:
            future.result()
    for stale in sorted(set(present) - {str(file.path) for file in files}):
        calls.call(web.delete_blob, stale)
    return [str(file.path) for file in changed]


def _blobs(web: ContainerClient, calls: Calls) -> list[BlobProperties]:
    """List what is there."""
    # The account's host name, the container that comes with the static website, and a role are
    # all known late sometimes.
    begin = time.monotonic()
    for _ in calls.waiting(ROLE_LIMIT_S, "the storage account answers, and lets this account in"):
        try:
            return calls.list(web.list_blobs, retry_total=0)
        except AzureError as error:
            last = error
            if time.monotonic() - begin >= _patience_s(error):
                raise
    raise last


def _patience_s(error: AzureError) -> float:
    if isinstance(error, ServiceRequestError | ServiceResponseError):
        return HOST_LIMIT_S
    if isinstance(error, ResourceNotFoundError):
        return CONTAINER_LIMIT_S
    if isinstance(error, HttpResponseError) and code_of(error) == ROLE_MISSING:
        return ROLE_LIMIT_S
    return 0


def _send(web: ContainerClient, call: Callable[..., object], file: PageFile) -> None:
    call(
        web.upload_blob,
        str(file.path),
        file.content,
        overwrite=True,
        content_settings=file.settings(),
    )


def _is_same(file: PageFile, stored: ContentSettings | None) -> bool:
    if stored is None:
        return False
    md5 = stored.content_md5
    digest = base64.b64decode(md5) if isinstance(md5, str) else bytes(md5 or b"")
    return (digest, stored.content_type, stored.cache_control) == (
        file.md5,
        file.content_type,
        file.cache_control,
    )


def wait_until_served(stack: Stack, web_url: str, files: list[PageFile]) -> None:
    """Wait until the website answers with the page that was uploaded.

    Raises:
        ServiceError: It still answers something else.
    """
    index = next(file for file in files if str(file.path) == storage.INDEX_DOCUMENT)
    website = stack.cloud.rest(web_url, signed_in=False)
    last = "nothing"
    for _ in stack.calls.waiting(SERVED_LIMIT_S, "the website shows the page"):
        try:
            answer = website.get(web_url, retry_total=0)
        except AzureError as error:
            last = type(error).__name__
            continue
        if answer.status_code == 200 and answer.content == index.content:
            return
        last = f"{answer.status_code}, {len(answer.content)} bytes"
    raise ServiceError(
        503,
        "NotServed",
        f"The website answers {last} instead of the page after {lasting(SERVED_LIMIT_S)}."
        " The files are there: a new address is known everywhere only after a while.",
        hint="Run the cell again: it sends nothing twice.",
    )
