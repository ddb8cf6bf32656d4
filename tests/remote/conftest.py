"""A Jupyter server on another host, as a browser there sees it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from chatkit.core.ports import any_free
from tests.chromium import launched
from tests.lab.running_lab import running

HOST, PREFIX, TOKEN = "hub.example", "/user/alice/", "only-for-this-test"
# A name that means this machine to the browser of the test and to nobody else, as a JupyterHub's
# name does to its proxy.
ELSEWHERE = f"--host-resolver-rules=MAP {HOST} 127.0.0.1"


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """A Chromium that knows the host's name."""
    with launched(ELSEWHERE, path=chromium) as browser:
        yield browser


@pytest.fixture(scope="module")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Jupyter server below a prefix, with jupyter-server-proxy and a token; its address on the
    other host.
    """
    folder = tmp_path_factory.mktemp("jupyter")
    options = {
        "ServerApp.base_url": PREFIX,
        "ServerApp.port": any_free(),
        "ServerApp.root_dir": folder,
        "ServerApp.allow_remote_access": True,
        "IdentityProvider.token": TOKEN,
    }
    given = [f"--{name}={value}" for name, value in options.items()]
    with running(["jupyter_server", "--no-browser", "--allow-root", *given], folder):
        yield f"http://{HOST}:{options['ServerApp.port']}{PREFIX}"
