"""Documents that a deployment names by a link: blobs of this local cloud, and template specs.

Azure fetches any address on the internet. The local cloud does not: whoever may deploy could send
it to addresses that only this machine reaches (server-side request forgery). An address is compared
with those of its own storage accounts and is never opened itself: what is opened is built from the
account's endpoint, and who asks needs a signature (SAS) there, or a public container, as anybody.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import uuid
from urllib.parse import SplitResult, urlsplit

import aiohttp
from yarl import URL

from chatkit.localcloud.resource_manager.core.context import Context
from chatkit.localcloud.resource_manager.core.errors import ArmError
from chatkit.localcloud.resource_manager.core.http import Call
from chatkit.localcloud.resource_manager.core.type_names import STORAGE
from chatkit.localcloud.resource_manager.gateway.dispatch import Dispatch
from chatkit.localcloud.resource_manager.templates.reading.links import Link, invalid_link

SPEC_API_VERSION = "2022-02-01"
TIMEOUT = aiohttp.ClientTimeout(total=30)
MAX_BYTES = 4 * 1024 * 1024  # Azure's limit of a template
PIECE_BYTES = 64 * 1024
POSSIBLE = (
    "The local cloud takes templates and parameters from blobs of its own storage accounts (with a"
    " SAS, or in a public container) and from template specs, and opens no other address."
)


class Fetching:
    """Fetches what links lead to."""

    def __init__(self, context: Context, dispatch: Dispatch) -> None:
        self._context = context
        self._dispatch = dispatch

    async def content(self, link: Link, call: Call) -> bytes:
        """The document of a link.

        Args:
            link: Where it is.
            call: Who asks: a template spec is read with their rights.

        Raises:
            ArmError: It cannot be had.
        """
        if link.id:
            return await self._of_spec(link, call)
        return await self._blob(link)

    async def _of_spec(self, link: Link, call: Call) -> bytes:
        url = f"{link.id}?api-version={SPEC_API_VERSION}"
        properties = (await self._dispatch.send("GET", url, call)).body["properties"]
        if not link.relative_path:
            return _text(properties["mainTemplate"])
        for one in properties.get("linkedTemplates") or []:
            if _same_path(one["path"], link.relative_path):
                return _text(one["template"])
        listed = ", ".join(one["path"] for one in properties.get("linkedTemplates") or [])
        raise invalid_link(
            f"The template spec '{link.id}' has no linked template at the relative path"
            f" '{link.relative_path}': it has {listed or 'none'}."
        )

    async def _blob(self, link: Link) -> bytes:
        url = self._own(link)
        trust = await asyncio.to_thread(
            ssl.create_default_context, cafile=str(self._context.platform.certificates.ca_file)
        )
        connector = aiohttp.TCPConnector(ssl=trust)
        try:
            async with (
                aiohttp.ClientSession(connector=connector, timeout=TIMEOUT) as http,
                http.get(url, allow_redirects=False) as answer,
            ):
                if answer.status != 200:
                    code = answer.headers.get("x-ms-error-code", answer.reason)
                    raise _unable(link, f"The storage account answers {answer.status} {code}.")
                return await _read(answer, link)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _unable(link, f"It could not be read: {type(error).__name__}.") from None

    def _own(self, link: Link) -> URL:
        """The address of a blob of an account of this cloud, built from the account's endpoint."""
        try:
            parts = urlsplit(link.uri)
            port = parts.port
        except ValueError:
            raise _not_absolute(link) from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise _not_absolute(link)
        query = "&".join(one for one in (parts.query, link.query) if one)
        for document in self._context.resources.all(type_=STORAGE):
            endpoint = self._context.planes.storage.blob_endpoint(document["name"])
            path = _path_in(parts, port, document["name"], endpoint)
            if path:
                return URL(f"{endpoint}{path}?{query}", encoded=True)
        raise _unable(link, POSSIBLE)


def _path_in(parts: SplitResult, port: int | None, account: str, endpoint: str) -> str:
    """The path of a blob within an account, from its beginning; empty for another place."""
    own = urlsplit(endpoint)
    if parts.scheme != own.scheme or port != own.port:
        return ""
    if parts.hostname == f"{account}.blob.core.localhost":
        return parts.path
    if parts.hostname == own.hostname and parts.path.startswith(own.path + "/"):
        return parts.path.removeprefix(own.path)
    return ""


async def _read(answer: aiohttp.ClientResponse, link: Link) -> bytes:
    found = bytearray()
    async for piece in answer.content.iter_chunked(PIECE_BYTES):
        found += piece
        if len(found) > MAX_BYTES:
            raise _unable(link, f"It has more than {MAX_BYTES:,} bytes.")
    return bytes(found)


def _text(template: object) -> bytes:
    """A template of a spec as a text with lines, for the places in refusals."""
    return json.dumps(template, indent=2, ensure_ascii=False).encode()


def _same_path(one: str, other: str) -> bool:
    return one.replace("\\", "/").strip("/") == other.replace("\\", "/").strip("/")


def _unable(link: Link, sentence: str) -> ArmError:
    return invalid_link(
        f"Unable to download deployment content from '{link.public_uri}'. The tracking Id is"
        f" '{uuid.uuid4()}'. Please see https://aka.ms/arm-deploy for usage details. {sentence}"
    )


def _not_absolute(link: Link) -> ArmError:
    return invalid_link(
        f"The provided content link '{link.public_uri}' is invalid or not supported. Content link"
        f" must be an absolute URI. {POSSIBLE}"
    )
