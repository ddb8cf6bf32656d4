"""A stranger's HTTP API behaves as on Azure.

Routes, requests, responses, cookies, CORS, home page.
"""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from multidict import CIMultiDict

from tests.localcloud.functions.functions_testing import APPS, Served, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api() -> AsyncIterator[Served]:
    """The app, once for this module."""
    async with serving(APPS / "plain_api") as served:
        yield served


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/v1/books/17", "book 17"),
        ("/V1/BOOKS/17", "book 17"),
        ("/v1/books/Emma", "title Emma"),
        ("/v1/pages", "page None"),
        ("/v1/pages/3", "page 3"),
        ("/v1/shelves", "new|None"),
        ("/v1/shelves/a/b/c", "a|b/c"),
        ("/v1/shelves/a/b%0Ac", "a|b\nc"),
        ("/v1/text", "plain"),
    ],
)
async def test_a_route_leads_to_its_function(api: Served, path: str, answer: str) -> None:
    """Prefix, constraints, optional and default parts, catch-all, any case."""
    assert await api.ask("GET", path) == (200, answer)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/v1/books"),
        ("HEAD", "/v1/books/17"),
        ("GET", "/v1/books/17.5"),
        ("GET", "/v1/books/4294967296"),
        ("GET", "/api/text"),
        ("GET", "/v1/unknown"),
        ("GET", "/v1/books/17/more"),
    ],
)
async def test_everything_else_is_an_empty_404(api: Served, method: str, path: str) -> None:
    """A wrong method is no 405: the method is part of the route."""
    assert await api.ask(method, path) == (404, "")


async def test_a_request_arrives_as_the_worker_gets_it(api: Served) -> None:
    """Header names are lower-case, repeated values joined, empty query values dropped."""
    options = {
        "data": b"body",
        "headers": CIMultiDict([("X-Many", "1"), ("X-Many", "2"), ("X-CASE", "V")]),
    }
    status, text = await api.ask("POST", "/v1/echo?a=1&a=2&empty=&b=%C3%A9", **options)
    seen = json.loads(text)
    assert (status, seen["method"], seen["body"]) == (200, "POST", "body")
    assert seen["query"] == {"a": "1,2", "b": "é"}
    assert (seen["headers"]["x-many"], seen["headers"]["x-case"]) == ("1,2", "V")


async def test_a_chunked_body_arrives_empty_and_the_log_says_so(api: Served) -> None:
    """Microsoft's host hands over bodies with Content-Length only."""

    async def chunks() -> AsyncIterator[bytes]:
        yield b"never seen"

    _, text = await api.ask("POST", "/v1/echo", data=chunks())
    assert json.loads(text)["body"] == ""
    assert "without Content-Length (chunked)" in api.log


async def test_a_large_body_passes_and_one_over_the_limit_is_413(api: Served) -> None:
    """The host takes 100 MB; one byte more is refused before any function runs."""
    assert (await api.ask("POST", "/v1/books", data=io.BytesIO(b"x" * 5_000_000)))[0] == 201
    assert (await api.ask("POST", "/v1/books", data=io.BytesIO(bytes(104_857_601))))[0] == 413


async def test_text_that_is_a_response_object_becomes_the_response(api: Served) -> None:
    """A JSON object with `body` sets status and headers."""
    async with api.client.get(f"{api.url}/v1/sniffed") as response:
        assert (response.status, response.headers["x-tea"], await response.json()) == (
            418,
            "yes",
            {"short": True},
        )


async def test_each_cookie_gets_its_own_header(api: Served) -> None:
    """Several Set-Cookie headers survive with their attributes."""
    async with api.client.get(f"{api.url}/v1/cookies") as response:
        cookies = response.headers.getall("Set-Cookie")
    assert cookies == [
        "a=1; domain=; path=/; httponly",
        "b=2; max-age=60; domain=; path=; secure; samesite=lax",
    ]


async def test_custom_headers_of_host_json_are_on_every_response(api: Served) -> None:
    """`extensions.http.customHeaders`."""
    async with api.client.get(f"{api.url}/v1/text") as response:
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Type"] == "text/plain; charset=utf-8"


async def test_keys_are_ignored_locally(api: Served) -> None:
    """`func start` treats every caller as an administrator."""
    assert await api.ask("GET", "/v1/secret") == (200, "function level")
    assert await api.ask("GET", "/v1/root") == (200, "admin level")


async def test_the_context_names_function_and_invocation(api: Served) -> None:
    """`context: func.Context`; its log lines reach the console between Executing and Executed."""
    _, text = await api.ask("GET", "/v1/who")
    name, call_id = text.split()
    assert name == "who"
    log = api.log
    assert 0 < log.index("Executing 'Functions.who' (Reason=") < log.index("called as who")
    assert f"Executed 'Functions.who' (Succeeded, Id={call_id}" in log


async def test_the_home_page_is_there_without_a_function(api: Served) -> None:
    """`/` answers a page, other methods nothing."""
    status, text = await api.ask("GET", "/")
    assert status == 200 and "up and running" in text
    assert (await api.ask("POST", "/"))[0] == 404


async def test_the_console_lists_the_functions_like_func_start(api: Served) -> None:
    """Name, methods in brackets, URL with the template; other triggers by type."""
    start = api.log[: api.log.index("nightly: timerTrigger")]
    assert "Functions:\n\n\tget_book: [GET] http://localhost:" in start
    assert f"\techo: [GET,POST] {api.url}/v1/echo\n" in start
    assert f"\ttext: {api.url}/v1/text\n" in start


async def test_the_admin_api_describes_and_runs_functions(api: Served) -> None:
    """/admin/functions, /admin/host/status, and running a timer by hand."""
    _, text = await api.ask("GET", "/admin/functions")
    assert {item["name"] for item in json.loads(text)} >= {"echo", "nightly", "get_book"}
    assert json.loads((await api.ask("GET", "/admin/host/status"))[1])["state"] == "Running"
    assert (await api.ask("POST", "/admin/functions/NIGHTLY", json={"input": ""}))[0] == 202
    assert "nightly ran, past due: False" in api.log
    assert (await api.ask("POST", "/admin/functions/nobody", json={}))[0] == 404
    assert (await api.ask("POST", "/admin/functions/nightly", data=b"[no"))[0] == 400


async def test_a_compressed_body_arrives_as_it_was_sent(api: Served) -> None:
    """ASP.NET Core decompresses requests only where an app adds the middleware."""
    headers = {"Content-Encoding": "gzip"}
    _, text = await api.ask("POST", "/v1/echo", data=b"not really gzip", headers=headers)
    assert json.loads(text)["body"] == "not really gzip"


async def test_a_header_of_20_kilobytes_reaches_the_function(api: Served) -> None:
    """Kestrel takes 32 KB of headers (`MaxRequestHeadersTotalSize`).

    Sign-in cookies and tokens with many groups are long.
    """
    _, text = await api.ask("GET", "/v1/echo", headers={"X-Long": "x" * 20_000})
    assert len(json.loads(text)["headers"]["x-long"]) == 20_000


async def test_another_host_name_is_refused(api: Served) -> None:
    """DNS rebinding: a page elsewhere cannot reach this host under its own name."""
    assert (await api.ask("GET", "/v1/text", headers={"Host": "evil.example"}))[0] == 421
