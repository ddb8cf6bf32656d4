"""An app in another language behind the sign-in: Node, with nothing but its own modules."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from chatkit.core.ports import any_free
from tests.localcloud.easy_auth.deployed_stack import Browser
from tests.localcloud.easy_auth.proxy.front_stack import Cloud
from tests.localcloud.easy_auth.proxy.test_local_app import sign_in
from tests.tools import TESTS, Tools

pytestmark = pytest.mark.asyncio(loop_scope="module")


@contextmanager
def node_app(node: str, port: int) -> Iterator[None]:
    """The app, from the line that says it listens."""
    command = [node, str(TESTS / "node" / "local-app.mjs"), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "listening\n"
            yield
        finally:
            process.kill()


async def test_a_node_app_knows_who_asks(cloud: Cloud, browser: Browser, tools: Tools) -> None:
    """In answers, streams and WebSockets; when it ends and starts again, too."""
    node = tools.program("node")
    port = any_free()
    async with cloud.front(port) as front:
        for user in ("alice", "bob"):
            status, _, _ = await browser.ask("GET", f"{front.url}/x")
            assert status == 502
            with node_app(node, port):
                await sign_in(browser, front, user)
                content = io.BytesIO(b"x" * 200_000)
                async with browser.http.post(f"{front.url}/x", data=content) as answer:
                    known = await answer.json()
                assert (known["name"].partition("@")[0], known["size"]) == (user, 200_000)
                async with browser.http.get(f"{front.url}/events") as events:
                    first = await events.content.readany()
                assert first.startswith(f"data: {user}@".encode())
                async with browser.http.ws_connect(f"{front.url}/live") as live:
                    assert (await live.receive_str()).startswith(f"{user}@")
