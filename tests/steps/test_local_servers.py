"""The two servers of a local run."""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from chatkit.core import ports
from chatkit.core.errors import PortInUse, SetupError
from chatkit.core.ports import is_free, next_free
from chatkit.core.running import start_proof
from chatkit.steps.local_servers import FUNCTIONS, PAGE, LocalServers
from chatkit.steps.servers.server import Program, Server


def some_port() -> int:
    """A free port that tests in other processes do not choose at the same moment."""
    return next_free(random.randrange(20000, 30000))


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A page of one file."""
    folder = tmp_path / "content"
    folder.mkdir()
    (folder / "index.html").write_text("hello", encoding="utf-8")
    return folder


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[LocalServers]:
    """Servers of an empty home, stopped at the end."""
    servers = LocalServers(tmp_path)
    yield servers
    servers.stop(PAGE)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that this process holds."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        yield int(held.getsockname()[1])


def test_the_page_is_served_when_start_returns(servers: LocalServers, page: Path) -> None:
    """No cell has to wait or try again."""
    started = servers.start_page(page, port=some_port())
    with urllib.request.urlopen(started.server.url) as answer:
        assert answer.read() == b"hello"
        assert answer.headers["Cache-Control"] == "no-cache"


def test_starting_twice_keeps_the_server(servers: LocalServers, page: Path) -> None:
    """A cell can be run again."""
    first = servers.start_page(page, port=some_port())
    again = servers.start_page(page, port=some_port())
    assert (first.is_new, again.is_new, again.server) == (True, False, first.server)


def test_another_process_finds_the_server(
    servers: LocalServers, page: Path, tmp_path: Path
) -> None:
    """A kernel restart forgets nothing."""
    server = servers.start_page(page, port=some_port()).server
    assert LocalServers(tmp_path).running(PAGE) == server


def test_a_taken_port_names_its_holder_and_the_next_is_used(
    servers: LocalServers, page: Path, taken: int
) -> None:
    """The lesson goes on; who runs the cell again reads the same."""
    started = servers.start_page(page, port=taken)
    assert started.server.port != taken
    assert f"process {os.getpid()}" in started.instead_of
    again = servers.start_page(page, port=taken)
    assert again == replace(started, is_new=False)


@pytest.mark.parametrize("command", [("chatkit.steps.page_server",), ("chatkit", "func", "start")])
def test_a_server_says_by_its_exit_code_that_the_port_is_taken(
    page: Path, taken: int, command: tuple[str, ...]
) -> None:
    """The page's server takes its port as a word, the function host as an option."""
    (page / "host.json").write_text('{"version": "2.0"}', encoding="utf-8")
    option = ("--port",) if command[0] == "chatkit" else ()
    done = subprocess.run(
        [sys.executable, "-m", *command, str(page), *option, str(taken)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, start_proof.VARIABLE: start_proof.new_secret()},
    )
    assert (done.returncode, "Traceback" in done.stderr) == (PortInUse.exit_code, False), (
        done.stderr
    )


def test_a_port_lost_for_a_moment_is_given_up(
    servers: LocalServers, page: Path, tmp_path: Path
) -> None:
    """Somebody took it between choosing and listening, and may have left it again since."""
    first = some_port()
    script = tmp_path / "unlucky.py"
    script.write_text(
        "import sys\n"
        "from chatkit.steps.page_server import main\n"
        f"sys.exit({PortInUse.exit_code} if sys.argv[2] == '{first}' else main(sys.argv[1:]))\n",
        encoding="utf-8",
    )
    started = servers.start(
        Program(PAGE, (sys.executable, str(script), str(page)), page), port=first
    )
    assert started.server.port != first and servers.running(PAGE) == started.server


def test_stop_frees_the_port(servers: LocalServers, page: Path) -> None:
    """And says whether there was anything to stop."""
    server = servers.start_page(page, port=some_port()).server
    assert servers.stop(PAGE)
    assert not servers.stop(PAGE)
    assert is_free(server.port)


def test_a_reused_process_id_is_not_our_server(tmp_path: Path) -> None:
    """After a reboot the recorded id belongs to somebody else, who must not be stopped."""
    (tmp_path / "servers").mkdir()
    record = {"name": PAGE, "pid": os.getpid(), "created": 1.0, "port": 1, "folder": "x"}
    (tmp_path / "servers" / "page.json").write_text(json.dumps(record), encoding="utf-8")
    servers = LocalServers(tmp_path)
    assert servers.running(PAGE) is None
    assert not servers.stop(PAGE)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"pid": 1}'])
