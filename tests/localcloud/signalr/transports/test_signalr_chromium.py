"""Microsoft's client in a browser.

Cross-origin, tokens in the query, transports that Node does differently.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Page, async_playwright

from tests.chromium import ARGUMENTS
from tests.localcloud.signalr.harness import Running
from tests.tools import Tools

SCRIPTS = (
    "signalr/dist/browser/signalr.js",
    "signalr-protocol-msgpack/dist/browser/signalr-protocol-msgpack.js",
)
PAGE = '<meta charset="utf-8">' + "".join(
    f'<script src="/scripts/{script}"></script>' for script in SCRIPTS
)
CONNECT = """async ([url, token, transport, protocol]) => {
  const options = {
    transport: signalR.HttpTransportType[transport],
    accessTokenFactory: () => token,
  };
  let builder = new signalR.HubConnectionBuilder()
    .withUrl(url, options)
    .configureLogging(signalR.LogLevel.None);
  if (protocol === "messagepack") {
    builder = builder.withHubProtocol(new signalR.protocols.msgpack.MessagePackHubProtocol());
  }
  const connection = builder.build();
  const first = new Promise((resolve) => connection.on("newMessage", resolve));
  await connection.start();
  window.waiting = [...(window.waiting ?? []), first];
}"""


@pytest.fixture
async def page(chromium: str, tools: Tools, aiohttp_app: Callable[..., Any]) -> AsyncIterator[Page]:
    """A page of another origin than the service, with the client loaded."""
    scripts = tools.node_package("node", "@microsoft/signalr").parent

    async def index(request: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", index)
    app.router.add_static("/scripts", scripts)
    url = await aiohttp_app(app)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        opened = await browser.new_page()
        await opened.goto(url)
        yield opened
        await browser.close()


async def test_a_browser_connects_by_every_transport(running: Running, page: Page) -> None:
    """Five connections from another origin, one broadcast, five messages."""
    pairs = [(transport, "json") for transport in ("WebSockets", "ServerSentEvents", "LongPolling")]
    pairs += [("WebSockets", "messagepack"), ("LongPolling", "messagepack")]
    for transport, protocol in pairs:
        await page.evaluate(
            CONNECT,
            [f"{running.url}/client/?hub=chat", running.token("alice"), transport, protocol],
        )
    await running.say("grüße")
    assert await asyncio.wait_for(page.evaluate("Promise.all(window.waiting)"), 10) == [
        "grüße"
    ] * len(pairs)


async def test_a_page_of_an_origin_that_is_not_allowed_cannot_connect(
    running: Running, page: Page
) -> None:
    """The browser itself refuses: the answers carry no permission."""
    await running.change(allowed_origins=("http://127.0.0.1:5500",))
    arguments = [f"{running.url}/client/?hub=chat", running.token("alice"), "LongPolling", "json"]
    failure = await page.evaluate(
        f"(arguments) => ({CONNECT})(arguments).then(() => 'connected', (error) => error.message)",
        arguments,
    )
    assert "Failed to complete negotiation" in failure and not running.instance.connections.all()
