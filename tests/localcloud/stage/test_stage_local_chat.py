"""A stage in front of a chat that runs on this machine: two programs at ports of loopback."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from chatkit.core import ports
from chatkit.core.listeners import listen_on
from chatkit.core.peers import listening_users as listening
from chatkit.core.running.own_addresses import own_addresses
from chatkit.localcloud.core.runners import HttpServer
from chatkit.localcloud.stage import chat
from chatkit.localcloud.stage.chat import LocalChat
from tests.localcloud.stage.stage_testing import open_stage


@pytest.fixture
async def program() -> AsyncIterator[str]:
    """A program that tells what it was asked; it sends other people elsewhere."""

    async def tell(request: web.Request) -> web.Response:
        if request.path == "/elsewhere.html":
            raise web.HTTPFound("http://localhost:1/")
        told = [request.method, str(request.rel_url), (await request.read()).decode()]
        who = request.headers.get("x-ms-client-principal-name", "")
        return web.json_response([*told, who], headers={"Set-Cookie": "a=b"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", tell)
    sockets = ports.bind(0, wanted_for="test")
    listener = await listen_on(sockets, HttpServer(app))
    yield f"http://localhost:{ports.port_of(sockets)}"
    await listener.close()


async def test_page_and_api_come_from_both_programs(tmp_path: Path, program: str) -> None:
    """The page's program hears of no guest; the functions hear who it is."""
    async with open_stage(tmp_path, chat=LocalChat(program, program)) as stage:
        phone = stage.phone()
        assert (await phone.ask("GET", "/app.js?x=1"))[1] == ["GET", "/app.js?x=1", "", ""]
        await phone.join("alice")
        _, told = await phone.ask("POST", "/api/messages", {"text": "hello"})
        assert told[::3] == ["POST", "alice"]
        assert json.loads(told[2]) == {"text": "hello", "sender": "alice"}
        await stage.stage.chat.close()


async def test_a_program_sends_no_phone_elsewhere(tmp_path: Path, program: str) -> None:
    """Its cookies and its redirects stay on this machine."""
    async with open_stage(tmp_path, chat=LocalChat(program, program)) as stage:
        answer = await stage.get("/elsewhere.html")
        assert answer.status == 302
        assert "localhost:1" not in answer.text
        assert "Set-Cookie" not in (await stage.get("/app.js")).text
        await stage.stage.chat.close()


async def test_a_program_that_has_ended_is_named(tmp_path: Path) -> None:
    """The stage goes on, and says what does not run."""
    nobody = "http://localhost:1"
    async with open_stage(tmp_path, chat=LocalChat(nobody, nobody)) as stage:
        assert chat.NO_PAGE in (await stage.get("/")).text
        status, sentence = await stage.phone().ask("POST", "/api/messages", {"text": "x"})
        assert (status, sentence.strip()) == (502, chat.NOT_RUN)
        await stage.stage.chat.close()


async def test_another_users_program_is_told_nothing(
    tmp_path: Path, program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever took the port meanwhile does not learn who the guests are."""
    monkeypatch.setattr(listening, "listening_users", lambda _: {2**31})
    async with open_stage(tmp_path, chat=LocalChat(program, program)) as stage:
        assert (await stage.get("/app.js")).status == 502
        await stage.stage.chat.close()


def test_this_machines_addresses_begin_with_those_for_a_room() -> None:
    """Loopback is the last of them, and says that it is this machine alone."""
    found = own_addresses()
    last = found[-1]
    assert last.is_loopback
    assert "this machine alone" in str(last)
    is_for_a_room = [one.is_for_a_room for one in found]
    assert is_for_a_room == sorted(is_for_a_room, reverse=True)
