"""Addresses of this machine as browsers see them: directly, through a JupyterHub, a codespace."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import make_mocked_request

from chatkit.localcloud.core.browser.browser_view import BrowserView

PORT = 3001
HUB = "hub.example:8443"
PREFIX = f"/user/alice/proxy/{PORT}"
CODESPACE = "https://funny-fish-{port}.app.github.dev/"
CHOSEN = "https://me.example/jupyter/proxy/{port}/"


def view(host: str, **headers: str) -> BrowserView:
    """What the browser of such a request sees."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return BrowserView.of(make_mocked_request("GET", "/", {"Host": host, **named}), PORT)


@pytest.fixture(params=["environment", "header"])
def hub(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> BrowserView:
    """Below a prefix that the environment tells, or jupyter-server-proxy alone."""
    if request.param == "header":
        return view(HUB, X_Forwarded_Context=PREFIX)
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/alice/")
    return view(HUB)


@pytest.mark.parametrize("host", [f"localhost:{PORT}", f"127.0.0.1:{PORT}", "localhost:9999"])
def test_without_a_proxy_nothing_changes(host: str) -> None:
    """A port that somebody forwards is no proxy."""
    seen = view(host)
    assert (seen.is_proxied, seen.prefix, seen.cookie_path) == (False, "", "/")
    for url in ("/x", "http://localhost:1/x", "https://a.example/"):
        assert (seen.shown(url), seen.meant(url)) == (url, [url])


def test_on_the_machine_itself_the_proxy_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs beside a kernel of a JupyterHub ask directly."""
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/alice/")
    assert not view(f"localhost:{PORT}").is_proxied


def test_below_a_prefix(hub: BrowserView) -> None:
    """Without a scheme: whether it is https only the browser knows."""
    assert (hub.prefix, hub.cookie_path) == (PREFIX, PREFIX)
    assert hub.shown("/x?y=1#z") == f"//{HUB}{PREFIX}/x?y=1#z"
    assert hub.shown("http://localhost:7000/a?b") == f"//{HUB}/user/alice/proxy/7000/a?b"
    assert hub.shown("http://127.0.0.1:7000") == f"//{HUB}/user/alice/proxy/7000/"
    for other in ("https://localhost:7000/", "https://a.example/x", "myapp://x"):
        assert hub.shown(other) == other


@pytest.mark.parametrize("scheme", ["http:", "https:"])
def test_what_a_browser_names_is_found_again(hub: BrowserView, scheme: str) -> None:
    """Under both names of this machine; of the server itself the path alone."""
    root = f"{scheme}//{HUB}/user/alice/proxy"
    assert hub.meant(f"{root}/{PORT}/x?y#z") == ["/x?y#z"]
    assert hub.meant(f"{root}/{PORT}") == ["/"]
    assert hub.meant(f"{PREFIX}/x") == ["/x"]
    both = ["http://127.0.0.1:5500/a?b", "http://localhost:5500/a?b"]
    assert hub.meant(f"{root}/5500/a?b") == both


@pytest.mark.parametrize(
    "url",
    [
        "/x",
        f"https://{HUB}/user/mallory/proxy/{PORT}/",
        f"https://{HUB}/user/alice/proxy/x/",
        f"https://{HUB}/user/alice/proxy/123456/",
        f"https://{HUB}/user/alice/proxy/5500x",
        f"https://{HUB}.evil.example{PREFIX}/",
        f"ftp://{HUB}{PREFIX}/",
        "https://[::1",
    ],
)
def test_what_is_not_the_proxys_stays(hub: BrowserView, url: str) -> None:
    """The caller decides whether it is allowed."""
    assert hub.meant(url) == [url]


def test_a_proxy_with_a_host_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that somebody chose, as the browser shows it."""
    monkeypatch.setenv("CHATKIT_PUBLIC_URL", CHOSEN)
    seen = view("me.example")
    assert seen.shown("/x") == f"https://me.example/jupyter/proxy/{PORT}/x"
    assert seen.meant(f"https://me.example/jupyter/proxy/{PORT}/x") == ["/x"]
    assert seen.meant("http://me.example/jupyter/proxy/1/x") == [
        "http://me.example/jupyter/proxy/1/x"
    ]


def test_a_codespace_has_a_host_for_each_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """No path is added there; the forwarding says the host, or keeps it."""
    monkeypatch.setenv("CODESPACE_NAME", "funny-fish")
    monkeypatch.setenv("GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN", "app.github.dev")
    mine = f"funny-fish-{PORT}.app.github.dev"
    for seen in (view(mine), view("localhost", X_Forwarded_Host=mine)):
        assert (seen.cookie_path, seen.shown("/x")) == ("/", f"https://{mine}/x")
        other = "https://funny-fish-5500.app.github.dev/a"
        assert seen.meant(other) == ["http://127.0.0.1:5500/a", "http://localhost:5500/a"]
