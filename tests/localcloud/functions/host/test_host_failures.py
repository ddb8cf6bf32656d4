"""A stranger's app with every mistake.

Each is survived, named in the log, and the other functions keep answering.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import aiohttp
import psutil
import pytest

from tests.descriptors import descriptors
from tests.localcloud.functions.functions_testing import (
    HEAD,
    HOST_JSON,
    Recorder,
    Serve,
    Served,
    settings_json,
    until,
    write_app,
)


@pytest.fixture
async def mistakes(serve: Serve, copied: Callable[..., Path], signalr: Recorder) -> Served:
    """The app with runtime mistakes."""
    return await serve(
        copied("mistakes", {"AzureSignalRConnectionString": signalr.connection_string})
    )


async def fine(served: Served) -> None:
    """The other functions keep answering."""
    assert await served.ask("GET", "/api/fine") == (200, "fine")


async def test_an_exception_is_an_empty_500_with_the_stack_in_the_log_only(
    mistakes: Served,
) -> None:
    """The log masks secrets and leaves out the host's own frames."""
    assert await mistakes.ask("GET", "/api/raises") == (500, "")
    assert "ValueError: boom with AccessKey=***" in mistakes.log
    assert 'function_app.py", line' in mistakes.log and "chatkit_worker" not in mistakes.log
    await fine(mistakes)


@pytest.mark.parametrize("what", ["bytes", "dict", "tuple", "number", "none"])
async def test_a_return_value_that_is_no_response_is_500(mistakes: Served, what: str) -> None:
    """Only str and HttpResponse are responses; the log names type and binding."""
    assert await mistakes.ask("GET", f"/api/returns/{what}") == (500, "")
    assert 'unsupported type "http" for Python type' in mistakes.log


async def test_a_function_that_never_returns_is_ended_with_its_process(mistakes: Served) -> None:
    """functionTimeout kills the worker, and a new one serves."""
    assert await mistakes.ask("GET", "/api/hangs") == (500, "")
    assert "Timeout value of 00:00:03 was exceeded by function: Functions.hangs" in mistakes.log
    await fine(mistakes)


async def test_a_function_that_ends_the_process_takes_nobody_with_it(mistakes: Served) -> None:
    """Exit code in the log, a new process, the next request waits for it."""
    assert await mistakes.ask("GET", "/api/leaves") == (500, "")
    await fine(mistakes)
    assert "exit code 3" in mistakes.log


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
async def test_what_a_function_forked_ends_with_its_process(tmp_path: Path, serve: Serve) -> None:
    """A copy of a worker that crashed would run on for ever."""
    script = """
@app.route(route='forks')
def forks(req):
    import os, time
    child = os.fork()
    if child == 0:
        time.sleep(60)
        os._exit(0)
    print('child', child, flush=True)
    os._exit(3)
"""
    served = await serve(write_app(tmp_path / "app", script))
    assert await served.ask("GET", "/api/forks") == (500, "")
    await until(lambda: "child " in served.log)
    child = int(re.findall(r"child (\d+)", served.log)[0])
    await until(lambda: is_dead(child))


def is_dead(pid: int) -> bool:
    """Whether a process has ended that nobody has waited for yet."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    return True


async def test_sys_exit_in_a_function_is_a_failed_invocation_only(mistakes: Served) -> None:
    """It is an exception like others."""
    pid = mistakes.run.host.worker_pid
    assert await mistakes.ask("GET", "/api/exits") == (500, "")
    await fine(mistakes)
    assert mistakes.run.host.worker_pid == pid


async def test_ten_megabytes_of_print_reach_the_log_and_the_answer_comes(mistakes: Served) -> None:
    """Printed lines do not disturb the channel, and none is lost; the log may come after it."""
    assert await mistakes.ask("GET", "/api/chatters") == (200, "done")
    await until(lambda: sum("xxxx" in line for line in mistakes.lines) >= 10_000)
    assert sum("xxxx" in line for line in mistakes.lines) == 10_000


async def test_many_slow_requests_are_all_answered(mistakes: Served) -> None:
    """More than there are threads: they queue, and none is lost."""
    answers = await asyncio.gather(*(mistakes.ask("GET", "/api/slow") for _ in range(12)))
    assert answers == [(200, "slow")] * 12


@pytest.mark.parametrize("requests", [300, pytest.param(1000, marks=pytest.mark.long)])
async def test_slow_requests_at_once_hold_up_nobody(
    serve: Serve, tmp_path: Path, requests: int
) -> None:
    """More than any pool has threads: async functions wait together; a quick one is answered."""
    script = (
        "import asyncio\n@app.route(route='s')\nasync def s(req) -> str:\n"
        "    await asyncio.sleep(1)\n    return 's'\n"
    )
    served = await serve(
        write_app(
            tmp_path / "app", script + "@app.route(route='fine')\ndef fine(req): return 'fine'\n"
        )
    )
    connector = aiohttp.TCPConnector(limit=0)
    # Both ends of each connection are in this process.
    with descriptors(2 * requests + 100):
        async with aiohttp.ClientSession(connector=connector) as many:
            slow = [
                asyncio.create_task(replace(served, client=many).ask("GET", "/api/s"))
                for _ in range(requests)
            ]
            await asyncio.sleep(0)
            await fine(served)
            assert not all(task.done() for task in slow)
            assert set(await asyncio.gather(*slow)) == {(200, "s")}


async def test_a_killed_worker_comes_back(mistakes: Served) -> None:
    """kill -9 from outside."""
    pid = mistakes.run.host.worker_pid
    assert pid is not None
    psutil.Process(pid).kill()
    await until(lambda: mistakes.run.host.worker_pid not in (pid, None))
    await fine(mistakes)
    assert mistakes.run.host.worker_pid != pid


async def test_the_missing_identity_header_fails_as_in_azure_and_is_explained(
    mistakes: Served,
) -> None:
    """500 before user code; the log says who would set the header."""
    assert await mistakes.ask("GET", "/api/needs-identity") == (500, "")
    assert (
        "Exception binding parameter 'info'. Error while accessing 'x-ms-client-principal-name'"
        in mistakes.log
    )
    assert "Only App Service Authentication sets the header" in mistakes.log
    status, _ = await mistakes.ask(
        "GET", "/api/needs-identity", headers={"X-MS-CLIENT-PRINCIPAL-NAME": "alice"}
    )
    assert status == 200


async def test_a_wrong_output_value_fails_the_function(mistakes: Served, signalr: Recorder) -> None:
    """The extension's sentence; nothing is sent."""
    assert await mistakes.ask("GET", "/api/sends-nonsense") == (500, "")
    assert "Unable to convert JObject to valid output binding type" in mistakes.log
    assert signalr.requests == []


