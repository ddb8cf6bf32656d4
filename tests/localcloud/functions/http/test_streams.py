"""Functions with Microsoft's extension packages: HTTP as streams, clients of the storage SDK."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.localcloud.functions.functions_testing import (
    Serve,
    Served,
    serving,
    settings_json,
    write_app,
)
from tests.localcloud.functions.triggers.trigger_testing import storage_account, until

STREAMS = """
from azurefunctions.extensions.http.fastapi import JSONResponse, Request, StreamingResponse

@app.route(route="wait/{word}")
async def wait(req: Request) -> StreamingResponse:
    async def pieces():
        yield "first "
        while True:
            yield "more " * 10_000
            await asyncio.sleep(0)
    async def two():
        yield req.path_params["word"]
        await asyncio.sleep(3600)
    if req.path_params["word"] == "endless":
        return StreamingResponse(pieces())
    return StreamingResponse(two(), media_type="text/event-stream")

@app.route(route="upper", methods=["POST"])
async def upper(req: Request):
    async def pieces():
        async for piece in req.stream():
            yield piece.upper()
    return StreamingResponse(pieces(), media_type="text/plain")

@app.route(route="plain")
def plain(req: Request) -> JSONResponse:
    answer = JSONResponse({"query": str(req.query_params), "by": req.headers.get("X-By")}, 201)
    answer.set_cookie("one", "1")
    answer.set_cookie("two", "2")
    return answer

@app.route(route="value")
async def value(req: Request): return {"a": [1]}

@app.route(route="fails")
async def fails(req: Request): raise ValueError("before the answer")

@app.route(route="cut")
async def cut(req: Request):
    async def pieces():
        yield "begun"
        raise ValueError("in the answer")
    return StreamingResponse(pieces())

@app.route(route="reset")
async def reset(req: Request):
    async def pieces():
        yield "content"
    return StreamingResponse(pieces(), 205)

@app.route(route="finishes")
async def finishes(req: Request):
    print("it begins")
    for _ in range(20):
        await asyncio.sleep(0.01)
    print("it has finished")

going = asyncio.Event()
async def later(kind):
    await going.wait()
    print("went on after", kind)

@app.route(route="after/{kind}")
async def after(req: Request):
    from starlette.background import BackgroundTask
    from starlette.responses import Response
    kind = req.path_params["kind"]
    async def pieces(): yield kind
    background = BackgroundTask(later, kind)
    if kind == "text":
        return Response(kind, background=background)
    headers = {"content-length": str(len(kind))} if kind == "counted" else {}
    return StreamingResponse(pieces(), headers=headers, background=background)

@app.route(route="go")
async def go(req: Request): going.set()

@app.route(route="header")
async def header(req: Request): return JSONResponse(1, headers={"X-A": "\\u00e9"})

@app.route(route="classic")
def classic(req: func.HttpRequest): return "classic"
"""


@pytest.fixture(scope="module", autouse=True)
def packages() -> None:
    """They are among the packages of the tests."""
    pytest.importorskip("azurefunctions.extensions.http.fastapi")


@pytest.fixture
async def streams(tmp_path: Path, serve: Serve) -> Served:
    """An app that streams."""
    return await serve(write_app(tmp_path / "app", STREAMS, local_settings_json=settings_json()))


async def test_the_first_piece_arrives_while_the_function_goes_on(streams: Served) -> None:
    """It would wait for an hour otherwise."""
    async with streams.client.get(f"{streams.url}/api/wait/hello") as answer:
        assert answer.content_type == "text/event-stream"
        assert await answer.content.readany() == b"hello"
    assert await streams.ask("GET", "/api/classic") == (200, "classic")


async def test_a_reset_sends_no_piece(streams: Served) -> None:
    """RFC 9110, 15.3.6: 205 has no content."""
    assert await streams.ask("GET", "/api/reset") == (205, "")
    assert await streams.ask("GET", "/api/classic") == (200, "classic")


async def test_pieces_go_both_ways_at_once(streams: Served) -> None:
    """Each piece of a body without a length is answered before the next one is sent."""
    answered = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        for word in (b"one", b"two", b"three"):
            yield word
            await answered.wait()
            answered.clear()

    async with streams.client.post(f"{streams.url}/api/upper", data=body()) as answer:
        for word in (b"ONE", b"TWO", b"THREE"):
            assert await answer.content.readexactly(len(word)) == word
            answered.set()
        assert await answer.content.read() == b""


async def test_a_large_body_passes(streams: Served) -> None:
    """In pieces: neither side has all of it at once."""
    body = b"x" * 8_000_000
    url = f"{streams.url}/api/upper"
    async with streams.client.post(url, data=io.BytesIO(body)) as answer:
        assert await answer.read() == body.upper()


async def test_a_client_that_leaves_ends_the_function(streams: Served) -> None:
    """An endless answer costs nothing when nobody reads it."""
    async with streams.client.get(f"{streams.url}/api/wait/endless") as answer:
        assert (await answer.content.readany()).startswith(b"first ")
    await until(lambda: "Executed 'Functions.wait'" in streams.log)


async def test_a_client_that_leaves_a_silent_answer_ends_it(streams: Served) -> None:
    """The next piece would come in an hour."""
    async with streams.client.get(f"{streams.url}/api/wait/hello") as answer:
        assert await answer.content.readany() == b"hello"
        answer.close()
    await until(lambda: "Executed 'Functions.wait'" in streams.log)


async def test_a_function_finishes_for_a_client_that_did_not_wait(streams: Served) -> None:
    """It has not begun to answer: what it does for others goes on."""
    asked = asyncio.create_task(streams.ask("GET", "/api/finishes"))
    await until(lambda: "it begins" in streams.log)
    asked.cancel()
    await until(lambda: "it has finished" in streams.log)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["text", "pieces", "counted"])
async def test_a_function_goes_on_after_its_answer(streams: Served, kind: str) -> None:
    """A background task: the answer does not wait for it, and a client that leaves ends nothing."""
    async with asyncio.timeout(10), aiohttp.ClientSession() as client:
        async with client.get(f"{streams.url}/api/after/{kind}") as answer:
            assert await answer.text() == kind
        # The connection is free for the next request.
        async with client.get(f"{streams.url}/api/classic") as answer:
            assert await answer.text() == "classic"
    assert "Executed 'Functions.after'" not in streams.log
    assert (await streams.ask("GET", "/api/go"))[0] == 200
    await until(lambda: f"went on after {kind}" in streams.log)
    await until(lambda: "Executed 'Functions.after' (Succeeded" in streams.log)


async def test_plain_answers_of_the_framework(streams: Served) -> None:
    """A function that is not async, values of the route's query, several cookies, a dict."""
    url = f"{streams.url}/api/plain?q=1&q=2&empty="
    async with streams.client.get(url, headers={"x-by": "alice"}) as answer:
        assert answer.status == 201
        assert await answer.json() == {"query": "q=1&q=2&empty=", "by": "alice"}
        assert len(answer.headers.getall("Set-Cookie")) == 2
    assert await streams.ask("GET", "/api/value") == (200, '{"a":[1]}')
    assert await streams.ask("POST", "/api/nowhere") == (404, "")


