"""`chatkit lab`: JupyterLab really serves the first notebook, and the local cloud runs."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from chatkit.cli import lab
from chatkit.cloud import local_cloud
from chatkit.core import ports, settings
from chatkit.core.errors import NotWritten, PortInUse, SetupError
from chatkit.core.work import notebooks

ROOT = Path(__file__).resolve().parents[2]


def wait_until_it_listens(port: int) -> None:
    """Lab prints its address a moment before it listens there."""
    deadline = time.monotonic() + 20
    with socket.socket() as probe:
        while probe.connect_ex(("127.0.0.1", port)) != 0:
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.fixture
def served(home: Path, tmp_path: Path) -> Iterator[list[str]]:
    """What `chatkit lab --no-browser` prints until it says where it is."""
    variables = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(tmp_path / "jupyter"),
        "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
    }
    command = [
        sys.executable,
        "-m",
        "chatkit",
        "lab",
        "--no-browser",
        "--port",
        str(ports.any_free()),
    ]
    with subprocess.Popen(
        command, cwd=ROOT, env=variables, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        assert process.stderr is not None
        printed: list[str] = []
        address = None
        while address is None:
            printed.append(process.stderr.readline())
            assert printed[-1], "it ended"
            address = re.search(r"http://127\.0\.0\.1:(\d+)/\S+", printed[-1])
        wait_until_it_listens(int(address[1]))
        yield printed
        psutil.Process(process.pid).terminate()
        assert "not trusted" not in process.stderr.read()
    local_cloud.stop(home / "local")


def open_notebook(address: str) -> None:
    """As Lab does it; what Jupyter has to say about that does not belong into the terminal."""
    notebook = address.replace("/?", "/api/contents/notebooks/00-start-here.ipynb?")
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(notebook) as answer:
        assert answer.status == 200


@pytest.mark.slow
def test_lab_opens_the_first_notebook(served: list[str], home: Path) -> None:
    """It prints one line, whose address leads to notebook 00, and the cloud that it needs runs."""
    (line,) = served
    assert len(line.rstrip()) <= 80
    address = line.split()[-1]
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address) as page:
        assert re.search(r"/lab/tree/notebooks/00-[a-z-]+\.ipynb\?token=", page.url)
        assert page.status == 200 and b"jupyter-config-data" in page.read()
    open_notebook(address)
    copies = {path.name for path in (home / "my-chat" / "notebooks").iterdir()}
    assert copies == {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert local_cloud.running(home / "local")


@pytest.mark.usefixtures("home")
def test_a_full_disk_does_not_keep_lab_from_the_copies_there_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Newer ones have to wait; without any, there is nothing to open."""

    def refuse(*_places: object) -> None:
        raise NotWritten("It cannot be written: the disk is full.", is_full=True)

    monkeypatch.setattr(notebooks, "bring_up_to_date", refuse)
    with pytest.raises(NotWritten):
        lab.bring_notebooks()
    copy = settings.chat_folder() / "notebooks" / "00-start-here.ipynb"
    copy.parent.mkdir(parents=True)
    copy.touch()
    lab.bring_notebooks()
    assert "the notebooks stay as they are: It cannot be written" in capsys.readouterr().out


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_port_that_is_taken_names_who_has_it_and_two_ways_on(host: str) -> None:
    """Whatever address that program listens on."""
    with socket.create_server((host, 0)) as server:
        taken = int(server.getsockname()[1])
        with pytest.raises(PortInUse) as caught:
            lab.choose_port(taken)
    said = str(caught.value)
    assert f"Port {taken} is taken by" in said and f"(process {os.getpid()})" in said
    assert "`chatkit stop`" in said and re.search(r"--port \d+\.$", said)


@pytest.mark.parametrize("wanted_for", ["JupyterLab", "the local functions host"])
def test_a_port_that_is_not_for_this_user_says_so(
    wanted_for: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below 1024 on Linux; nobody has it, so nobody is named."""

    def refuse(*_arguments: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(ports, "bind", refuse)
    with pytest.raises(SetupError, match=r"Port 80 is not for ordinary users.*--port \d{4}\.$"):
        ports.bind_wanted(80, wanted_for=wanted_for)


def test_the_next_port_is_taken_when_nobody_asked_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two checkouts can have their Lab open at once."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = int(server.getsockname()[1])
        monkeypatch.setattr(lab, "PORT", taken)
        assert taken < lab.choose_port(None) < taken + 20


def test_more_people_than_ports_in_a_row_have_one_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """A class of thirty on one machine."""
    monkeypatch.setattr(ports, "answers", lambda port, host: port < lab.PORT + lab.TRIES)
    monkeypatch.setattr(ports, "any_free", lambda: 23456)
    assert lab.choose_port(None) == 23456


def test_a_hub_has_a_lab_already(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another one would take memory, at an address that no browser reaches."""
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/alice/")
    lab.lab(browser=False, port=None)
    first = home / "my-chat" / "notebooks" / "00-start-here.ipynb"
    assert f"JupyterLab runs already: this is a JupyterHub. Open {first}" in capsys.readouterr().out
    assert first.exists()
