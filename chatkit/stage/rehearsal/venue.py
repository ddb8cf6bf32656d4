"""Where a rehearsal is played: the page that the phones of a room open, and what belongs to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import aiohttp

from chatkit.core import strict_json
from chatkit.core.errors import NotStarted, SetupError

# What the kit's page loads: scripts, styles and icons that it names, and modules of modules.
NAMED = re.compile(r"""(?:src|href)="([^"#?]+)"|(?:from|import)\s*["'](\.[^"']+)["']""")
MOST_FILES = 200
MOST_SOCKETS = 6  # of a browser to one server
IDLE_S = 5.0
SIGN_IN = "People sign in at this chat, and a rehearsal has no accounts."
WITHOUT = "Rehearse before section 09 adds sign-in; or with the local cloud, where guests join."


def tcp() -> aiohttp.BaseConnector:
    """The connections of one phone."""
    return aiohttp.TCPConnector(limit=MOST_SOCKETS, keepalive_timeout=IDLE_S)


@dataclass(frozen=True)
class Venue:
    """One chat, as phones find it.

    Attributes:
        page_url: Of the page.
        api_url: Of the functions, without /api.
        guest_url: Where a phone says who it is; empty where it does not.
        files: Addresses of all that a phone loads.
        page_bytes: How much that is.
        cookie: Name of the cookie by which a phone is known.
        cookies: One for each phone; empty where phones have none.
        connector: Makes the connections of one phone.
    """

    page_url: str
    api_url: str
    guest_url: str
    files: tuple[str, ...]
    page_bytes: int
    cookie: str = "chatkit-guest"
    cookies: tuple[str, ...] = ()
    connector: Callable[[], aiohttp.BaseConnector] = tcp


async def look(http: aiohttp.ClientSession, page_url: str, cookies: tuple[str, ...] = ()) -> Venue:
    """Read the page as a browser does.

    Raises:
        NotStarted: It does not answer.
        SetupError: It is no page of a chat that everybody can use, or not now.
    """
    try:
        config = strict_json.loads(await _read(http, urljoin(page_url, "config.json")))
        files = await _files(http, page_url)
    except aiohttp.ClientResponseError as refused:
        where = str(refused.request_info.url)
        raise SetupError(f"{where} answers with status {refused.status}.") from refused
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise NotStarted(f"{page_url} does not answer.") from error
    except ValueError:
        config = None
    if not isinstance(config, dict) or not isinstance(config.get("apiBaseUrl"), str):
        raise SetupError(f"{page_url} is not the page of a chat.")
    if config.get("signIn"):
        raise SetupError(SIGN_IN, hint=WITHOUT)
    api_url = urljoin(page_url, config["apiBaseUrl"]).rstrip("/")
    guest = str(config.get("guest") or "")
    guest_url = urljoin(page_url, guest) if guest else ""
    size = sum(files.values())
    return Venue(page_url, api_url, guest_url, tuple(files), size, cookies=cookies)


async def _files(http: aiohttp.ClientSession, page_url: str) -> dict[str, int]:
    """All that a browser loads from the page's own server, with sizes in bytes."""
    sizes: dict[str, int] = {}
    waiting = [page_url]
    while waiting and len(sizes) < MOST_FILES:
        url = waiting.pop()
        if url in sizes:
            continue
        content = await _read(http, url)
        sizes[url] = len(content)
        if url == page_url or (url.endswith(".js") and "/vendor/" not in url):
            waiting += _named(content.decode(errors="replace"), url)
    return sizes


def _named(text: str, url: str) -> Iterator[str]:
    for found in NAMED.finditer(text):
        named = urljoin(url, found[1] or found[2])
        if urlsplit(named)[:2] == urlsplit(url)[:2]:
            yield named


async def _read(http: aiohttp.ClientSession, url: str) -> bytes:
    async with http.get(url) as answer:
        answer.raise_for_status()
        return await answer.read()
