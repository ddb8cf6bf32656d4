"""A workshop's local run, which the local cloud carries: one big process less."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from time import monotonic

import psutil
import pytest

from chatkit.cloud import local_cloud
from chatkit.cloud.carried_run import GOES_ON, REFUSED, WAITS, CarriedRun
from chatkit.core.errors import ServiceError, SetupError
from chatkit.core.ports import any_free, is_free
from chatkit.core.processes import wait_until
from chatkit.core.running.installation import installation
from chatkit.lesson.http import get
from chatkit.steps.local_servers import FUNCTIONS, LocalServers
from chatkit.steps.servers.server import Server
from tests.localcloud.functions.functions_testing import write_app

LIMIT_S = 20.0
TIME = re.compile(r"\[\d{4}-[^]]*\]")
WHO = """
import os
@app.route(route='who')
def who(req):
    return f"{os.getppid()} {os.environ.get('OF_THE_SHELL', '')}"
"""


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[LocalServers]:
    """Servers of a home whose local cloud runs."""
    where = tmp_path / "home" / "local"
    local_cloud.start(where)
    servers = LocalServers(tmp_path / "home")
    yield servers
    servers.stop(FUNCTIONS)
    local_cloud.stop(where)


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An app that tells whose child it is."""
    return write_app(tmp_path / "functions", WHO)


def who(server: Server) -> str:
    """What the app answers."""
    return get(f"{server.url}/api/who").text.partition(" ")[0]


def said(servers: LocalServers) -> str:
    """The run's log."""
    return servers.log(FUNCTIONS).read_text(encoding="utf-8")


def cloud_pid(tmp_path: Path) -> str:
    """The process of the local cloud."""
    known = local_cloud.running(tmp_path / "home" / "local")
    assert known is not None
    return str(known["pid"])


def test_the_local_cloud_carries_the_run(
    servers: LocalServers, app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the variables of who asked, and its output in the run's own log."""
    monkeypatch.setenv("OF_THE_SHELL", "mine")
    server = servers.start_functions(app, port=any_free()).server
    assert get(f"{server.url}/api/who").text == f"{cloud_pid(tmp_path)} mine"
    assert f"who: http://localhost:{server.port}/api/who" in said(servers)
    assert psutil.Process(server.pid).children() == []
    assert servers.stop(FUNCTIONS)
    assert is_free(server.port)
    assert not psutil.pid_exists(server.pid)


def test_a_run_ends_with_the_process_that_asked(servers: LocalServers, app: Path) -> None:
    """However that one ends."""
    server = servers.start_functions(app, port=any_free()).server
    psutil.Process(server.pid).kill()
    until = monotonic() + LIMIT_S
    assert wait_until(lambda: is_free(server.port) or None, until=until, unless=lambda: False)


def test_a_run_survives_the_local_cloud(servers: LocalServers, app: Path, tmp_path: Path) -> None:
    """At its port, as the same process: it has its own now."""
    server = servers.start_functions(app, port=any_free()).server
    psutil.Process(int(cloud_pid(tmp_path))).kill()
    until = monotonic() + LIMIT_S
    assert wait_until(lambda: server.is_proven() or None, until=until, unless=lambda: False)
    assert who(server) == str(server.pid)
    assert servers.running(FUNCTIONS) == server
    assert "The local cloud has ended." in said(servers)


def test_a_run_with_sign_in_comes_back_with_the_local_cloud(
    servers: LocalServers, app: Path, tmp_path: Path
) -> None:
    """It needs its Entra ID."""
    where = tmp_path / "home" / "local"
    server = servers.start_functions(app, port=any_free(), auth=True).server
    assert who(server) == cloud_pid(tmp_path)
    local_cloud.stop(where)
    assert is_free(server.port)
    local_cloud.start(where)
    until = monotonic() + LIMIT_S
    assert wait_until(lambda: server.is_proven() or None, until=until, unless=lambda: False)
    assert who(server) == cloud_pid(tmp_path)


def test_a_wrong_app_is_refused_in_the_same_words(servers: LocalServers, app: Path) -> None:
    """What the run says of it is what one in its own process says."""
    (app / "host.json").write_text('{"version": "1.0"}', encoding="utf-8")
    refusals = []
    for _ in ("carried", "alone"):
        with pytest.raises(SetupError) as refused:
            servers.start_functions(app, port=any_free())
        refusals.append(TIME.sub("", str(refused.value)))
        local_cloud.stop(app.parent / "home" / "local")
    assert refusals[0] == refusals[1]


def test_a_run_with_sign_in_does_not_wait_for_a_local_cloud_that_refuses_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It was started anew in another environment: the run has its own process then."""
    answers = iter([[b'{"line": "it runs"}', b'{"serves": true}']])

    @contextmanager
    def held(*_: object, **__: object) -> Iterator[list[bytes]]:
        for answer in answers:
            yield answer
            return
        raise ServiceError(409, "BadRequest", "This local cloud runs in another environment.")

    monkeypatch.setattr(local_cloud, "held", held)
    run = CarriedRun(tmp_path, {"port": 1, "token": ""}, comes_back=True)
    assert not run.run([])
    assert capsys.readouterr().out.splitlines() == ["it runs", WAITS, REFUSED]


def test_a_run_that_never_served_does_not_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who has started it waits for it: with a process of its own it comes up."""
    monkeypatch.setattr(local_cloud, "held", lambda *_, **__: nullcontext([b'{"line": "begun"}']))
    assert not CarriedRun(tmp_path, {"port": 1, "token": ""}, comes_back=True).run([])
    assert capsys.readouterr().out.splitlines() == ["begun", GOES_ON]


def test_a_full_disk_ends_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it says is lost then."""
    taken: list[bytes] = []

    def answer() -> Iterator[bytes]:
        for number in range(3):
            taken.append(b'{"line": "%d"}' % number)
            yield taken[-1]

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(local_cloud, "held", lambda *_, **__: nullcontext(answer()))
    monkeypatch.setattr("builtins.print", full)
    assert not CarriedRun(tmp_path, {"port": 1, "token": ""}, comes_back=False).run([])
    assert len(taken) == 3


@pytest.mark.parametrize("order", [{}, {"kit": ["elsewhere", "other"]}, {"kit": installation()}])
def test_an_order_that_cannot_be_carried_is_refused(
    servers: LocalServers, tmp_path: Path, order: dict[str, object]
) -> None:
    """Whoever asked has a process of its own then."""
    where = tmp_path / "home" / "local"
    with (
        pytest.raises(ServiceError, match=r"No order|another environment"),
        local_cloud.held("POST", "/local-runs/1", order, where=where),
    ):
        pass
