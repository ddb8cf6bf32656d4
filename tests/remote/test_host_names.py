"""Under which names the local cloud's ports answer: its own, and those along which browsers
elsewhere come.
"""

from __future__ import annotations

import aiohttp
import pytest
from aiohttp import web

from chatkit.core.host_names import answers_to, requested_host
from chatkit.localcloud.core.runners import HttpServer
from chatkit.localcloud.core.web import host_name
from tests.attacks import pages
from tests.localcloud.memory_transport import MemoryNetwork


async def name_of(request: web.Request) -> web.Response:
    """Answer the name that the request counts for."""
    return web.Response(text=host_name(request))


@pytest.mark.parametrize(
    ("way", "host", "expected"),
    [
        ("", "localhost:8888", (200, "localhost")),
        ("", "127.0.0.1:8888", (200, "127.0.0.1")),
        ("", "hub.example", (421, "This server answers on localhost only.\n")),
        ("/user/alice/proxy/{port}/", "hub.example", (200, "localhost")),
        ("https://hub.example/proxy/{port}/", "hub.example:443", (200, "localhost")),
        (
            "https://hub.example/proxy/{port}/",
            "stranger.example",
            (421, "This server answers on localhost only.\n"),
        ),
    ],
)
async def test_other_names_are_refused_unless_they_are_on_the_way(
    monkeypatch: pytest.MonkeyPatch, way: str, host: str, expected: tuple[int, str]
) -> None:
    """A page elsewhere must not reach a person's machine by DNS rebinding; a proxy in front of it
    must.
    """
    monkeypatch.setenv("CHATKIT_PUBLIC_URL", way)
    app = web.Application()
    app.router.add_get("/", name_of)
    network = MemoryNetwork()
    listener = await network.listen(HttpServer(app), port=1, wanted_for="a test")
    async with (
        aiohttp.ClientSession(connector=network.connector()) as http,
        http.get("http://localhost:1/", headers={"Host": host}) as answer,
    ):
        assert (answer.status, await answer.text()) == expected
    await listener.close()


@pytest.mark.parametrize("name", pages.FOREIGN_HOSTS)
def test_a_name_that_is_not_this_machines_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Nor is it on the way of a proxy that has a name of its own."""
    assert not answers_to(pages.FOREIGN_HOSTS[name])
    monkeypatch.setenv("CHATKIT_PUBLIC_URL", "https://alice-{port}.preview.example/")
    assert not answers_to(pages.FOREIGN_HOSTS[name])


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("alice-7071.preview.example", True),
        ("ALICE-7071.PREVIEW.EXAMPLE:443", True),
        ("alice-.preview.example", False),
        ("alice-7071.evil.preview.example", False),
        ("alice-evil.preview.example", False),
        ("alice-7071.previewxexample", False),
        ("alice-7071.preview.example.evil.example", False),
    ],
)
def test_a_port_in_a_proxys_name_is_a_number(
    monkeypatch: pytest.MonkeyPatch, host: str, expected: bool
) -> None:
    """Codespaces have such names, and others have codespaces there."""
    monkeypatch.setenv("CHATKIT_PUBLIC_URL", "https://alice-{port}.preview.example/")
    assert answers_to(host) == expected


def test_tokens_for_localhost_are_good_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their audience names localhost, whatever the browser called the host."""
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/alice/")
    assert requested_host("hub.example:8000") == "localhost"
