"""The page's server: what the upload takes, under this machine's names, and nothing else."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatkit.core.host_names import NOT_HERE
from chatkit.steps.page_server import PageServer
from tests.attacks import pages

Ask = Callable[..., http.client.HTTPResponse]
PAGE = {
    "index.html": "<p>hello</p>",
    "app.js": "1",
    "vendor/LICENSE": "free",
    ".well-known/security.txt": "x",
}
PRIVATE = (
    *(".env", ".git/config", ".vscode/index.html", "id_rsa", "local.settings.json"),
    *(".ipynb_checkpoints/index-checkpoint.html", "notes.ipynb", "index.html.before-1"),
    *("drafts/plan.html",),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with much beside it, and links."""
    above = tmp_path_factory.mktemp("my-chat")
    folder = above / "content"
    files = {**PAGE, **dict.fromkeys(PRIVATE, "private"), ".pageignore": "drafts/\n"}
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    for name in ("functions/local.settings.json", "elsewhere/private.html"):
        (above / name).parent.mkdir()
        (above / name).write_text("private", encoding="utf-8")
    (folder / "outside.html").symlink_to(above / "elsewhere" / "private.html")
    (folder / "elsewhere").symlink_to(above / "elsewhere")
    (folder / "inside.html").symlink_to(".env")
    return folder


@pytest.fixture(scope="module")
def port(folder: Path) -> Iterator[int]:
    """A server of it on a thread."""
    with PageServer(str(folder), 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield int(server.socket.getsockname()[1])
        server.shutdown()
        thread.join()


@pytest.fixture
def ask(port: int) -> Iterator[Ask]:
    """A function that asks for a path as it stands, with any headers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def get(path: str, *hosts: str, method: str = "GET") -> http.client.HTTPResponse:
        connection.putrequest(method, path, skip_host=True)
        for host in hosts or (f"127.0.0.1:{port}",):
            connection.putheader("Host", host)
        connection.endheaders()
        return connection.getresponse()

    yield get
    connection.close()


@pytest.mark.parametrize("path", pages.PAGE_PATHS)
def test_what_is_not_the_page_is_not_served(ask: Ask, path: str) -> None:
    """Everybody on this machine can ask: the server has what the upload takes."""
    answer = ask(path)
    assert answer.status == 404 and b"private" not in answer.read()


@pytest.mark.parametrize("name", PAGE)
def test_the_page_is_served_as_the_website_serves_it(ask: Ask, name: str) -> None:
    """With the types of the upload, and asked for again each time."""
    answer = ask(f"/{name}")
    assert (answer.status, answer.read().decode()) == (200, PAGE[name])
    kind = "text/plain; charset=utf-8"
    kinds = {"index.html": "text/html; charset=utf-8", "app.js": "text/javascript; charset=utf-8"}
    assert answer.headers["Content-Type"] == kinds.get(name, kind)
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["/", "/?x=1", "/vendor/../"])
def test_the_index_is_at_the_root(ask: Ask, path: str) -> None:
    """A folder is its index.html."""
    assert ask(path).read().decode() == PAGE["index.html"]


@pytest.mark.parametrize("host", ["localhost", "localhost:{}", "127.0.0.1", "[::1]:{}"])
def test_this_machines_names_are_answered(ask: Ask, port: int, host: str) -> None:
    """Ports are forwarded under any of them."""
    assert ask("/", host.format(port)).status == 200


def test_another_name_is_refused(ask: Ask) -> None:
    """DNS rebinding: a page elsewhere would read what is served here."""
    answer = ask("/", "evil.example")
    assert answer.status == 421 and NOT_HERE in answer.read().decode()


def test_two_names_are_refused(ask: Ask) -> None:
    """A proxy in front may have looked at the other one."""
    answer = ask("/", "localhost", "evil.example")
    assert answer.status == 400
    answer.read()


def test_a_proxys_name_is_answered(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """JupyterHub, codespaces: the browser is elsewhere, and the proxy passes its name on."""
    monkeypatch.setenv("CHATKIT_PUBLIC_URL", "https://hub.example/proxy/{port}/")
    assert ask("/", "hub.example").status == 200


def test_an_ignore_file_that_cannot_be_read_serves_nothing(ask: Ask, folder: Path) -> None:
    """Nobody knows what it left out."""
    before = (folder / ".pageignore").read_bytes()
    (folder / ".pageignore").write_bytes(b"\xe9")
    try:
        answer = ask("/")
        assert answer.status == 500 and ".pageignore is not UTF-8" in answer.read().decode()
    finally:
        (folder / ".pageignore").write_bytes(before)
