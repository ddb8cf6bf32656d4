"""`chatkit stop` and `local down`: what runs for a home is listed, is stopped, and ends with it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from chatkit.chat.panel.listing import Listing
from chatkit.cloud import local_cloud
from chatkit.core.ports import any_free
from chatkit.core.running import presence
from chatkit.steps.local_servers import FUNCTIONS, PAGE, LocalServers
from tests.cli.typing_verbs import Chatkit

LIMIT_S = 20.0


@pytest.fixture
def started(home: Path) -> Iterator[dict[str, psutil.Process]]:
    """The local cloud, the functions and the page of a home, and a worker of the functions.

    The app lies beside the home, as in a checkout.
    """
    app = home.with_name("my-chat") / "functions"
    page = home.with_name("my-chat") / "content"
    app.mkdir(parents=True)
    page.mkdir()
    bundle = {"id": "Microsoft.Azure.Functions.ExtensionBundle", "version": "[4.*, 5.0.0)"}
    (app / "host.json").write_text(
        json.dumps({"version": "2.0", "extensionBundle": bundle}), encoding="utf-8"
    )
    (app / "function_app.py").write_text(
        "import azure.functions as f\napp = f.FunctionApp()\n", encoding="utf-8"
    )
    (page / "index.html").write_text("hello", encoding="utf-8")
    servers = LocalServers(home)
    cloud = local_cloud.start(home / "local")
    functions = servers.start_functions(app, port=any_free()).server
    page_server = servers.start_page(page, port=any_free()).server
    host = psutil.Process(functions.pid)
    processes = {
        "cloud": psutil.Process(cloud["pid"]),
        "functions": host,
        "worker": psutil.Process(cloud["pid"]).children()[0],
        "page": psutil.Process(page_server.pid),
    }
    yield processes
    for name in (FUNCTIONS, PAGE):
        servers.stop(name)
    local_cloud.stop(home / "local")


def still_there(processes: dict[str, psutil.Process]) -> list[str]:
    """Names of those that have not ended within the limit."""
    _, alive = psutil.wait_procs([*processes.values()], timeout=LIMIT_S)
    left = [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]
    return [name for name, one in processes.items() if one in left]


def test_stop_ends_everything(
    chatkit: Chatkit, home: Path, started: dict[str, psutil.Process]
) -> None:
    """Each is named; a second time there is nothing to stop."""
    typed = chatkit("stop")
    assert (typed.code, still_there(started)) == (0, [])
    for words in ("the local cloud", "the function host", "the page's server"):
        assert f"Stopped: {words}" in typed.out
    assert presence.running(home) == []
    assert chatkit("stop").out == "Nothing runs for this home.\n"


def test_down_says_what_else_runs_and_all_stops_it(
    chatkit: Chatkit, started: dict[str, psutil.Process]
) -> None:
    """The local cloud is not all that a home has."""
    typed = chatkit("local", "down")
    assert f"the function host (process {started['functions'].pid})" in typed.out
    assert f"the page's server (process {started['page'].pid})" in typed.out
    assert "`chatkit local down --all`" in typed.out and started["page"].is_running()
    chatkit("local", "down", "--all")
    assert still_there(started) == []


def test_a_function_app_elsewhere_is_listed_and_ends(
    chatkit: Chatkit, home: Path, tmp_path: Path
) -> None:
    """It was started for this home, wherever its folder is."""
    home.mkdir()
    app = tmp_path / "elsewhere"
    app.mkdir()
    (app / "host.json").write_text('{"version": "2.0"}', encoding="utf-8")
    (app / "function_app.py").write_text(
        "import azure.functions as f\napp = f.FunctionApp()\n", encoding="utf-8"
    )
    command = [sys.executable, "-m", "chatkit", "func", "start", str(app)]
    with subprocess.Popen([*command, "--port", str(any_free())]) as process:
        wait_for(lambda: [one.kind for one in presence.running(home)] == [presence.FUNCTIONS])
        assert f"the function host (process {process.pid})" in chatkit("local", "down").out
        assert f"Stopped: the function host (process {process.pid})." in chatkit("stop").out
        assert process.wait(LIMIT_S) == 0


def test_nothing_outlives_the_home(home: Path, started: dict[str, psutil.Process]) -> None:
    """Nobody is left who could stop it. The learner's app stays."""
    shutil.rmtree(home)
    assert still_there(started) == []


def test_a_killed_process_is_not_listed(home: Path, started: dict[str, psutil.Process]) -> None:
    """The list has what runs, not what ran."""
    started["page"].kill()
    started["page"].wait(LIMIT_S)
    assert [one.kind for one in presence.running(home)] == [presence.FUNCTIONS]


def test_open_chats_are_closed_and_their_kernel_goes_on(chatkit: Chatkit, home: Path) -> None:
    """Whoever stops the room does not lose the notebook."""
    home.mkdir()
    chats = ["a panel"]
    Listing(lambda: bool(chats), chats.clear).begin()
    wait_for(lambda: [one.kind for one in presence.running(home)] == [presence.CHAT])
    assert f"Stopped: open chats (process {os.getpid()})." in chatkit("stop").out
    wait_for(lambda: not chats)


def test_lab_is_listed_and_ends(chatkit: Chatkit, home: Path) -> None:
    """It is another program; what `chatkit lab` starts runs it inside."""
    home.mkdir()
    code = (
        "import sys, types, time\n"
        "lab = types.ModuleType('jupyterlab.labapp')\n"
        "def wait(**_): time.sleep(600)\n"
        "lab.LabApp = types.SimpleNamespace(initialize_server=wait)\n"
        "sys.modules['jupyterlab.labapp'] = lab\n"
        "from chatkit.cli.lab_server import main; main()"
    )
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        wait_for(lambda: [one.kind for one in presence.running(home)] == [presence.LAB])
        assert f"Stopped: JupyterLab (process {process.pid})." in chatkit("stop").out
        assert process.wait(LIMIT_S) != 0


def test_lab_ends_with_its_home(home: Path) -> None:
    """By the signal that lets Jupyter's server end its kernels first."""
    home.mkdir()
    code = (
        "import signal, sys, types, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
        "lab = types.ModuleType('jupyterlab.labapp')\n"
        "def wait(**_): time.sleep(600)\n"
        "lab.LabApp = types.SimpleNamespace(initialize_server=wait)\n"
        "sys.modules['jupyterlab.labapp'] = lab\n"
        "from chatkit.cli.lab_server import main; main()"
    )
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        wait_for(lambda: [one.kind for one in presence.running(home)] == [presence.LAB])
        shutil.rmtree(home)
        assert process.wait(LIMIT_S) == 7


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    until = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)
