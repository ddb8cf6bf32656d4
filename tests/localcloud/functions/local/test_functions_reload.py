"""A local run starts the app anew when its files change, and survives every bad change."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import psutil
import pytest

from chatkit.core.errors import PortInUse
from chatkit.localcloud.functions.host.errors import AppInvalid
from chatkit.localcloud.functions.local import watching
from chatkit.localcloud.functions.local.local_server import LocalRun
from chatkit.localcloud.functions.local.startup import LocalOptions, prepare
from tests.localcloud.functions.functions_testing import (
    HEAD,
    Serve,
    Served,
    settings_json,
    write_app,
)

ONE = "import os\n@app.route(route='v')\ndef v(req): return 'one ' + os.environ.get('A', '')\n"
TWO = "import os\n@app.route(route='v')\ndef v(req): return 'two ' + os.environ.get('A', '')\n"


async def until(condition: Callable[[], Awaitable[bool]], limit_s: float = 10) -> float:
    """Wait until something holds; returns how long it took."""
    started = time.monotonic()
    while not await condition():
        assert time.monotonic() - started < limit_s, "it never came true"
        await asyncio.sleep(0.01)
    return time.monotonic() - started


def answers(served: Served, expected: tuple[int, str]) -> Callable[[], Awaitable[bool]]:
    """Whether /api/v answers so."""

    async def check() -> bool:
        status, text = await served.ask("GET", "/api/v")
        return (status, text[: len(expected[1])]) == expected

    return check


async def test_changed_code_settings_and_host_json_are_taken_over(
    serve: Serve, tmp_path: Path
) -> None:
    """Each kind of file, one after another."""
    folder = write_app(tmp_path / "app", ONE, local_settings_json=settings_json({"A": "a"}))
    served = await serve(folder)
    assert await served.ask("GET", "/api/v") == (200, "one a")
    (folder / "function_app.py").write_text(HEAD + TWO, encoding="utf-8")
    await until(answers(served, (200, "two a")))
    (folder / "local.settings.json").write_text(settings_json({"A": "b"}), encoding="utf-8")
    await until(answers(served, (200, "two b")))
    (folder / "host.json").write_text(
        '{"version": "2.0", "extensions": {"http": {"routePrefix": "v9"}}}', encoding="utf-8"
    )
    await until(answers(served, (404, "")))
    assert await served.ask("GET", "/v9/v") == (200, "two b")
    assert "Changed: function_app.py" in served.log


async def test_the_request_after_saving_gets_what_was_saved(serve: Serve, tmp_path: Path) -> None:
    """A cell saves, the next one calls: never the app from before, nor its mistake."""
    folder = write_app(tmp_path / "app", ONE)
    served = await serve(folder)
    for text, expected in ((TWO, "two "), ("def broken(:\n", "This"), (ONE, "one ")):
        (folder / "function_app.py").write_text(HEAD + text, encoding="utf-8")
        _, answer = await served.ask("GET", "/api/v")
        assert answer[:4] == expected


async def test_requests_that_come_together_look_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One look is on its way, and one more serves all who came meanwhile."""
    looks: list[Path] = []

    def counted(folder: Path) -> watching.Snapshot:
        looks.append(folder)
        return {}

    monkeypatch.setattr(watching, "snapshot", counted)
    watch = watching.Watch(tmp_path)
    looks.clear()
    await asyncio.gather(*(watch.until_loaded() for _ in range(100)))
    assert 1 <= len(looks) <= 2


