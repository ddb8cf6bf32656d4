"""Under which names the local cloud's ports answer: its own, and those along which browsers
elsewhere come.
"""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from chatkit.localcloud.core.web import host_name, loopback_only, requested_host


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
    app = web.Application(middlewares=[loopback_only])
    app.router.add_get("/", name_of)
    async with TestClient(TestServer(app)) as client:
        answer = await client.get("/", headers={"Host": host})
        assert (answer.status, await answer.text()) == expected


def test_tokens_for_localhost_are_good_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their audience names localhost, whatever the browser called the host."""
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/alice/")
    assert requested_host("hub.example:8000") == "localhost"
