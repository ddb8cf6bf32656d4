"""Cross-origin answers: which rule lets a page in, and what a browser is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from chatkit.localcloud.core.cors import (
    Preflight,
    Rule,
    add_headers,
    answer_headers,
    middleware,
    preflight_headers,
)

PAGE = "https://a.example"
OTHER = "https://b.example"
NAMED = {"Access-Control-Allow-Origin": PAGE, "Vary": "Origin"}
WITH_CREDENTIALS = {**NAMED, "Access-Control-Allow-Credentials": "true"}
Client = TestClient[web.Request, web.Application]


@pytest.mark.parametrize(
    ("rule", "headers"),
    [
        (Rule(origins=(PAGE,)), NAMED),
        (Rule(origins=(PAGE,), credentials=True), WITH_CREDENTIALS),
        (Rule(origins=("*",)), {"Access-Control-Allow-Origin": "*"}),
        # Browsers refuse `*` with credentials.
        (Rule(origins=("*",), credentials=True), WITH_CREDENTIALS),
        (Rule(origins=("*", PAGE)), NAMED),
        (Rule(origins=(OTHER,)), {}),
        (Rule(origins=(f"{PAGE}/",)), {}),
        (Rule(origins=(PAGE.upper(),)), {}),
        (Rule(origins=(PAGE.upper(),), ignore_case=True), NAMED),
        (Rule(origins=(PAGE,), methods=("PUT",)), {}),
        (
            Rule(origins=(PAGE,), exposed_headers="x-a,x-b"),
            {**NAMED, "Access-Control-Expose-Headers": "x-a,x-b"},
        ),
    ],
)
def test_an_answer_names_the_origin_or_all(rule: Rule, headers: dict[str, str]) -> None:
    """The origin by its name where the rule names it or lets credentials through, `*` otherwise."""
    assert answer_headers([rule], origin=PAGE, method="GET") == headers


def test_a_request_of_no_page_is_told_nothing() -> None:
    """Without an Origin header there is nobody to tell."""
    assert answer_headers([Rule(origins=("*",))], origin="", method="GET") == {}


def test_the_first_rule_that_fits_decides() -> None:
    """Rules are looked at in their order."""
    rules = [Rule(origins=(PAGE,), methods=("PUT",), credentials=True), Rule(origins=(PAGE,))]
    assert answer_headers(rules, origin=PAGE, method="GET") == NAMED
    assert answer_headers(rules, origin=PAGE, method="PUT") == WITH_CREDENTIALS


def test_a_preflight_is_told_what_it_asked_for() -> None:
    """Method and headers come back as they were asked for, with the rule's age."""
    rule = Rule(origins=(PAGE,), methods=("PUT",), headers=("x-ms-*", "Content-Type"), max_age_s=60)
    asked = Preflight(PAGE, "PUT", "X-MS-Date, content-type")
    assert preflight_headers([rule], asked) == {
        **NAMED,
        "Access-Control-Allow-Methods": "PUT",
        "Access-Control-Allow-Headers": "X-MS-Date, content-type",
        "Access-Control-Max-Age": "60",
    }


@pytest.mark.parametrize(
    "asked",
    [
        Preflight(OTHER, "PUT"),
        Preflight("", "PUT"),
        Preflight(PAGE, "DELETE"),
        Preflight(PAGE, "PUT", "x-other"),
        Preflight(PAGE, "PUT", "x-ms-date, x-other"),
    ],
)
def test_a_preflight_beyond_the_rule_is_refused(asked: Preflight) -> None:
    """Another origin, method or header, or no origin."""
    rule = Rule(origins=(PAGE,), methods=("PUT",), headers=("x-ms-*",))
    assert preflight_headers([rule], asked) is None


def test_only_options_with_a_method_is_a_preflight() -> None:
    """OPTIONS alone is a request like others."""
    headers = {"origin": PAGE, "access-control-request-method": "PUT"}
    assert Preflight.read("OPTIONS", headers) == Preflight(PAGE, "PUT")
    assert Preflight.read("PUT", headers) is None
    assert Preflight.read("OPTIONS", {"origin": PAGE}) is None


def served(check: Callable[[Client], Awaitable[None]], *, refuse: bool) -> None:
    """Run a check against a small application with one rule."""

    def preflight(allowed: dict[str, str] | None) -> web.Response | None:
        if allowed is None:
            return web.Response(status=403) if refuse else None
        return web.Response(status=204, headers=allowed)

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write_eof()
        return response

    async def fail(_request: web.Request) -> web.StreamResponse:
        raise web.HTTPConflict

    async def run() -> None:
        rule = Rule(origins=(PAGE,))
        app = web.Application(middlewares=[middleware(lambda: rule, preflight)])
        app.on_response_prepare.append(add_headers)
        app.router.add_get("/stream", stream)
        app.router.add_get("/error", fail)
        async with TestClient(TestServer(app)) as client:
            await check(client)

    asyncio.run(run())


@pytest.mark.parametrize("path", ["/stream", "/error"])
def test_streams_and_errors_are_marked(path: str) -> None:
    """The headers are there before the first byte, whatever the handler does."""

    async def check(client: Client) -> None:
        answer = await client.get(path, headers={"Origin": PAGE})
        assert answer.headers["Access-Control-Allow-Origin"] == PAGE
        answer = await client.get(path, headers={"Origin": OTHER})
        assert "Access-Control-Allow-Origin" not in answer.headers

    served(check, refuse=True)


@pytest.mark.parametrize(("refuse", "status"), [(True, 403), (False, 405)])
def test_a_service_refuses_or_passes_on_a_preflight(refuse: bool, status: int) -> None:
    """A refused preflight reaches the handler where the service wants that, no allowed one does."""

    async def check(client: Client) -> None:
        asked = {"Origin": PAGE, "Access-Control-Request-Method": "PUT"}
        assert (await client.options("/stream", headers=asked)).status == 204
        answer = await client.options("/stream", headers={**asked, "Origin": OTHER})
        assert answer.status == status

    served(check, refuse=refuse)
