"""The web page's upload into the account's `$web` container."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError
from azure.storage.blob import BlobProperties, BlobServiceClient, ContainerClient, ContentSettings

from chatkit.cloud.calls import Calls
from chatkit.cloud.connection import Cloud
from chatkit.cloud.hints import code_of
from chatkit.cloud.provision import storage
from chatkit.core.errors import ServiceError, SetupError

CONTAINER = "$web"
INDEX = "index.html"
# The SDK's own default is application/octet-stream, which a browser offers for download.
CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".map": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
# Vendored files change only with their release; everything else is asked for again each time.
CACHE_VENDORED, CACHE_CHECKED = "public, max-age=86400", "no-cache"
SKIPPED = (".DS_Store", "Thumbs.db")
PARALLEL = 8
SERVED_LIMIT_S, CONTAINER_LIMIT_S, ROLE_LIMIT_S = 120, 30, 600
ROLE_MISSING = "AuthorizationPermissionMismatch"


@dataclass(frozen=True)
class PageFile:
    """One file of the page, as it is uploaded."""

    path: PurePosixPath
    content: bytes
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


def page_files(folder: Path) -> list[PageFile]:
    """Read the files of a page, sorted by path.

    Raises:
        SetupError: There is no index.html.
    """
    found = sorted(_read(folder), key=lambda file: file.path)
    if PurePosixPath(INDEX) not in [file.path for file in found]:
        raise SetupError(f"{folder.name} has no {INDEX}.", hint="Section 06 writes the page.")
    return found


def _read(folder: Path) -> Iterator[PageFile]:
    for path in folder.rglob("*"):
        relative = PurePosixPath(path.relative_to(folder).as_posix())
        if path.is_file() and path.name not in SKIPPED and ".before-" not in path.name:
            content_type = CONTENT_TYPES.get(path.suffix.lower(), "application/octet-stream")
            cache = CACHE_VENDORED if "vendor" in relative.parts[:-1] else CACHE_CHECKED
            yield PageFile(relative, path.read_bytes(), content_type, cache)


def upload(
    cloud: Cloud, calls: Calls, group: str, account: str, files: list[PageFile]
) -> list[str]:
    """Make an account's website hold exactly these files, signed with the account's key: no data role is needed.

    Where a policy forbids keys, the sign-in's token goes instead, and Storage Blob Data Contributor is needed.

    Returns:
        Paths that were sent, sorted; unchanged files are not sent again.
    """
    found = calls.call(cloud.storage().storage_accounts.get_properties, group, account)
    takes_keys = found.properties is None or found.properties.allow_shared_key_access is not False
    key = storage.account_key(cloud, calls, group, account) if takes_keys else None
    url = storage.blob_url(found)
    return mirror(cloud.blobs(url, key), calls, files)


def mirror(blobs: BlobServiceClient, calls: Calls, files: list[PageFile]) -> list[str]:
    """Make the website hold exactly these files; unchanged ones are not sent again.

    Returns:
        Paths that were sent, sorted.
    """
    web = blobs.get_container_client(CONTAINER)
    present = {blob.name: blob.content_settings for blob in _blobs(web, calls)}
    changed = [file for file in files if not _is_same(file, present.get(str(file.path)))]
    with ThreadPoolExecutor(PARALLEL) as pool:
        for done in [pool.submit(_send, web, calls.branch(), file) for file in changed]:
            done.result()
    for stale in sorted(set(present) - {str(file.path) for file in files}):
        calls.call(web.delete_blob, stale)
    return [str(file.path) for file in changed]


def _blobs(web: ContainerClient, calls: Calls) -> list[BlobProperties]:
    """List what is there. The container comes with the static website, a role with its assignment, sometimes later."""
    begin = time.monotonic()
    for _ in calls.waiting(ROLE_LIMIT_S):
        try:
            return calls.list(web.list_blobs)
        except HttpResponseError as error:
            trouble = error
            limit_s = (
                CONTAINER_LIMIT_S if isinstance(error, ResourceNotFoundError) else ROLE_LIMIT_S
            )
            late = isinstance(error, ResourceNotFoundError) or code_of(error) == ROLE_MISSING
            if not late or time.monotonic() - begin > limit_s:
                raise
    raise trouble


def _send(web: ContainerClient, calls: Calls, file: PageFile) -> None:
    calls.call(
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


def wait_until_served(cloud: Cloud, calls: Calls, web_url: str, files: list[PageFile]) -> None:
    """Wait until the website answers with the page that was uploaded.

    Raises:
        ServiceError: It still answers something else.
    """
    index = next(file for file in files if str(file.path) == INDEX)
    website = cloud.rest(web_url, signed_in=False)
    said = "nothing"
    for _ in calls.waiting(SERVED_LIMIT_S):
        try:
            answer = website.get(web_url, retry_total=0)
        except AzureError as error:
            said = type(error).__name__
            continue
        if answer.status_code == 200 and answer.content == index.content:
            return
        said = f"{answer.status_code}, {len(answer.content)} bytes"
    raise ServiceError(
        503,
        "NotServed",
        f"The website answers {said} instead of the page after {SERVED_LIMIT_S} seconds.",
    )
