"""Requests and apps that mean harm or come from a mistake, and how functions share a process."""

from __future__ import annotations

import asyncio
import io
import json
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from tests.descriptors import descriptors
from tests.localcloud.functions.functions_testing import Serve, settings_json, write_app

FINE = "@app.route(route='fine')\ndef fine(req): return 'fine'\n"
CONNECTION = (
    "Endpoint=http://localhost;Port=9;AccessKey=a-key-only-for-tests-0123456789-abcdef;Version=1.0;"
)
TRIGGER = (
    "@app.generic_trigger(arg_name='e', type='signalRTrigger', hubName='c', {})\n"
    "def f(e: str) -> None: ...\n"
)


async def test_a_body_nested_too_deeply_is_the_functions_own_business(
    serve: Serve, tmp_path: Path
) -> None:
    """With and without a binding that looks into the body."""
    binding = (
        "@app.generic_input_binding(arg_name='x', type='signalRConnectionInfo', hubName='c', "
        "userId='{query.u}')\n"
    )
    script = "@app.route(route='plain')\ndef plain(req): return str(len(req.get_body()))\n"
    script += (
        "@app.route(route='bound')\n"
        + binding
        + "def bound(req, x: str): return str(len(req.get_body()))\n"
    )
    settings = settings_json({"AzureSignalRConnectionString": CONNECTION})
    served = await serve(write_app(tmp_path / "app", script, local_settings_json=settings))
    body = b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    for path in ("/api/plain", "/api/bound?u=alice"):
        assert await served.ask("POST", path, data=io.BytesIO(body)) == (200, str(len(body)))


async def test_a_hundred_megabytes_of_json_hold_up_nobody(serve: Serve, tmp_path: Path) -> None:
    """The host passes them on without reading them; another function answers meanwhile."""
    script = "@app.route(route='big')\ndef big(req): return str(len(req.get_body()))\n" + FINE
    served = await serve(write_app(tmp_path / "app", script))
    body = b'{"a":"' + b"x" * 99_999_990 + b'"}'
    big = asyncio.create_task(served.ask("POST", "/api/big", data=io.BytesIO(body)))
    assert await served.ask("GET", "/api/fine") == (200, "fine")
    assert await big == (200, str(len(body)))


@pytest.mark.parametrize("text", ["line\\r\\nX-Evil: 1", "nothing\\0"])
async def test_text_that_smuggles_a_header_is_an_empty_500(
    serve: Serve, tmp_path: Path, text: str
) -> None:
    """A response object in text is checked as an HttpResponse is."""
    response = f"{{'body': 'x', 'headers': {{'X-A': '{text}'}}}}"
    script = f"@app.route(route='h')\ndef h(req): return json.dumps({response})\n"
    served = await serve(write_app(tmp_path / "app", script + FINE))
    assert await served.ask("GET", "/api/h") == (500, "")
    assert await served.ask("GET", "/api/fine") == (200, "fine")


@pytest.mark.parametrize(
    ("properties", "sentence"),
    [
        (
            "category='nonsense', event='x'",
            "has the category 'nonsense'; there are connections and messages",
        ),
        (
            "category='connections', event='x'",
            "has the event 'x' of connections; there are connected and disconnected",
        ),
        (
            "category='messages', event='x', parameterNames='not json'",
            "parameterNames of 'f' is neither a list",
        ),
        (
            "category='messages', event='x', parameterNames='5'",
            "parameterNames of 'f' is neither a list",
        ),
    ],
)
async def test_a_signalr_trigger_that_can_never_run_is_in_error(
    serve: Serve, tmp_path: Path, properties: str, sentence: str
) -> None:
    """Named at start, not at the first message; the others are served."""
    served = await serve(write_app(tmp_path / "app", TRIGGER.format(properties) + FINE))
    assert "The 'f' function is in error: " in served.log and sentence in served.log
    assert await served.ask("GET", "/api/fine") == (200, "fine")


