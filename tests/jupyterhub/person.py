"""Somebody who uses a hub as JupyterLab does: by its API, Jupyter's REST API, and WebSockets."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urljoin

import aiohttp

from tests.jupyterhub.hub import LIMIT_S, POLL_S, Hub

NOTEBOOKS = "chatkit/my-chat/notebooks"
CELL_LIMIT_S = 300.0
LINK = re.compile(r'href="([^"]+)"')
Outputs = list[dict[str, Any]]


class Person:
    """A person of a hub.

    Attributes:
        name: As the hub knows them.
    """

    def __init__(self, hub: Hub, name: str, http: aiohttp.ClientSession) -> None:
        self.name = name
        self._hub = hub
        self._http = http
        self._server = f"{hub.url}user/{name}/"

    async def start(self) -> None:
        """Start their server, and wait until it answers."""
        users = f"{self._hub.url}hub/api/users/{self.name}"
        async with self._http.post(users) as answer:
            assert answer.status in (201, 409), await answer.text()
        async with self._http.post(f"{users}/server") as answer:
            assert answer.status in (201, 202), await answer.text()
        async with asyncio.timeout(LIMIT_S):
            while not await self.has_server():
                await asyncio.sleep(POLL_S)

    async def stop(self) -> None:
        """Stop their server, and wait until the hub says that it is gone."""
        url = f"{self._hub.url}hub/api/users/{self.name}/server"
        async with self._http.delete(url) as answer:
            assert answer.status in (202, 204), await answer.text()
        async with asyncio.timeout(LIMIT_S):
            while await self.has_server():
                await asyncio.sleep(POLL_S)

    async def has_server(self) -> bool:
        """Whether the hub says that their server is ready."""
        async with self._http.get(f"{self._hub.url}hub/api/users/{self.name}") as answer:
            known = await answer.json()
        return any(server["ready"] for server in known["servers"].values())

    async def notebooks(self, until: str) -> list[str]:
        """The notebooks that lie in their home, from 00 to a section."""
        content = await self._get(f"api/contents/{NOTEBOOKS}")
        names = sorted(entry["name"] for entry in content["content"])
        return [name for name in names if name.endswith(".ipynb") and name[:2] <= until]

    async def run(self, notebook: str) -> dict[str, Outputs]:
        """Run every cell of a notebook, as "Run All Cells" does.

        Returns:
            What each cell has shown, by its source.
        """
        async with self.kernel(notebook) as kernel:
            return await self.run_cells(notebook, kernel)

    async def run_cells(
        self, notebook: str, kernel: aiohttp.ClientWebSocketResponse
    ) -> dict[str, Outputs]:
        """Run every cell of a notebook in its kernel."""
        content = (await self._get(f"api/contents/{NOTEBOOKS}/{notebook}"))["content"]
        cells = [cell["source"] for cell in content["cells"] if cell["cell_type"] == "code"]
        return {source: await executed(kernel, source) for source in cells}

    async def type(self, source: str) -> Outputs:
        """Run one cell in a kernel of its own."""
        async with self.kernel("00-start-here.ipynb") as kernel:
            return await executed(kernel, source)

    async def opens(self, link: str) -> str:
        """What a browser gets for a link of theirs, as soon as the program behind it answers."""
        url = urljoin(self._hub.url, link)
        async with asyncio.timeout(LIMIT_S):
            while True:
                async with self._http.get(url) as answer:
                    if answer.status == 200:
                        return await answer.text()
                await asyncio.sleep(POLL_S)

    @asynccontextmanager
    async def kernel(self, notebook: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """A new kernel of a notebook, as long as the block runs."""
        path = f"{NOTEBOOKS}/{notebook}"
        session = {"path": path, "type": "notebook", "name": "", "kernel": {"name": "python3"}}
        async with self._http.post(f"{self._server}api/sessions", json=session) as answer:
            assert answer.status == 201, await answer.text()
            kernel = (await answer.json())["kernel"]["id"]
        channels = f"{self._server}api/kernels/{kernel}/channels"
        async with self._http.ws_connect(channels, max_msg_size=0) as socket:
            yield socket
        async with self._http.delete(f"{self._server}api/kernels/{kernel}") as answer:
            assert answer.status == 204, await answer.text()

    async def _get(self, path: str) -> Any:
        async with self._http.get(self._server + path) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()


async def executed(socket: aiohttp.ClientWebSocketResponse, source: str) -> Outputs:
    """Run a cell and return what it has shown, by Jupyter's messaging protocol."""
    asked = uuid.uuid4().hex
    header = {"msg_id": asked, "msg_type": "execute_request", "username": "", "session": asked}
    request = {
        "header": {**header, "version": "5.4", "date": "2026-01-01T00:00:00Z"},
        "parent_header": {},
        "metadata": {},
        "content": {"code": source, "silent": False, "allow_stdin": False},
        "channel": "shell",
    }
    await socket.send_str(json.dumps(request))
    shown: Outputs = []
    reply: dict[str, Any] = {}
    is_idle = False
    async with asyncio.timeout(CELL_LIMIT_S):
        while not (reply and is_idle):
            message = await socket.receive_json()
            if message["parent_header"].get("msg_id") != asked:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "execute_reply":
                reply = content
            elif kind == "status":
                is_idle = content["execution_state"] == "idle"
            elif kind in ("stream", "display_data", "execute_result", "error"):
                shown.append(content)
    assert reply["status"] == "ok", f"{source}\n{shown}"
    return shown


def links(shown: dict[str, Outputs]) -> set[str]:
    """Where the links lead that cells have shown."""
    htmls = [
        output["data"].get("text/html", "")
        for outputs in shown.values()
        for output in outputs
        if "data" in output
    ]
    return {link for html in htmls for link in LINK.findall(html)}


@asynccontextmanager
async def client(hub: Hub) -> AsyncIterator[aiohttp.ClientSession]:
    """What people ask with."""
    headers = {"Authorization": f"token {hub.token}"}
    async with aiohttp.ClientSession(headers=headers) as http:
        yield http
