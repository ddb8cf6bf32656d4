"""`chatkit func start`: an entry of its own that starts quickly, read as strictly as the others."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from time import monotonic
from types import SimpleNamespace
from typing import cast

import pytest

from chatkit.cli import func_start
from chatkit.core.ports import any_free
from chatkit.core.processes import wait_until
from chatkit.core.running import presence
from chatkit.localcloud.easy_auth.local.options import EMPTIED, SignInOptions
from chatkit.localcloud.functions.local import local_run
from chatkit.localcloud.functions.local.startup import LocalOptions
from tests.cli.typing_verbs import Chatkit

APP = """import azure.functions as func
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
@app.route(route="hello")
def hello(req: func.HttpRequest) -> str:
    return "hello"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small app."""
    (tmp_path / "host.json").write_text('{"version": "2.0"}', encoding="utf-8")
    (tmp_path / "function_app.py").write_text(APP, encoding="utf-8")
    return tmp_path


def test_a_page_that_is_not_there_is_named(chatkit: Chatkit, folder: Path) -> None:
    """Before anything starts."""
    typed = chatkit("func", "start", str(folder), "--page", str(folder / "content"))
    assert typed.code == 2 and "There is no folder" in typed.err


def test_the_page_is_served_beside_the_functions(folder: Path) -> None:
    """In the same process, with nothing of its requests among the functions' lines."""
    (folder / "content").mkdir()
    (folder / "content" / "index.html").write_text("the page", encoding="utf-8")
    port = any_free()
    page = ["--page", str(folder / "content"), "--page-port", str(port)]
    command = [sys.executable, "-m", "chatkit", "func", "start", str(folder), "--port", "0", *page]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        assert any("/api/hello" in line for line in process.stdout)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as answer:
            assert answer.read() == b"the page"
        process.send_signal(signal.SIGTERM)
        assert "GET" not in process.stdout.read()


def test_an_app_runs_until_it_is_interrupted(folder: Path) -> None:
    """It prints where its functions are, answers, and ends with 0."""
    page = "http://127.0.0.1:5500"
    options = ["--port", "0", "--cors", page, "--cors-credentials"]
    command = [sys.executable, "-m", "chatkit", "func", "start", str(folder), *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        found = next(
            filter(
                None,
                (re.search(r"http://localhost:\d+/api/hello", line) for line in process.stdout),
            )
        )
        request = urllib.request.Request(found.group(), headers={"Origin": page})
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert (answer.read(), answer.headers["Access-Control-Allow-Credentials"]) == (
                b"hello",
                "true",
            )
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0


def test_it_can_be_interrupted_while_the_app_is_imported(folder: Path) -> None:
    """It ends at once, not when the app has been imported."""
    marker = folder / "importing"
    script = f"import pathlib, time\npathlib.Path({str(marker)!r}).touch()\ntime.sleep(600)\n"
    (folder / "function_app.py").write_text(script, encoding="utf-8")
    command = [sys.executable, "-m", "chatkit", "func", "start", str(folder), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            wait_until(
                lambda: marker.exists() or None,
                until=monotonic() + 30,
                unless=lambda: process.poll() is not None,
            )
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=30) == 0
        finally:
            process.kill()


def test_it_ends_with_the_people_who_could_sign_in(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the local cloud was emptied, nobody would come in any more; a sentence says so."""
    said: list[str] = []
    gone = cast(SignInOptions, SimpleNamespace(folder=folder / "gone"))

    async def serve(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(local_run, "_serve", serve)
    monkeypatch.setattr(presence, "LOOK_S", 0.01)
    assert local_run.run(folder, LocalOptions(echo=said.append, sign_in=gone)) == 0
    assert said == [EMPTIED]


def test_it_imports_nothing_of_the_other_verbs() -> None:
    """Half of the start would be theirs."""
    heavy = "{'typer', 'pydantic', 'rich', 'aiohttp', 'azure'}"
    imports = "import sys, chatkit.cli.func_start, chatkit.localcloud.functions.local.local_run"
    script = f"{imports}; print({heavy} & {{*sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, encoding="utf-8", check=True
    )
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("arguments", ["--port x", "--port 70000", "--no-such-option", "one two"])
def test_bad_usage_is_one_sentence_and_two(
    arguments: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the other verbs answer."""
    with pytest.raises(SystemExit) as ended:
        func_start.start(arguments.split())
    written = capsys.readouterr().err
    assert (ended.value.code, written.count("\n")) == (2, 1)
    assert (
        written.startswith("chatkit: ")
        and "`chatkit func start --help` shows what is possible" in written
    )


def test_a_folder_without_app_is_named_at_both_entries(
    chatkit: Chatkit, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """One sentence, exit code 1."""
    typed = chatkit("func", "start", str(tmp_path))
    assert (typed.code, typed.err.count("\n")) == (1, 1) and "There is no host.json" in typed.err
    capfd.readouterr()
    assert func_start.main() == 1
    assert capfd.readouterr().err == typed.err
