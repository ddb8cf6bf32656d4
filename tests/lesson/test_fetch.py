"""What `fetch` brings back of a request."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from chatkit.lesson.http import fetch


class Redirecting(BaseHTTPRequestHandler):
    """Answers /here itself, and sends everything else there."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/here" else 302)
        self.send_header("Location", "/here")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def url() -> Iterator[str]:
    """The address of a server that redirects."""
    with HTTPServer(("127.0.0.1", 0), Redirecting) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_redirect_is_followed_or_shown(url: str) -> None:
    """A course about redirects checks them."""
    assert fetch("GET", f"{url}/there").status == 200
    shown = fetch("GET", f"{url}/there", follow_redirects=False)
    assert (shown.status, shown.headers["Location"]) == (302, "/here")


def test_no_address_is_no_answer() -> None:
    """A check that is typed too early has none yet."""
    assert fetch("GET", "/api/hello").status == 0
