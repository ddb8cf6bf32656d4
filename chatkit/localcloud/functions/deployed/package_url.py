"""WEBSITE_RUN_FROM_PACKAGE with an address: the package that an app on the Consumption plan runs.

Follows Microsoft's page "Run your functions from a package file in Azure", section "Using
WEBSITE_RUN_FROM_PACKAGE = URL". az writes the setting when it deploys without a remote build.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from pathlib import Path

import aiohttp

from chatkit.core.files import new_file, write_all
from chatkit.core.tls import trusting
from chatkit.localcloud.functions.host.errors import PackageRejected

SETTING = "WEBSITE_RUN_FROM_PACKAGE"
# In the words of Kudu.
NO_OTHER_DEPLOYMENT = (
    "Run-From-Zip is set to a remote URL using WEBSITE_RUN_FROM_PACKAGE or WEBSITE_USE_ZIP app"
    " setting. Deployment is not supported in this configuration."
)
HINT = (
    f"The app setting {SETTING} names it. Is the blob there, and has the address a shared access"
    " signature that has not expired?"
)
TIMEOUT = aiohttp.ClientTimeout(total=None, connect=5, sock_read=60)
PIECE_BYTES = 1 << 20
MAX_BYTES = 500_000_000


def package_url(settings: Mapping[str, str]) -> str:
    """The address in an app's settings; empty without one ("1" means a deployed package)."""
    value = settings.get(SETTING, "").strip()
    return value if value.lower().startswith(("https://", "http://")) else ""


def fingerprint(url: str) -> str:
    """What is kept of an address, which has a secret in it."""
    return hashlib.sha256(url.encode()).hexdigest() if url else ""


def shown(url: str) -> str:
    """An address without its signature."""
    return url.partition("?")[0]


async def download(url: str, path: Path, ca_bundle: Path) -> None:
    """Write the package to a file.

    Args:
        url: Its address.
        path: Of the new file.
        ca_bundle: Certificate authorities to trust.

    Raises:
        PackageRejected: It does not come.
    """
    trust = await asyncio.to_thread(trusting, ca_bundle)
    connector = aiohttp.TCPConnector(ssl=trust)
    try:
        async with (
            aiohttp.ClientSession(connector=connector, timeout=TIMEOUT) as http,
            http.get(url) as answer,
        ):
            await _write(answer, url, path)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        why = f"{type(error).__name__}: {error}".replace(url, shown(url))
        raise PackageRejected(
            f"The package at {shown(url)} cannot be fetched: {why}.", hint=HINT
        ) from None


async def _write(answer: aiohttp.ClientResponse, url: str, path: Path) -> None:
    if answer.status != 200:
        why = answer.headers.get("x-ms-error-code", answer.reason)
        raise PackageRejected(
            f"The package at {shown(url)} cannot be fetched: {answer.status} {why}.", hint=HINT
        )
    size = 0
    with new_file(path) as file:
        async for piece in answer.content.iter_chunked(PIECE_BYTES):
            size += len(piece)
            if size > MAX_BYTES:
                raise PackageRejected(
                    f"The package at {shown(url)} is larger than {MAX_BYTES:,} bytes."
                )
            write_all(file, piece)
