"""Blobs as the host reads and writes them, with Azure's own client.

The client is imported when the first blob is touched: it takes longer to import than the host.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from chatkit.core.errors import ChatkitError
from chatkit.core.time import clock
from chatkit.localcloud.core.errors import LocalCloudError
from chatkit.localcloud.functions.storage import connections
from chatkit.localcloud.functions.storage.connections import StorageConnection
from chatkit.localcloud.functions.storage.paths import BlobPath
from chatkit.localcloud.functions.storage.pieces import PieceReader
from chatkit.wire.connection_strings import Credential

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken
    from azure.storage.blob import BlobProperties
    from azure.storage.blob.aio import BlobClient, BlobLeaseClient, BlobServiceClient

CONNECT_TIMEOUT_S = 5
# Big blobs come and go in requests of this size: each is a moment for the host, which has others
# to serve. Azure takes blocks of 4 MiB from every version of its protocol on.
PIECE_BYTES = 4 << 20


# Gets a token for a resource, such as "https://storage.azure.com", as somebody.
GetToken = Callable[[Credential, str], Awaitable[str]]
RESOURCE = "https://storage.azure.com"
# The client asks for each token anew when it ends this soon; `GetToken` keeps it for longer.
TOKEN_LIFE_S = 300


class StorageUnavailable(LocalCloudError):
    """The storage account cannot be reached, or refuses."""


class BlobChanged(Exception):
    """A blob is no longer the one that was looked for."""


@dataclass(frozen=True)
class ListedBlob:
    """A blob as a list of its container shows it."""

    name: str
    etag: str


@dataclass(frozen=True)
class Blob:
    """A blob that was read.

    Attributes:
        path: Where it is.
        url: Its address.
        pieces: Its bytes.
        properties: As the host tells them to functions.
        metadata: Its metadata.
    """

    path: BlobPath
    url: str
    pieces: Sequence[bytes] = field(repr=False)
    properties: dict[str, Any]
    metadata: dict[str, str]

    @property
    def content(self) -> bytes:
        """Its bytes as one value."""
        return b"".join(self.pieces)


class BlobStorage:
    """The storage accounts that one app's settings name."""

    def __init__(
        self, settings: Mapping[str, str], ca_file: Path | None, get_token: GetToken
    ) -> None:
        """Make the storage of an app; it reaches nothing yet.

        Args:
            settings: App settings, which name the accounts.
            ca_file: Certificate authorities to trust; None for those of this machine.
            get_token: Gets a token of Entra ID where a connection has no key.
        """
        self._settings = settings
        self._ca_file = ca_file
        self._get_token = get_token
        self._clients: dict[StorageConnection, BlobServiceClient] = {}
        self._is_closed = False

    async def read(
        self, connection: str, path: BlobPath, *, etag: str = "", with_content: bool = True
    ) -> Blob | None:
        """Read a blob; None when it is not there.

        Args:
            connection: The setting that names its account.
            path: Where it is.
            etag: The version that is wanted; empty for any.
            with_content: Without it the properties alone are read, and the content is empty.

        Raises:
            BlobChanged: It has another ETag than the one that was asked for.
            ConnectionInvalid: The connection names no account.
            StorageUnavailable: The account does not answer, or refuses.
        """
        service = await self._service(connection)
        client = service.get_blob_client(path.container, path.blob)
        with _told(path):
            try:
                pieces: list[bytes] = []
                if with_content:
                    download = await client.download_blob(**_only(etag))
                    pieces = [piece async for piece in download.chunks()]
                    properties = download.properties
                else:
                    properties = await client.get_blob_properties(**_only(etag))
            except _errors().ResourceNotFoundError:
                return None
            except _errors().ResourceModifiedError:
                raise BlobChanged from None
        return Blob(path, client.url, pieces, _described(properties), dict(properties.metadata))

    async def metadata(self, connection: str, path: BlobPath) -> dict[str, str] | None:
        """A blob's metadata; None when it is not there."""
        service = await self._service(connection)
        with _told(path):
            try:
                client = service.get_blob_client(path.container, path.blob)
                return dict((await client.get_blob_properties()).metadata)
            except _errors().ResourceNotFoundError:
                return None

    async def write(
        self,
        connection: str,
        path: BlobPath,
        pieces: Sequence[bytes],
        metadata: dict[str, str],
    ) -> None:
        """Write a block blob over one that is there; its container is made if needed."""
        service = await self._service(connection)
        client = service.get_blob_client(path.container, path.blob)
        with _told(path):
            try:
                await _upload(client, pieces, metadata)
            except _errors().ResourceNotFoundError:
                await _make_container(service, path.container)
                await _upload(client, pieces, metadata)

    async def hold_lease(
        self, connection: str, path: BlobPath, lease_id: str, *, duration_s: int
    ) -> bool:
        """Take a lease on a blob, or renew it; the blob is made if needed.

        Returns:
            False when there is another lease on the blob.
        """
        service = await self._service(connection)
        lease = _lease(service, path, lease_id)
        with _told(path):
            try:
                return await _is_taken(lease, duration_s)
            except _errors().ResourceNotFoundError:
                await _make_container(service, path.container)
                await _make_blob(service, path)
                return await _is_taken(lease, duration_s)

    async def release_lease(self, connection: str, path: BlobPath, lease_id: str) -> None:
        """End a lease on a blob, if it is that one."""
        lease = _lease(await self._service(connection), path, lease_id)
        with _told(path):
            try:
                await lease.release()
            except _errors().HttpResponseError as error:
                if error.status_code not in (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT):
                    raise

    async def list(self, connection: str, container: str, prefix: str) -> AsyncIterator[ListedBlob]:
        """The blobs of a container; none when it is not there."""
        service = await self._service(connection)
        client = service.get_container_client(container)
        with _told(container):
            try:
                async for blob in client.list_blobs(name_starts_with=prefix or None):
                    yield ListedBlob(blob.name, blob.etag)
            except _errors().ResourceNotFoundError:
                return

    async def close(self) -> None:
        """Close the connections; whoever asks from now on is told that nobody answers."""
        self._is_closed = True
        for client in self._clients.values():
            await client.close()
        self._clients.clear()

    async def _service(self, connection: str) -> BlobServiceClient:
        if self._is_closed:
            raise StorageUnavailable("The app's host has ended.")
        resolved = connections.resolve(self._settings, connection)
        client = self._clients.get(resolved)
        if client is None:
            await asyncio.to_thread(importlib.import_module, "azure.storage.blob.aio")
            client = self._clients.setdefault(resolved, self._client(resolved))
        return client

    def _client(self, connection: StorageConnection) -> BlobServiceClient:
        from azure.storage.blob.aio import BlobServiceClient

        credential: Any = connection.signature
        if connection.credential is not None:
            credential = _Tokens(connection.credential, self._get_token)
        if connection.key:
            credential = {"account_name": connection.account, "account_key": connection.key}
        options: dict[str, Any] = {}
        if self._ca_file is not None:
            options["connection_verify"] = str(self._ca_file)
        return BlobServiceClient(
            connection.blob_endpoint,
            credential,
            retry_total=0,  # whoever scans or fires comes again by itself
            connection_timeout=CONNECT_TIMEOUT_S,
            max_single_get_size=PIECE_BYTES,
            max_chunk_get_size=PIECE_BYTES,
            max_single_put_size=PIECE_BYTES,
            max_block_size=PIECE_BYTES,
            **options,
        )


