"""Which address a browser elsewhere has to open, for each kind of place where a kernel runs."""

from __future__ import annotations

import pytest

from chatkit.core.errors import SetupError
from chatkit.core.public_urls import is_proxied_host, origins, proxy_url, public_url

PAGE = "http://127.0.0.1:5500"
HUB = {"JUPYTERHUB_SERVICE_PREFIX": "/user/alice/"}
NAMED_HUB = {**HUB, "JUPYTERHUB_PUBLIC_URL": "https://hub.example/user/alice/"}
CODESPACE = {
    "CODESPACE_NAME": "funny-fish",
    "GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN": "app.github.dev",
}
WRONG = (
    "me.example",
    "https://me.example/",
    "//me.example/{port}",
    "javascript:{port}",
    "/{port}/{port}",
)
CHOSEN = {"CHATKIT_PUBLIC_URL": "https://me.example/jupyter/proxy/{port}/"}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, PAGE),
        (HUB, "/user/alice/proxy/5500/"),
        (NAMED_HUB, "https://hub.example/user/alice/proxy/5500/"),
        (CODESPACE, "https://funny-fish-5500.app.github.dev/"),
        ({**CODESPACE, **HUB}, "/user/alice/proxy/5500/"),
        ({**CODESPACE, **NAMED_HUB, **CHOSEN}, "https://me.example/jupyter/proxy/5500/"),
        ({"CODESPACE_NAME": "funny-fish"}, PAGE),
    ],
)
def test_the_nearest_word_wins(environment: dict[str, str], expected: str) -> None:
    """What a person chose, then JupyterHub, then Codespaces, then the address itself."""
    assert public_url(PAGE, environment) == expected


@pytest.mark.parametrize(
    "url",
    [
        "https://localhost:8443/",
        "https://chatkit.z20.web.core.windows.net/",
        "http://localhost/",
        "alice",
        "",
    ],
)
def test_what_is_no_plain_server_of_this_machine_stays(url: str) -> None:
    """Azure's addresses, the local cloud's TLS, texts that are no address."""
    assert public_url(url, HUB) == url


def test_path_and_query_go_along() -> None:
    """Everything behind the port stays as it is."""
    assert (
        public_url("http://localhost:8888/client/?hub=chat#top", HUB)
        == "/user/alice/proxy/8888/client/?hub=chat#top"
    )


def test_a_page_has_an_origin_for_each_way_that_names_a_host() -> None:
    """The page's own address comes first; a way through the same Jupyter needs none."""
    assert origins(f"{PAGE}/", {}) == origins(PAGE, HUB) == (PAGE,)
    assert origins(PAGE, CODESPACE) == (PAGE, "https://funny-fish-5500.app.github.dev")


@pytest.mark.parametrize(
    ("host", "environment", "expected"),
    [
        ("stranger.example", {}, False),
        ("stranger.example", CHOSEN, False),
        ("me.example", CHOSEN, True),
        ("ME.example", CHOSEN, True),
        ("funny-fish-5500.app.github.dev", CODESPACE, True),
        ("other-fish-5500.app.github.dev", CODESPACE, False),
        ("hub.example", NAMED_HUB, True),
        ("any.example", HUB, True),
    ],
)
def test_only_hosts_on_the_way_are_taken(
    host: str, environment: dict[str, str], expected: bool
) -> None:
    """On a person's own machine there is no way, and other names stay refused."""
    assert is_proxied_host(host, environment) is expected


@pytest.mark.parametrize("text", WRONG)
def test_a_setting_that_is_no_way_is_refused(text: str) -> None:
    """With an example of one that is."""
    with pytest.raises(SetupError, match="CHATKIT_PUBLIC_URL") as refused:
        proxy_url({"CHATKIT_PUBLIC_URL": text})
    assert "{port}" in str(refused.value.hint)
