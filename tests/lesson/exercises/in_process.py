"""Exercises' apps that answer in this process: a grading without a function host.

What a function answers is the same; what the host does around it is the long tier's.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qsl, urlsplit

import azure.functions as func

from chatkit.lesson.exercises.bench import Bench
from chatkit.lesson.exercises.running_app import RunningApp


@contextmanager
def running(self: Bench, settings: Mapping[str, str] | None = None) -> Iterator[RunningApp]:
    """In the place of `Bench.running`: an app whose functions have HTTP triggers alone."""
    names: dict[str, Any] = {}
    exec((self.app / "function_app.py").read_text(encoding="utf-8"), names)
    functions = {
        f"/api/{function.get_trigger().route}": function.get_user_function()
        for function in names["app"].get_functions()
    }

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = func.HttpRequest(
                method=self.command,
                url=f"http://{self.headers['Host']}{self.path}",
                headers=dict(self.headers),
                params=dict(parse_qsl(url.query)),
                body=body,
            )
            answer = functions[url.path](request)
            self.send_response(answer.status_code)
            self.send_header("Content-Length", str(len(answer.get_body())))
            self.end_headers()
            self.wfile.write(answer.get_body())

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            with patch.dict(os.environ, settings or {}):
                yield RunningApp(
                    f"http://localhost:{server.server_port}", self.app, self.folder / "log"
                )
        finally:
            server.shutdown()