async def test_files_that_never_settle_hold_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An app that writes into its own folder is served all the same."""
    monkeypatch.setattr(watching, "LONGEST_WAIT_S", 0.05)
    folder = write_app(tmp_path / "app", ONE)
    watch = watching.Watch(folder)
    (folder / "function_app.py").write_text(HEAD + TWO, encoding="utf-8")
    async with asyncio.timeout(5):
        await watch.until_loaded()  # nobody loads it


async def test_an_app_that_never_ends_its_import_can_be_mended(
    serve: Serve, tmp_path: Path
) -> None:
    """At the start and later: the host does not wait for the import before it looks again."""
    marker = tmp_path / "importing"
    hangs = f"import pathlib, time\npathlib.Path({str(marker)!r}).touch()\ntime.sleep(600)\n"

    async def is_importing() -> bool:
        return marker.exists()

    folder = write_app(tmp_path / "app", hangs)
    serving = asyncio.ensure_future(serve(folder))
    await until(is_importing)
    (folder / "function_app.py").write_text(HEAD + ONE, encoding="utf-8")
    async with asyncio.timeout(10):
        served = await serving
    await until(answers(served, (200, "one")))
    marker.unlink()
    (folder / "function_app.py").write_text(HEAD + hangs, encoding="utf-8")
    await until(is_importing)
    (folder / "function_app.py").write_text(HEAD + TWO, encoding="utf-8")
    await until(answers(served, (200, "two")))


async def test_a_syntax_error_is_shown_and_its_correction_heals(
    serve: Serve, tmp_path: Path
) -> None:
    """503 with the sentence in between, never the old code in silence."""
    folder = write_app(tmp_path / "app", ONE)
    served = await serve(folder)
    (folder / "function_app.py").write_text("def broken(:\n", encoding="utf-8")
    await until(answers(served, (503, "This function app did not start: SyntaxError")))
    (folder / "function_app.py").write_text(HEAD + TWO, encoding="utf-8")
    await until(answers(served, (200, "two")))


async def test_malformed_settings_are_named_and_the_old_ones_stay(
    serve: Serve, tmp_path: Path
) -> None:
    """Half-written files are common while a person types."""
    folder = write_app(tmp_path / "app", ONE, local_settings_json=settings_json({"A": "a"}))
    served = await serve(folder)
    (folder / "local.settings.json").write_text("{", encoding="utf-8")

    async def named() -> bool:
        return "local.settings.json is not valid JSON" in served.log

    await until(named)
    assert await served.ask("GET", "/api/v") == (200, "one a")


async def test_cors_comes_from_local_settings_and_changes_with_them(
    serve: Serve, tmp_path: Path
) -> None:
    """The host answers the preflight itself, with credentials for the exact origin only."""
    page = "http://127.0.0.1:5500"
    folder = write_app(
        tmp_path / "app", ONE, local_settings_json=settings_json(CORS=page, CORSCredentials=True)
    )
    served = await serve(folder)
    preflight = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-zumo-auth",
    }
    async with served.client.options(
        f"{served.url}/api/v", headers={"Origin": page, **preflight}
    ) as response:
        assert response.status == 204
        assert response.headers["Access-Control-Allow-Origin"] == page
        assert response.headers["Access-Control-Allow-Headers"] == "x-zumo-auth"
        assert response.headers["Access-Control-Allow-Credentials"] == "true"
    async with served.client.get(
        f"{served.url}/api/v", headers={"Origin": "http://evil.example"}
    ) as response:
        assert "Access-Control-Allow-Origin" not in response.headers
    (folder / "local.settings.json").write_text(settings_json(CORS="*"), encoding="utf-8")

    async def open_to_all() -> bool:
        async with served.client.get(
            f"{served.url}/api/v", headers={"Origin": "http://any.example"}
        ) as response:
            return response.headers.get("Access-Control-Allow-Origin") == "*"

    await until(open_to_all)


async def test_a_failing_function_answers_with_cors_headers_too(
    serve: Serve, tmp_path: Path
) -> None:
    """Else a browser would hide the 500 behind a CORS error."""
    script = "@app.route(route='v')\ndef v(req): return 1/0\n"
    served = await serve(
        write_app(tmp_path / "app", script, local_settings_json=settings_json(CORS="http://a"))
    )
    async with served.client.get(f"{served.url}/api/v", headers={"Origin": "http://a"}) as response:
        assert (response.status, response.headers["Access-Control-Allow-Origin"]) == (
            500,
            "http://a",
        )


async def test_the_command_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    """`chatkit func start` in a process of its own; its child ends with it."""
    folder = write_app(
        tmp_path / "app", "import os\n@app.route(route='v')\ndef v(req): return str(os.getpid())\n"
    )
    command = (sys.executable, "-m", "chatkit", "func", "start", str(folder), "--port", "0")
    checkout = Path(__file__).parents[4]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, cwd=checkout
    )
    assert process.stdout is not None
    async with asyncio.timeout(60):
        while b"v: http://" not in (line := await process.stdout.readline()):
            assert line
    async with aiohttp.ClientSession() as client, client.get(line.split()[-1].decode()) as response:
        child = psutil.Process(int(await response.text()))
    process.terminate()
    await process.communicate()
    assert process.returncode == 0
    assert psutil.wait_procs([child], timeout=30)[1] == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell script as interpreter")
async def test_another_interpreter_can_be_chosen(serve: Serve, tmp_path: Path) -> None:
    """By the setting that Functions has for it."""
    other = tmp_path / "python"
    other.write_text(f'#!/bin/sh\nA=other exec {sys.executable} "$@"\n', encoding="utf-8")
    other.chmod(0o755)
    settings = settings_json({"languageWorkers__python__defaultExecutablePath": str(other)})
    served = await serve(write_app(tmp_path / "app", ONE, local_settings_json=settings))
    assert await served.ask("GET", "/api/v") == (200, "one other")


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        ("missing", "cannot be started: No such file"),
        ("false", "exit code 7; the last line it printed: no azure"),
    ],
)
async def test_an_interpreter_that_does_not_work_is_named(
    serve: Serve, tmp_path: Path, program: str, sentence: str
) -> None:
    """What it printed last is in the sentence."""
    (tmp_path / "false").write_text("#!/bin/sh\necho no azure here >&2\nexit 7\n", encoding="utf-8")
    (tmp_path / "false").chmod(0o755)
    settings = settings_json(
        {"languageWorkers__python__defaultExecutablePath": str(tmp_path / program)}
    )
    served = await serve(write_app(tmp_path / "app", ONE, local_settings_json=settings))
    status, text = await served.ask("GET", "/api/v")
    assert status == 503 and sentence in text


async def test_a_taken_port_is_named(tmp_path: Path) -> None:
    """One sentence with the number."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=f"Port {port} is taken"):
            folder = write_app(tmp_path / "app", ONE)
            await LocalRun.start(prepare(folder, LocalOptions(port=port)))


def test_a_folder_without_an_app_and_a_foreign_address_are_refused(tmp_path: Path) -> None:
    """Before anything is opened."""
    with pytest.raises(AppInvalid, match="There is no host.json"):
        prepare(tmp_path, LocalOptions(port=0))
    folder = write_app(tmp_path / "app", ONE)
    with pytest.raises(AppInvalid, match="this machine only"):
        prepare(folder, LocalOptions(port=0, address="0.0.0.0"))
