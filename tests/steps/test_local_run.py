"""The functions and the page on this machine: the page finds the functions wherever they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from chatkit.core.errors import SetupError
from chatkit.steps import local_settings, page_config
from chatkit.steps.local_servers import FUNCTIONS, PAGE, LocalServers
from chatkit.steps.servers.server import Server, Started
from chatkit.workshop import Workshop

RUNNING = Server(FUNCTIONS, pid=1, created=0.0, port=7072, folder="functions")
MOVED = replace(RUNNING, port=7073)
SERVED = Server(PAGE, pid=1, created=0.0, port=5501, folder="content")


@pytest.fixture
def losing_its_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions that lose their port when they are started again, to somebody who was quicker."""
    monkeypatch.setattr(LocalServers, "running", lambda _servers, _name: RUNNING)
    monkeypatch.setattr(LocalServers, "stop", lambda _servers, _name: True)
    monkeypatch.setattr(
        LocalServers,
        "start_functions",
        lambda *_args, **_options: Started(MOVED, is_new=True, instead_of="another program"),
    )
    monkeypatch.setattr(
        LocalServers, "start_page", lambda *_args, **_options: Started(SERVED, is_new=True)
    )


@pytest.mark.usefixtures("losing_its_port")
def test_a_page_follows_functions_that_lost_their_port_at_a_restart(opened: Workshop) -> None:
    """The page's own address may be new to them: then they are started again."""
    write_page(opened.page_folder, calls=RUNNING.url)
    local_settings.write(
        opened.functions_folder, signalr="", storage="", origin=local_settings.PAGE_ORIGIN
    )
    rows = dict(opened.start_page().rows)
    assert page_config.read(opened.page_folder) == MOVED.url
    assert MOVED.url in rows["functions"]


def test_functions_that_are_not_written_yet_lead_to_their_section(opened: Workshop) -> None:
    """Somebody who began in the middle is not sent to the log of a server that could not start."""
    with pytest.raises(SetupError, match="There is no function app in") as caught:
        opened.start_functions()
    assert 'workshop.catch_up("04")' in caught.value.hint


def write_page(folder: Path, *, calls: str) -> None:
    folder.mkdir(parents=True)
    page_config.write(folder, calls)


def test_functions_follow_a_page_that_lost_its_port(
    opened: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody was quicker while the page changed its process."""
    moved = replace(SERVED, port=5502)
    pages = iter([SERVED, moved])
    monkeypatch.setattr(LocalServers, "running", lambda _servers, _name: next(pages))
    monkeypatch.setattr(LocalServers, "stop", lambda _servers, _name: True)
    local_settings.write(opened.functions_folder, signalr="", storage="", origin=SERVED.url)
    opened.stop_functions()
    allowed = local_settings.read(opened.functions_folder)["Host"]["CORS"]
    assert moved.url in allowed and SERVED.url not in allowed
