"""The local cloud's process: believed when it answers with its token, and asked directly."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import psutil
import pytest

from chatkit.cloud import local_cloud, local_stage
from chatkit.core.errors import NotAnswering, NotStarted, ServiceError
from chatkit.core.file_lock import FileLock
from chatkit.core.settings import checkout

TOKEN = "the-token-of-this-home"
HOLDER = """
import pathlib, sys, time
from chatkit.core.file_lock import FileLock
with FileLock(pathlib.Path(sys.argv[1])) as lock:
    print(lock.try_acquire(), flush=True)
    time.sleep(600)
"""
PROXY_VARIABLES = ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")


class Recorder(ThreadingHTTPServer):
    """An http server that notes what it is asked, and with which token."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, str, str]] = []

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    def _answer(self) -> None:
        assert isinstance(self.server, Recorder)
        token = self.headers.get("x-chatkit-token", "")
        self.server.asked.append((self.command, self.path, token))
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status = 200
        body: dict[str, object] = {"mode": "fast", "scale": 1.0}
        if token != TOKEN:
            status = 403
            body = {"error": "no token"}
        if "/faults/" in self.path:
            status = 400
            body = {"error": "There is no such fault."}
        content = json.dumps(body)
        if self.path == "/stage":
            status = 404
            content = "404: Not Found"
        self.send_response(status)
        self.end_headers()
        self.wfile.write(content.encode())

    do_GET = do_PUT = do_POST = do_DELETE = _answer

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@contextmanager
def serving() -> Iterator[Recorder]:
    """A recorder that answers."""
    with Recorder() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Recorder]:
    """A control endpoint that the folder's `cloud.json` names."""
    with serving() as server:
        write(tmp_path, {"control": server.url, "control_token": TOKEN, "pid": 1})
        yield server


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    """A proxy that the environment names for every address."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with serving() as server:
        for name in PROXY_VARIABLES:
            monkeypatch.setenv(name, server.url)
        yield server


def write(where: Path, content: object) -> None:
    """Write a `cloud.json`."""
    (where / "cloud.json").write_text(json.dumps(content), encoding="utf-8")


def test_the_token_goes_to_no_proxy(tmp_path: Path, control: Recorder, proxy: Recorder) -> None:
    """Whoever has it may read every secret of the local cloud, and stop it."""
    assert local_cloud.running(tmp_path)
    local_cloud.ask("PUT", "/time", {"mode": "fast"}, where=tmp_path)
    assert proxy.asked == []
    assert [(method, path) for method, path, _ in control.asked if method != "GET"] == [
        ("PUT", "/time")
    ]


@pytest.mark.usefixtures("control")
def test_a_copy_of_a_folder_is_not_the_one_that_runs(tmp_path: Path) -> None:
    """Cleaning up in the copy would delete what is in the other."""
    with FileLock(tmp_path / "lock") as lock:
        assert lock.try_acquire() and local_cloud.running(tmp_path)
    assert local_cloud.running(tmp_path) is None


@pytest.mark.usefixtures("control")
def test_a_refusal_is_an_error_with_its_sentence(tmp_path: Path) -> None:
    """The status is kept."""
    with pytest.raises(ServiceError, match="no such fault") as caught:
        local_cloud.ask("PUT", "/faults/rain", {}, where=tmp_path)
    assert caught.value.status == 400


@pytest.mark.usefixtures("control")
def test_a_cloud_of_another_version_is_said_to_be_one(tmp_path: Path) -> None:
    """What it does not have is no damage; `chatkit stop` goes on."""
    with pytest.raises(ServiceError, match="another version of chatkit"):
        local_cloud.ask("GET", "/stage", where=tmp_path)
    assert not local_stage.end(tmp_path)["was_open"]


def test_another_local_cloud_on_that_port_is_not_ours(tmp_path: Path, control: Recorder) -> None:
    """It speaks the same language, and does not know our token."""
    write(tmp_path, {"control": control.url, "control_token": "of another home", "pid": 1})
    assert local_cloud.running(tmp_path) is None
    with pytest.raises(NotStarted, match="chatkit local up"):
        local_cloud.ask("GET", "/time", where=tmp_path)


def test_another_program_on_that_port_is_not_ours(tmp_path: Path) -> None:
    """It does not even speak http."""
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor() as pool:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        write(tmp_path, {"control": address, "control_token": TOKEN, "pid": 1})
        pool.submit(answer_nonsense, server)
        assert local_cloud.running(tmp_path) is None


def answer_nonsense(server: socket.socket) -> None:
    client, _ = server.accept()
    with client:
        client.recv(1000)
        client.sendall(b"SSH-2.0-something\r\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        '{"control": 7}',
        '{"control": "http://127.0.0.1:1", "control_token": "x"}',
    ],
)
def test_a_damaged_file_means_not_running(tmp_path: Path, text: str) -> None:
    """Half a file, or somebody else's."""
    (tmp_path / "cloud.json").write_text(text, encoding="utf-8")
    assert local_cloud.running(tmp_path) is None


def test_the_process_starts_and_stops(tmp_path: Path) -> None:
    """Started twice it is the same run; after a stop the next is another one."""
    assert "Nothing has started it" in str(local_cloud.not_running(tmp_path))
    first = local_cloud.start(tmp_path)
    try:
        assert local_cloud.run_id(local_cloud.start(tmp_path)) == local_cloud.run_id(first)
        assert local_cloud.stop(tmp_path) and not local_cloud.stop(tmp_path)
        assert local_cloud.running(tmp_path) is None
        assert "It was stopped" in str(local_cloud.not_running(tmp_path))
        assert local_cloud.run_id(local_cloud.start(tmp_path)) != local_cloud.run_id(first)
    finally:
        local_cloud.stop(tmp_path)


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[psutil.Process]:
    """A process that has the home of a local cloud, and answers nobody."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=checkout()) as process:
        assert process.stdout is not None and process.stdout.readline()
        yield psutil.Process(process.pid)
        process.kill()


def test_one_that_answers_nobody_is_said_to_run(tmp_path: Path, silent: psutil.Process) -> None:
    """It is neither off nor of any use; to end it is the way on."""
    said = str(local_cloud.not_running(tmp_path))
    assert f"runs (process {silent.pid}), but does not answer" in said
    assert "`chatkit local down` ends it" in said


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_a_suspended_one_is_said_to_be_so(tmp_path: Path, silent: psutil.Process) -> None:
    """By whoever asks, starts or waits; and it can be stopped."""
    silent.suspend()
    while silent.status() != psutil.STATUS_STOPPED:
        pass
    words = f"suspended \\(process {silent.pid}\\).*`kill -CONT {silent.pid}`"
    with pytest.raises(NotAnswering, match=words):
        local_cloud.start(tmp_path)
    assert str(local_cloud.absence(tmp_path)) == str(local_cloud.not_running(tmp_path))
    assert local_cloud.stop(tmp_path) and local_cloud.absence(tmp_path) is not None
    assert "not running" in str(local_cloud.absence(tmp_path))


def test_no_azure_package_is_imported() -> None:
    """`chatkit local status` is quick."""
    code = (
        "import sys, chatkit.cloud.local_cloud; print({'azure', 'aiohttp', 'psutil'} &"
        " {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=True
    )
    assert done.stdout.strip() == "set()"