BROKEN = {
    "syntax error": ("def broken(:\n", "SyntaxError"),
    "missing package": ("import not_there_at_all\n", "No module named 'not_there_at_all'"),
    "exception at import": ("raise RuntimeError('no database')\n", "RuntimeError: no database"),
    "exit at import": ("import os; os._exit(4)\n", "exit code 4"),
    "sys.exit at import": ("import sys; sys.exit(1)\n", "SystemExit"),
    "two apps": ("other = func.FunctionApp()\n", "More than one FunctionApp"),
    "no app": ("del app\n", "Could not find top level function app instances"),
    "two functions of one name": (
        "@app.route(route='a')\ndef f(req): return 'a'\n@app.route(route='b')\n"
        "def f(req): return 'b'\n",
        "unique function name",
    ),
    "parameter without binding": (
        "@app.route(route='a')\ndef f(req, other): return 'a'\n",
        "declared in Python but not",
    ),
    "lower-case level": ("app = func.FunctionApp(http_auth_level='anonymous')\n", "KeyError"),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_an_app_that_cannot_load_says_why_at_every_url(
    serve: Serve, tmp_path: Path, name: str
) -> None:
    """503 with a sentence everywhere, the traceback in the log, never "0 functions".

    Everywhere but at the home page, which is the host's own.
    """
    script, sentence = BROKEN[name]
    served = await serve(write_app(tmp_path / "app", script))
    for path in ("/api/a", "/anything"):
        status, text = await served.ask("GET", path)
        assert status == 503 and "Traceback" not in text
        assert sentence in text
    assert sentence in served.log and "did not start" in served.log
    assert (await served.ask("GET", "/"))[0] == 200


IN_ERROR = {
    "unknown binding": (
        "@app.route(route='a')\n@app.generic_input_binding(arg_name='x', type='teapot')\n"
        "def f(req, x): return 'a'\n",
        "binding type 'teapot' is not in the local host",
    ),
    "unset setting": (
        "@app.route(route='a')\n@app.generic_output_binding(arg_name='x', type='signalR', "
        "hubName='%HUB%')\n"
        "def f(req, x: func.Out[str]): return 'a'\n",
        "'%HUB%' does not resolve to a value",
    ),
    "duplicate route": (
        "@app.route(route='b')\ndef g(req): return 'g'\n"
        "@app.route(route='B', methods=['POST'])\ndef f(req): return 'a'\n",
        "conflicts with the route of function 'g'",
    ),
    "bad route": (
        "@app.route(route='a/{b:nope}')\ndef f(req): return 'a'\n",
        "constraint reference 'nope'",
    ),
    "reserved route": (
        "@app.route(route='administer')\ndef f(req): return 'a'\n",
        "conflicts with one or more built in routes",
    ),
}
FINE = "@app.route(route='fine')\ndef fine(req): return 'fine'\n"


@pytest.mark.parametrize("name", IN_ERROR)
async def test_a_function_in_error_is_named_and_the_others_answer(
    serve: Serve, tmp_path: Path, name: str
) -> None:
    """As in Azure, one function's mistake is its own."""
    script, sentence = IN_ERROR[name]
    served = await serve(write_app(tmp_path / "app", script + FINE))
    await fine(served)
    assert "The 'f' function is in error: " in served.log and sentence in served.log
    assert sentence in (await served.ask("GET", "/admin/host/status"))[1]
    status, text = await served.ask("GET", "/api/a")
    assert (status == 503 and sentence in text) or (status == 404 and "route" in name)


async def test_bindings_without_the_extension_bundle_are_refused_with_the_consequence(
    serve: Serve, tmp_path: Path
) -> None:
    """In Azure the function would not load either."""
    script = (
        "@app.route(route='a')\n@app.generic_output_binding(arg_name='x', type='signalR', "
        "hubName='c')\n"
    )
    folder = write_app(
        tmp_path / "app",
        script + "def f(req, x: func.Out[str]): return 'a'\n" + FINE,
        host='{"version": "2.0"}',
    )
    served = await serve(folder)
    status, text = await served.ask("GET", "/api/a")
    assert status == 503 and "binding type(s) 'signalR' of function 'f' are not registered" in text
    assert "in Azure, too, the function would not load" in served.log
    await fine(served)


async def test_one_signalr_event_with_two_functions_is_refused(
    serve: Serve, tmp_path: Path
) -> None:
    """Keys are compared without case."""
    line = (
        "@app.generic_trigger(arg_name='e', type='signalRTrigger', hubName='{}', "
        "category='messages', event='say')\n"
    )
    script = (
        line.format("c")
        + "def f(e: str) -> None: ...\n"
        + line.format("C")
        + "def g(e: str) -> None: ...\n"
    )
    served = await serve(write_app(tmp_path / "app", script))
    assert (
        "The 'g' function is in error: The SignalR trigger c/messages/say is the one of "
        "function 'f' already." in served.log
    )


async def test_a_response_that_cannot_be_sent_is_an_empty_500(serve: Serve, tmp_path: Path) -> None:
    """A header with a control character, an odd status; the reason is in the log."""
    bad_header = (
        "@app.route(route='h')\ndef h(req): return func.HttpResponse('x', headers={'X-A': "
        "'a\\x01'})\n"
    )
    bad_status = (
        "@app.route(route='s')\ndef s(req): return func.HttpResponse('x', status_code='odd')\n"
    )
    served = await serve(write_app(tmp_path / "app", bad_header + bad_status + FINE))
    assert await served.ask("GET", "/api/h") == (500, "")
    assert await served.ask("GET", "/api/s") == (500, "")
    assert "a line break, another control character" in served.log
    assert "'odd' is no status" in served.log
    await fine(served)


async def test_too_many_outstanding_requests_are_429(serve: Serve, tmp_path: Path) -> None:
    """maxOutstandingRequests of host.json."""
    host = json.dumps({"version": "2.0", "extensions": {"http": {"maxOutstandingRequests": 1}}})
    script = (
        "import asyncio\n@app.route(route='s')\nasync def s(req) -> str:\n"
        "    await asyncio.sleep(0.5)\n    return 's'\n"
    )
    served = await serve(write_app(tmp_path / "app", script, host=host))
    answers = await asyncio.gather(*(served.ask("GET", "/api/s") for _ in range(3)))
    assert sorted(status for status, _ in answers) == [200, 429, 429]


async def test_a_disabled_function_is_404_and_listed_as_disabled(
    serve: Serve, tmp_path: Path
) -> None:
    """AzureWebJobs.NAME.Disabled."""
    settings = settings_json({"AzureWebJobs.f.Disabled": "true"})
    served = await serve(
        write_app(
            tmp_path / "app",
            "@app.route(route='a')\ndef f(req): return 'a'\n",
            local_settings_json=settings,
        )
    )
    assert (await served.ask("GET", "/api/a"))[0] == 404
    assert "Function f is disabled." in served.log


async def test_settings_are_the_apps_environment(serve: Serve, tmp_path: Path) -> None:
    """And its folder is where it works."""
    script = (
        "import os\n@app.route(route='e')\ndef e(req):\n"
        "    return json.dumps([os.getcwd(), os.environ.get('A')])\n"
    )
    served = await serve(
        write_app(tmp_path / "app", script, local_settings_json=settings_json({"A": "1"}))
    )
    assert json.loads((await served.ask("GET", "/api/e"))[1]) == [str(tmp_path / "app"), "1"]


async def test_two_apps_do_not_disturb_each_other(serve: Serve, tmp_path: Path) -> None:
    """A broken one and a good one side by side."""
    broken = await serve(write_app(tmp_path / "broken", "1/0\n"))
    good = await serve(
        write_app(tmp_path / "good", "@app.route(route='fine')\ndef fine(req): return 'fine'\n")
    )
    assert (await broken.ask("GET", "/api/fine"))[0] == 503
    await fine(good)


async def test_app_files_are_not_littered_with_bytecode(serve: Serve, tmp_path: Path) -> None:
    """A learner's folder stays as it was written."""
    folder = write_app(
        tmp_path / "app",
        "import helper\n@app.route(route='fine')\ndef fine(req): return 'fine'\n",
        helper="x = 1\n",
    )
    await fine(await serve(folder))
    assert sorted(path.name for path in folder.rglob("*")) == [
        "function_app.py",
        "helper.py",
        "host.json",
    ]


def test_the_head_of_the_test_apps_is_what_a_person_writes() -> None:
    """Guards the helper: the scripts above are appended to it."""
    assert "FunctionApp(http_auth_level" in HEAD and '"2.0"' in HOST_JSON
