"""`chatkit auth --for URL` as people type it."""

from __future__ import annotations

import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from chatkit.chat.client.background_loop import background_loop
from chatkit.chat.client.sign_in import sign_in
from chatkit.cli import auth, func_start
from chatkit.cloud import local_cloud
from tests.cli.typing_verbs import Chatkit

NAME = "X-MS-CLIENT-PRINCIPAL-NAME"


class App(http.server.BaseHTTPRequestHandler):
    """An app that says whom it was told."""

    def do_GET(self) -> None:
        text = json.dumps(self.headers.get_all(NAME)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def app() -> Iterator[int]:
    """The app's port."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), App) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def address_in(output: IO[str]) -> str:
    """The address that the verb tells people to open."""
    return next(line for line in output if " Open " in line).rpartition(" Open ")[2].strip()


@pytest.mark.slow
def test_one_line_signs_people_in_to_any_app(app: int, home: Path, chatkit: Chatkit) -> None:
    """The local cloud is started, alice's name reaches the app, Ctrl+C ends it with 0, and the next
    start knows the same registration and the same port of its own; it ends with the local cloud's
    documents.
    """
    command = [sys.executable, "-m", "chatkit", "auth", "--for", f"http://127.0.0.1:{app}"]
    try:
        seen = []
        for is_last in (False, True):
            with subprocess.Popen(
                command, stdout=subprocess.PIPE, text=True, encoding="utf-8", env={**os.environ}
            ) as process:
                assert process.stdout is not None
                url = address_in(process.stdout)
                alice = background_loop().call(sign_in(url, "alice"))
                request = urllib.request.Request(f"{url}/x", headers={**alice.headers, NAME: "bob"})
                with urllib.request.urlopen(request, timeout=30) as answer:
                    assert json.load(answer) == [alice.name]
                audience = urllib.request.Request(f"{url}/.auth/me", headers=alice.headers)
                with urllib.request.urlopen(audience, timeout=30) as answer:
                    claims = {one["typ"]: one["val"] for one in json.load(answer)[0]["user_claims"]}
                seen.append((url, claims["aud"]))
                if is_last:
                    assert chatkit("local", "reset", "-y").code == 0
                else:
                    process.send_signal(signal.SIGINT)
                assert process.wait(timeout=30) == 0
                assert ("The local cloud was emptied" in process.stdout.read()) == is_last
        assert seen[0] == seen[1]
    finally:
        local_cloud.stop(home / "local")


@pytest.mark.parametrize(
    "arguments",
    [
        "",
        "--for http://localhost:1 --require maybe",
        "--for http://localhost:1 --allow-anonymous public",
        "--for http://localhost:1 --allowed-external-redirect-urls localhost",
        "--for http://localhost:1 --port x",
        "--for http://localhost:1 --cors localhost:5173",
        "--for http://localhost:1 --cors http://localhost:5173/",
    ],
)
def test_bad_usage_is_one_sentence_and_two(
    arguments: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the other verbs answer."""
    with pytest.raises(SystemExit) as ended:
        auth.start(arguments.split())
    written = capsys.readouterr().err
    assert (ended.value.code, written.count("\n")) == (2, 1)
    assert "`chatkit auth --help` shows what is possible" in written


def test_options_of_sign_in_need_auth(capsys: pytest.CaptureFixture[str]) -> None:
    """`func start --require` alone would protect nothing."""
    for option in ("--require", "--allow-anonymous /x"):
        with pytest.raises(SystemExit) as ended:
            func_start.start(option.split())
        assert (ended.value.code, "--auth" in capsys.readouterr().err) == (2, True)


def test_another_machine_is_refused_before_anything_starts(chatkit: Chatkit, home: Path) -> None:
    """One sentence, exit code 1."""
    typed = chatkit("auth", "--for", "http://example.com:3000")
    assert (typed.code, typed.err.count("\n")) == (1, 1)
    assert "example.com is not this machine" in typed.err
    assert not (home / "local").exists()


def test_a_port_alone_is_shown_as_an_address(chatkit: Chatkit) -> None:
    """Which host and which scheme are not guessed."""
    typed = chatkit("auth", "--for", "3000")
    assert typed.code == 1
    assert "3000 is no address of an app. For example http://localhost:3000." in typed.err
