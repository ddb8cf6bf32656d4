"""The page's `config.json`: all that differs between a page served here and the deployed one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NotRequired, TypedDict
from urllib.parse import urlsplit

from chatkit.core.files import write_private
from chatkit.core.public_urls import LOOPBACK, proxy_url, public_url
from chatkit.core.reading import texts

FILE = "config.json"


class PageConfig(TypedDict):
    """What the page reads at its start."""

    apiBaseUrl: str
    signIn: NotRequired[str]
    way: NotRequired[str]


def write(folder: Path, api_base_url: str, *, sign_in: str = "") -> Path:
    """Write the file, readable for everybody: it holds nothing secret.

    Args:
        folder: The page.
        api_base_url: Which functions it calls.
        sign_in: Alias of the identity provider people sign in with, for example "aad"; empty for
            a chat without sign-in.
    """
    path = folder / FILE
    config = content(api_base_url, sign_in)
    if public_url(api_base_url) != api_base_url:
        # The page reaches the functions, and where they send it, by this URL.
        config["way"] = proxy_url()
    write_private(path, json.dumps(config, indent=2) + "\n")
    path.chmod(0o644)
    return path


def content(api_base_url: str, sign_in: str = "") -> PageConfig:
    """What a page needs whose browser reaches the functions at their own address."""
    if sign_in:
        return {"apiBaseUrl": api_base_url, "signIn": sign_in}
    return {"apiBaseUrl": api_base_url}


def follow(folder: Path, api_base_url: str, *, deployed: str | None, sign_in: str = "") -> None:
    """Let a page that calls functions run on this machine call those at another address here, and
    let people sign in when they can.

    A page that calls the deployed functions stays as it is, although in a local cloud they are on
    this machine, too; so does one that calls any others.
    """
    before = read(folder)
    if before == deployed or urlsplit(before).hostname not in LOOPBACK:
        return
    if before != api_base_url or _text(folder, "signIn") != sign_in:
        write(folder, api_base_url, sign_in=sign_in)


def read(folder: Path) -> str:
    """The API address the page calls, empty when there is no readable config."""
    return _text(folder, "apiBaseUrl")


def _text(folder: Path, name: str) -> str:
    try:
        return str(json.loads(texts.read(folder / FILE)).get(name, ""))
    except (OSError, ValueError, AttributeError):
        return ""