async def test_a_failure_is_an_empty_500_or_a_cut_answer(streams: Served) -> None:
    """The reason is in the log only; the others answer."""
    assert await streams.ask("GET", "/api/fails") == (500, "")
    assert "ValueError: before the answer" in streams.log
    with pytest.raises(aiohttp.ClientPayloadError):
        await streams.ask("GET", "/api/cut")
    await until(lambda: "ValueError: in the answer" in streams.log)
    assert await streams.ask("GET", "/api/header") == (500, "")
    assert "a character that is not ASCII" in streams.log
    assert await streams.ask("GET", "/api/classic") == (200, "classic")


CLIENTS = """
import azurefunctions.extensions.bindings.blob as blob
@app.route(route="size/{name}")
@app.blob_input(arg_name="client", path="samples/{name}", connection="AzureWebJobsStorage")
def size(req: func.HttpRequest, client: blob.BlobClient):
    return f"{client.blob_name} {client.get_blob_properties().size}"
@app.blob_trigger(arg_name="client", path="samples/{name}", connection="AzureWebJobsStorage")
def arrived(client: blob.BlobClient): print("arrived", client.blob_name)
@app.blob_trigger(arg_name="text", path="samples/{name}", connection="AzureWebJobsStorage")
def read(text: blob.StorageStreamDownloader): print("read", text.readall())
"""


async def test_clients_of_the_storage_sdk(tmp_path: Path) -> None:
    """The function reads by itself; the host says where the blob is."""
    async with storage_account(tmp_path / "cloud") as account:
        await account.put("samples/a.txt", b"content")
        values = {"AzureWebJobsStorage": account.connection_string}
        folder = write_app(tmp_path / "app", CLIENTS, local_settings_json=settings_json(values))
        async with serving(folder) as served:
            await until(lambda: "arrived a.txt" in served.log)
            await until(lambda: "read b'content'" in served.log)
            assert await served.ask("GET", "/api/size/a.txt") == (200, "a.txt 7")


NEEDING = """
from azurefunctions.extensions.http.missing import Request, StreamingResponse
import azurefunctions.extensions.bindings.missing as missing
import azure.storage.blob
import fastapi
@app.route(route="stream")
async def stream(req: Request) -> StreamingResponse: return StreamingResponse(None)
@app.blob_trigger(arg_name="b", path="samples/{name}", connection="X")
def client(b: missing.Client): pass
@app.blob_trigger(arg_name="b", path="samples/{name}", connection="X")
def bare(b: azure.storage.blob.BlobClient): pass
@app.route(route="fast")
async def fast(req: fastapi.Request): return None
@app.route(route="fine")
def fine(req: func.HttpRequest): return "fine"
"""


async def test_a_package_that_is_missing_is_one_functions_error(
    tmp_path: Path, serve: Serve
) -> None:
    """The sentence names the package; nothing blames an annotation that is right on Azure."""
    settings = settings_json({"X": "UseDevelopmentStorage=true"})
    served = await serve(write_app(tmp_path / "app", NEEDING, local_settings_json=settings))
    for name, word in (
        ("stream", "azurefunctions-extensions-http-missing"),
        ("client", "azurefunctions-extensions-bindings-missing"),
        ("bare", "azurefunctions-extensions-bindings-blob"),
        ("fast", "azurefunctions-extensions-http-fastapi"),
    ):
        [line] = [line for line in served.lines if f"The '{name}' function is in error" in line]
        assert word in line and "annotation does not match" not in line
    status, text = await served.ask("GET", "/api/stream")
    assert status == 503 and "Request" in text
    assert await served.ask("GET", "/api/fine") == (200, "fine")
