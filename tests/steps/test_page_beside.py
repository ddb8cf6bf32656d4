"""The page in the process of the function host: one process less, and nothing else is different."""

from __future__ import annotations

import json
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatkit.core.errors import SetupError
from chatkit.core.ports import any_free, is_free
from chatkit.core.running import presence
from chatkit.steps.local_servers import FUNCTIONS, PAGE, LocalServers
from chatkit.steps.servers.server import Server

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows deletes no open file, by which the page is asked"
)
APP = "import azure.functions as func\napp = func.FunctionApp()\n"


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An app without functions."""
    folder = tmp_path / "functions"
    folder.mkdir()
    bundle = {"id": "Microsoft.Azure.Functions.ExtensionBundle", "version": "[4.*, 5.0.0)"}
    (folder / "host.json").write_text(
        json.dumps({"version": "2.0", "extensionBundle": bundle}), encoding="utf-8"
    )
    (folder / "function_app.py").write_text(APP, encoding="utf-8")
    return folder


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[LocalServers]:
    """Servers of a home whose page is served."""
    page = tmp_path / "content"
    page.mkdir()
    (page / "index.html").write_text("hello", encoding="utf-8")
    servers = LocalServers(tmp_path / "home")
    servers.start_page(page, port=any_free())
    yield servers
    servers.stop_both()


def page_of(servers: LocalServers) -> Server:
    """The page's server, which answers."""
    page = servers.running(PAGE)
    assert page is not None
    with urllib.request.urlopen(page.url) as answer:
        assert answer.read() == b"hello"
    return page


def test_functions_take_over_the_page_at_its_address(servers: LocalServers, app: Path) -> None:
    """Who has the page open notices nothing; a second look finds the same page."""
    before = page_of(servers)
    functions = servers.start_functions(app, port=any_free()).server
    page = page_of(servers)
    assert (page.pid, page.url) == (functions.pid, before.url)
    assert not before.process.is_alive()
    assert not servers.start_page(Path(page.folder), port=page.port).is_new


def test_a_changed_app_starts_anew_with_the_page(servers: LocalServers, app: Path) -> None:
    """As each section does it."""
    before = servers.start_functions(app, port=any_free()).server
    (app / "more.py").write_text("", encoding="utf-8")
    again = servers.start_functions(app, port=before.port).server
    assert page_of(servers).pid == again.pid != before.pid


def test_the_page_goes_on_without_the_functions(servers: LocalServers, app: Path) -> None:
    """At its address, in a process of its own."""
    functions = servers.start_functions(app, port=any_free()).server
    before = page_of(servers)
    assert servers.stop(FUNCTIONS)
    page = page_of(servers)
    assert (page.url, page.is_beside) == (before.url, False)
    assert is_free(functions.port)


def test_the_functions_go_on_without_the_page(servers: LocalServers, app: Path) -> None:
    """And the page's port is free when `stop` returns."""
    functions = servers.start_functions(app, port=any_free()).server
    page = page_of(servers)
    assert servers.stop(PAGE)
    assert is_free(page.port) and servers.running(PAGE) is None
    assert functions.is_proven()


def test_an_app_that_does_not_load_leaves_the_page_served(servers: LocalServers, app: Path) -> None:
    """The learner mends the app meanwhile."""
    before = page_of(servers)
    (app / "function_app.py").write_text("import nothing_of_that_name\n", encoding="utf-8")
    with pytest.raises(SetupError, match="cannot load the app"):
        servers.start_functions(app, port=any_free())
    assert page_of(servers).url == before.url


def test_a_function_host_that_was_killed_leaves_no_page_behind(
    servers: LocalServers, app: Path
) -> None:
    """Its record counts for nothing then, and the page starts again."""
    functions = servers.start_functions(app, port=any_free()).server
    page = page_of(servers)
    functions.process.stop(0)
    assert servers.running(PAGE) is None
    assert servers.start_page(Path(page.folder), port=page.port).is_new
    assert not page_of(servers).is_beside


def test_both_end_together(servers: LocalServers, app: Path, tmp_path: Path) -> None:
    """Nothing of a home runs any more, and nothing is started for that."""
    servers.start_functions(app, port=any_free())
    page = page_of(servers)
    assert servers.stop_both()
    assert is_free(page.port) and not presence.running(tmp_path / "home")
    assert not servers.stop_both()