async def test_async_functions_share_one_loop_and_sync_ones_a_pool(
    serve: Serve, tmp_path: Path
) -> None:
    """A plain function that waits for another one does not stop an async one.

    Two async ones run on one thread.
    """
    script = (
        "import asyncio, threading\ngo = threading.Event()\n"
        "@app.route(route='waits')\n"
        "def waits(req): return json.dumps([go.wait(10), threading.get_ident()])\n"
        "@app.route(route='frees')\nasync def frees(req) -> str:\n    go.set()\n"
        "    return str(threading.get_ident())\n"
    )
    served = await serve(write_app(tmp_path / "app", script))
    waiting = asyncio.create_task(served.ask("GET", "/api/waits"))
    threads = {(await served.ask("GET", "/api/frees"))[1] for _ in range(3)}
    came, thread = json.loads((await waiting)[1])
    assert (came, len(threads), str(thread) in threads) == (True, 1, False)


async def test_the_pool_is_as_large_as_its_setting_says(serve: Serve, tmp_path: Path) -> None:
    """PYTHON_THREADPOOL_THREAD_COUNT=1: one after the other, in order."""
    script = (
        "import threading\nseen = []\n@app.route(route='t')\n"
        "def t(req):\n    seen.append(threading.get_ident())\n    return str(len(set(seen)))\n"
    )
    settings = settings_json({"PYTHON_THREADPOOL_THREAD_COUNT": "1"})
    served = await serve(write_app(tmp_path / "app", script, local_settings_json=settings))
    assert set(await asyncio.gather(*(served.ask("GET", "/api/t") for _ in range(20)))) == {
        (200, "1")
    }


async def test_a_pool_of_no_threads_is_refused_with_a_sentence(
    serve: Serve, tmp_path: Path
) -> None:
    """The default is taken instead."""
    settings = settings_json({"PYTHON_THREADPOOL_THREAD_COUNT": "0"})
    served = await serve(write_app(tmp_path / "app", FINE, local_settings_json=settings))
    assert await served.ask("GET", "/api/fine") == (200, "fine")
    assert "PYTHON_THREADPOOL_THREAD_COUNT must be an integer of at least 1, not '0'." in served.log


async def test_the_home_page_can_be_switched_off(serve: Serve, tmp_path: Path) -> None:
    """AzureWebJobsDisableHomepage: 204."""
    settings = settings_json({"AzureWebJobsDisableHomepage": "true"})
    served = await serve(write_app(tmp_path / "app", FINE, local_settings_json=settings))
    assert await served.ask("GET", "/") == (204, "")


@pytest.mark.parametrize("values", [{"A": "a\0b"}, {"A": "\ud800"}, {"A=B": "c"}])
async def test_a_setting_that_no_environment_can_hold_is_named(
    serve: Serve, tmp_path: Path, values: dict[str, str]
) -> None:
    """503 with the reason instead of a host that does not start."""
    served = await serve(
        write_app(tmp_path / "app", FINE, local_settings_json=settings_json(values))
    )
    status, text = await served.ask("GET", "/api/fine")
    assert status == 503 and "An app setting cannot be an environment variable" in text


async def test_an_import_error_names_the_name(serve: Serve, tmp_path: Path) -> None:
    """A module that is there without what is wanted of it, in a file of the app itself."""
    script = "from helper import not_there\n" + FINE
    served = await serve(write_app(tmp_path / "app", script, helper="x = 1\n"))
    status, text = await served.ask("GET", "/api/fine")
    assert status == 503 and "cannot import name 'not_there' from 'helper'" in text


@pytest.mark.parametrize("requests", [300, pytest.param(1000, marks=pytest.mark.long)])
async def test_slow_sync_requests_leave_async_ones_alone(
    serve: Serve, tmp_path: Path, requests: int
) -> None:
    """They queue for the pool's threads; none is lost, and the loop stays free."""
    script = (
        "import threading\ngo = threading.Event()\n"
        "@app.route(route='slow')\ndef slow(req):\n    go.wait()\n    return 'slow'\n"
        "@app.route(route='quick')\nasync def quick(req) -> str: return 'quick'\n"
        "@app.route(route='go')\nasync def release(req) -> str:\n    go.set()\n    return 'gone'\n"
    )
    served = await serve(write_app(tmp_path / "app", script))
    # Both ends of each connection are in this process.
    with descriptors(2 * requests + 100):
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as many:
            slow = [
                asyncio.create_task(replace(served, client=many).ask("GET", "/api/slow"))
                for _ in range(requests)
            ]
            await asyncio.sleep(0)
            assert await served.ask("GET", "/api/quick") == (200, "quick")
            assert not any(task.done() for task in slow)
            assert await served.ask("GET", "/api/go") == (200, "gone")
            assert set(await asyncio.gather(*slow)) == {(200, "slow")}