def test_a_damaged_record_counts_as_none(tmp_path: Path, text: str) -> None:
    """The server can be started again."""
    (tmp_path / "servers").mkdir()
    (tmp_path / "servers" / "page.json").write_text(text, encoding="utf-8")
    assert LocalServers(tmp_path).running(PAGE) is None


def test_a_server_that_ends_says_what_it_printed_last(servers: LocalServers, page: Path) -> None:
    """Not a time-out after 45 seconds."""
    command = (sys.executable, "-c", "import sys; sys.exit('the disk is on fire')")
    with pytest.raises(SetupError, match="the disk is on fire"):
        servers.start(Program(PAGE, command, page), port=some_port())


def test_an_app_that_cannot_be_loaded_is_said_with_the_hosts_words(
    servers: LocalServers, page: Path, tmp_path: Path
) -> None:
    """503 everywhere is not a running app."""
    script = tmp_path / "host.py"
    script.write_text(
        "import sys\n"
        "from chatkit.steps import page_server\n"
        "page_server.SimpleHTTPRequestHandler.do_GET = lambda self: self.send_error(503)\n"
        "page_server._PageHandler.log_message = lambda *_: None\n"
        "print('ImportError: no module named nope', flush=True)\n"
        "page_server.main(['.', sys.argv[1]])\n",
        encoding="utf-8",
    )
    with pytest.raises(SetupError, match="no module named nope"):
        servers.start(Program(FUNCTIONS, (sys.executable, str(script)), page), port=some_port())
    assert servers.running(FUNCTIONS) is None


def test_a_function_host_starts_anew_when_a_file_changed(servers: LocalServers, page: Path) -> None:
    """On its port; the cell's promise is that what is in the folder now runs now."""
    command = (sys.executable, "-m", "chatkit.steps.page_server", str(page))
    host = Program(FUNCTIONS, command, page, restarts=True)
    first = servers.start(host, port=some_port()).server
    assert not servers.start(host, port=some_port()).is_new
    os.utime(page / "index.html", (1, 1))
    again = servers.start(host, port=some_port())
    assert again.is_new and again.server.port == first.port
    servers.stop(FUNCTIONS)


def test_a_missing_page_is_said(servers: LocalServers, tmp_path: Path) -> None:
    """With the verb that writes it."""
    with pytest.raises(SetupError, match="prepare_page"):
        servers.start_page(tmp_path / "nothing", port=20000)


def test_no_directory_is_listed_and_nothing_outside_is_served(
    servers: LocalServers, page: Path
) -> None:
    """A website shows neither."""
    (page / "vendor").mkdir()
    (page.parent / "secret.txt").write_text("x", encoding="utf-8")
    server = servers.start_page(page, port=some_port()).server
    for path in ("/vendor/", "/../secret.txt", "/%2e%2e/secret.txt"):
        with pytest.raises(urllib.error.HTTPError, match="404") as caught:
            urllib.request.urlopen(server.url + path)
        caught.value.close()


def test_the_page_server_ends_with_its_folder(servers: LocalServers, page: Path) -> None:
    """A deleted home leaves no process behind."""
    server = servers.start_page(page, port=some_port()).server
    shutil.rmtree(page)
    psutil.wait_procs([psutil.Process(server.pid)], timeout=30)
    assert not server.process.is_alive()


def test_api_and_page_are_two_sites() -> None:
    """For cookies, as in Azure."""
    assert Server("functions", 1, 0, 7071, "").url == "http://localhost:7071"
    assert Server("page", 1, 0, 5500, "").url == "http://127.0.0.1:5500"


def test_the_page_server_needs_the_standard_library_only() -> None:
    """It starts at once."""
    code = (
        "import chatkit.steps.page_server, sys\n"
        "print([m for m in ('psutil', 'azure', 'aiohttp') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=True
    )
    assert done.stdout.strip() == "[]"


def test_another_programs_server_is_not_taken_for_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The port is taken between choosing it and listening: the server moves to another one."""
    (tmp_path / "content").mkdir()
    other = socket.create_server(("127.0.0.1", 0))
    taken = other.getsockname()[1]
    free = iter([True])
    real = ports.is_free
    monkeypatch.setattr(ports, "is_free", lambda port: next(free, None) or real(port))
    started = LocalServers(tmp_path).start_page(tmp_path / "content", port=taken)
    LocalServers(tmp_path).stop(PAGE)
    other.close()
    assert started.server.port != taken