class _Tokens:
    """What Azure's client asks for tokens."""

    def __init__(self, credential: Credential, get_token: GetToken) -> None:
        self._credential = credential
        self._get_token = get_token

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """A token for storage, whatever scope of it was asked for."""
        from azure.core.credentials import AccessToken

        try:
            token = await self._get_token(self._credential, RESOURCE)
        except ChatkitError as error:
            raise StorageUnavailable(error.message, hint=error.hint) from None
        return AccessToken(token, int(clock.wall()) + TOKEN_LIFE_S)

    async def close(self) -> None:
        """Nothing is open."""

    async def __aenter__(self) -> _Tokens:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()


async def _upload(client: BlobClient, pieces: Sequence[bytes], metadata: dict[str, str]) -> None:
    stream = PieceReader(pieces)
    file = cast(IO[bytes], stream)  # of a file, the client asks no more than `read`
    await client.upload_blob(file, length=stream.size, overwrite=True, metadata=metadata)


async def _make_container(service: BlobServiceClient, name: str) -> None:
    with suppress(_errors().ResourceExistsError):
        await service.create_container(name)


async def _make_blob(service: BlobServiceClient, path: BlobPath) -> None:
    """Make an empty blob; one that is there stays."""
    with suppress(_errors().ResourceExistsError):
        await service.get_blob_client(path.container, path.blob).upload_blob(b"")


def _lease(service: BlobServiceClient, path: BlobPath, lease_id: str) -> BlobLeaseClient:
    from azure.storage.blob.aio import BlobLeaseClient

    return BlobLeaseClient(service.get_blob_client(path.container, path.blob), lease_id)


async def _is_taken(lease: BlobLeaseClient, duration_s: int) -> bool:
    """Take a lease, or the same one anew; False when there is another."""
    try:
        await lease.acquire(lease_duration=duration_s)
    except _errors().HttpResponseError as error:
        if error.status_code != HTTPStatus.CONFLICT:
            raise
        return False
    return True


def _errors() -> Any:
    import azure.core.exceptions

    return azure.core.exceptions


def _only(etag: str) -> dict[str, Any]:
    """Options that ask for one version of a blob; for any one when no ETag is given."""
    if not etag:
        return {}
    from azure.core import MatchConditions

    return {"etag": etag, "match_condition": MatchConditions.IfNotModified}


@contextmanager
def _told(what: object) -> Iterator[None]:
    """Turn what the client raises into one sentence."""
    from azure.core.exceptions import AzureError, HttpResponseError

    try:
        yield
    except HttpResponseError as error:
        code = getattr(error, "error_code", None)
        reason = f"{error.status_code} {getattr(code, 'value', code) or error.reason}"
        raise StorageUnavailable(f"The storage account refuses '{what}': {reason}.") from None
    except (AzureError, ValueError, RuntimeError) as error:  # aiohttp's for a closed session
        reason = str(error).splitlines()[0][:300]
        raise StorageUnavailable(
            f"The storage account of '{what}' cannot be reached: {reason}",
            hint="Is it running? `chatkit local up` starts the local one.",
        ) from None


def _described(properties: BlobProperties) -> dict[str, Any]:
    """A blob's properties with the names that the extension's JSON has."""
    settings = properties.content_settings
    return {
        "LastModified": properties.last_modified.isoformat(),
        "CreatedOn": properties.creation_time.isoformat(),
        "Metadata": dict(properties.metadata),
        "BlobType": ("BlockBlob", "PageBlob", "AppendBlob").index(str(properties.blob_type.value)),
        "ContentLength": properties.size,
        "ContentType": settings.content_type,
        "ContentEncoding": settings.content_encoding,
        "ContentLanguage": settings.content_language,
        "ContentDisposition": settings.content_disposition,
        "CacheControl": settings.cache_control,
        "ETag": properties.etag,
        "AccessTier": properties.blob_tier,
    }
