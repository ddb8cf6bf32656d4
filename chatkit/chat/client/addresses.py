"""Addresses of the SignalR connect sequence, from Microsoft's TransportProtocols.md."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit


def with_query(url: str, pair: str) -> str:
    """Add `name=value` to an address."""
    mark = "&" if "?" in url else "?"
    return f"{url}{mark}{pair}"


def negotiate_address(url: str) -> str:
    """The negotiate address of a hub.

    `http://x/client/?hub=chat` becomes `http://x/client/negotiate?hub=chat`.
    """
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/negotiate"))


def websocket_address(negotiated: str, answer: dict[str, Any]) -> str:
    """The address to open the WebSocket at, once a negotiate answer has named the connection."""
    parts = urlsplit(negotiated)
    hub = urlunsplit(parts._replace(path=parts.path.removesuffix("negotiate")))
    token = str(answer.get("connectionToken") or answer.get("connectionId") or "")
    if not token:
        return hub
    return with_query(hub, f"id={quote(token, safe='')}")


def is_loopback(url: str) -> bool:
    """Say whether an address is on this machine; a web proxy must not see requests to it."""
    return urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1")
