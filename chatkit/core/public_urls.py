"""What a browser on another machine opens to reach a server on this one: the URL of a proxy.

Follows jupyter-server-proxy's page "Accessing Arbitrary Ports or Hosts from the Browser", the
environment of JupyterHub's single-user servers, and GitHub's page "Default environment variables
for your codespace".
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from chatkit.core.errors import SetupError

PORT = "{port}"
PORT_DIGITS = 5
SETTING = "CHATKIT_PUBLIC_URL"
VARIABLES = (
    SETTING,
    "JUPYTERHUB_PUBLIC_URL",
    "JUPYTERHUB_SERVICE_PREFIX",
    "CODESPACE_NAME",
    "GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN",
)
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def proxy_url(environment: Mapping[str, str] | None = None) -> str:
    """The address of a port of this machine as a browser elsewhere sees it.

    It is empty when browsers run on this machine. `{port}` stands for the port's number. A URL that
    begins with "/" is on the host that the browser shows: most JupyterHubs tell their
    servers nothing but their path.

    Raises:
        SetupError: CHATKIT_PUBLIC_URL is no such address.
    """
    known = os.environ if environment is None else environment
    wanted, public, prefix, codespace, domain = (known.get(name) for name in VARIABLES)
    if wanted:
        return _checked(wanted)
    if prefix:
        return f"{(public or prefix).rstrip('/')}/proxy/{PORT}/"
    if codespace and domain:
        return f"https://{codespace}-{PORT}.{domain}/"
    return ""


def public_url(url: str, environment: Mapping[str, str] | None = None) -> str:
    """What a browser opens for an address.

    For a plain http server of this machine that is its URL at the proxy, else the address itself.
    """
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname not in LOOPBACK or not parts.port:
        return url
    proxied = proxy_url(environment)
    if not proxied:
        return url
    return proxied.replace(PORT, str(parts.port)).rstrip("/") + below_host(parts)


def below_host(parts: SplitResult) -> str:
    """What stands behind the host of an address: path, query and fragment, letter by letter.

    `geturl()` puts two more slashes before a path that begins with two, since Python 3.12.4.
    """
    text = parts.path or "/"
    if parts.query:
        text += f"?{parts.query}"
    if parts.fragment:
        text += f"#{parts.fragment}"
    return text


def origins(url: str, environment: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """What browsers may send as the origin of a page, its own address first.

    A proxy URL without a host has no origin of its own: page and functions have the same there, and
    no browser asks.
    """
    addresses = (urlsplit(url), urlsplit(public_url(url, environment)))
    named = [f"{parts.scheme}://{parts.netloc}" for parts in addresses if parts.netloc]
    return tuple(dict.fromkeys(named))


def is_proxied_host(host: str, environment: Mapping[str, str] | None = None) -> bool:
    """Whether requests for a host name, without its port, come to this machine by the proxy.

    A proxy URL without a host takes any.
    """
    proxied = proxy_url(environment)
    if not proxied:
        return False
    name = urlsplit(proxied).hostname
    if name is None:
        return True
    before, _, after = name.partition(PORT)
    if PORT not in name:
        return host.lower() == name
    number = host.lower().removeprefix(before).removesuffix(after)
    is_port = number.isascii() and number.isdecimal() and len(number) <= PORT_DIGITS
    return is_port and host.lower() == f"{before}{number}{after}"


def _checked(text: str) -> str:
    good = (
        text.startswith(("http://", "https://", "/"))
        and not text.startswith("//")
        and text.count(PORT) == 1
    )
    if not good:
        raise SetupError(
            f"{SETTING} is no address with one {PORT} in it.",
            hint=f"For example https://jupyter.example.com/user/alice/proxy/{PORT}/,"
            " or only the path of it.",
        )
    return text
