"""How the browser of a request sees the servers of this machine: directly, or through a proxy.

Behind jupyter-server-proxy the server at port 3001 is `/user/alice/proxy/3001/` of another host.
OAuth, tokens and settings name it `http://localhost:3001` all the same. Only what a browser follows
(a Location, a form's target, a cookie's path) is translated, at the edge.

Follows jupyter-server-proxy's page "Accessing Arbitrary Ports or Hosts from the Browser" for
X-Forwarded-Context.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from aiohttp import web

from chatkit.core.host_names import LOOPBACK_HOSTS, without_port
from chatkit.core.public_urls import (
    LOOPBACK,
    PORT,
    PORT_DIGITS,
    below_host,
    is_proxied_host,
    proxy_url,
)
from chatkit.localcloud.core.web import parts_of

# The path under which a proxy serves one of our ports; programs send anything.
CONTEXT = re.compile(r"(?:/[A-Za-z0-9._~@%+=,:-]+)+")


@dataclass(frozen=True)
class BrowserView:
    """The addresses of this machine as one browser sees them.

    Attributes:
        port: Port of the server that was asked.
        host: Host and port in the browser's address bar.
        proxy: Address of a port at the proxy, with `{port}` in it; empty without a proxy.
    """

    port: int
    host: str
    proxy: str = ""

    @classmethod
    def of(cls, request: web.BaseRequest, port: int) -> BrowserView:
        """What the browser of a request sees.

        Args:
            request: What was sent. A page cannot set the headers that proxies add; a program that
                sets them misleads nobody but itself: the path stays on its host.
            port: The port that this server has.
        """
        host: str = request.headers.get("Host", "")
        outer: str = request.headers.get("X-Forwarded-Host", "")
        if outer and is_proxied_host(without_port(outer)):
            host = outer
        proxy = _told(request, port)
        if not proxy and host.lower() not in _own_hosts(port):
            proxy = proxy_url().rstrip("/")
        return cls(port, host, proxy)

    @property
    def is_proxied(self) -> bool:
        """Whether a proxy stands between."""
        return bool(self.proxy)

    @property
    def prefix(self) -> str:
        """The path of the server's root without its slash: empty unless a proxy adds one."""
        return urlsplit(self.proxy.replace(PORT, str(self.port))).path.rstrip("/")

    @property
    def cookie_path(self) -> str:
        """Where cookies of this server go: not to the other servers of the proxy's host."""
        return self.prefix or "/"

    def shown(self, url: str) -> str:
        """What the browser opens for an address of this machine, or for a path of this server."""
        if not self.proxy:
            return url
        if url.startswith("/"):
            return self._at_proxy(self.port) + url
        parts = parts_of(url)
        if parts is None or parts.scheme != "http" or parts.hostname not in LOOPBACK:
            return url
        return self._at_proxy(parts.port or 80) + below_host(parts)

    def meant(self, url: str) -> list[str]:
        """The addresses of this machine that a browser's address stands for; itself if for none."""
        if not self.proxy:
            return [url]
        parts = parts_of(url)
        if parts is None or not self._is_on_proxy(parts.scheme, parts.netloc):
            return [url]
        found = self._port_and_rest(parts)
        if found is None:
            return [url]
        port, path = found
        rest = below_host(parts._replace(path=path))
        if port == self.port:
            return [rest]
        return [f"http://{host}:{port}{rest}" for host in ("127.0.0.1", "localhost")]

    def _port_and_rest(self, parts: SplitResult) -> tuple[int, str] | None:
        """Which port a browser's address is for, and the path there; None for neither."""
        before, _, after = self.proxy.partition(PORT)
        text = parts.path
        if parts.netloc and not self.proxy.startswith("/"):
            text = f"{parts.scheme}://{parts.netloc}{parts.path}"
        elif not self.proxy.startswith("/"):
            return None
        if not text.startswith(before):
            return None
        text = text.removeprefix(before)
        digits = text[: len(text) - len(text.lstrip("0123456789"))]
        path = text.removeprefix(digits).removeprefix(after.rstrip("/"))
        is_port = 0 < len(digits) <= PORT_DIGITS and text.startswith(digits + after.rstrip("/"))
        if not is_port or path[:1] not in ("", "/"):
            return None
        return int(digits), path

    def _is_on_proxy(self, scheme: str, netloc: str) -> bool:
        if not scheme and not netloc:
            return True
        known = urlsplit(self.proxy.replace(PORT, str(self.port)))
        if known.netloc:
            return scheme == known.scheme and is_proxied_host(without_port(netloc))
        return scheme in ("http", "https") and netloc.lower() == self.host.lower()

    def _at_proxy(self, port: int) -> str:
        address = self.proxy.replace(PORT, str(port))
        if address.startswith("/"):
            # A URL without scheme (RFC 3986 §4.2): only the browser knows whether it is https.
            # Newer versions of the proxy put their prefix before a plain path by themselves.
            return f"//{self.host}{address}"
        return address


def _told(request: web.BaseRequest, port: int) -> str:
    """The proxy's address of a port as the proxy itself says it; empty when it says nothing."""
    context = request.headers.get("X-Forwarded-Context", "").rstrip("/")
    before = context.removesuffix(str(port))
    if before == context or before[-1:].isdecimal() or not CONTEXT.fullmatch(context):
        return ""
    return before + PORT


def _own_hosts(port: int) -> set[str]:
    return {f"{name}:{port}" for name in LOOPBACK_HOSTS}
