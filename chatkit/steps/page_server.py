"""The page's server: a program of its own, `python -m chatkit.steps.page_server FOLDER PORT`.

It needs the standard library only, so that it starts at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from chatkit.core import ports
from chatkit.core.errors import PortInUse


class _PageHandler(SimpleHTTPRequestHandler):
    """Static files that a browser asks for again each time, so that an edit shows on reload."""

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def list_directory(self, _path: str | os.PathLike[str]) -> None:
        """Show no directory: a website does not either."""
        self.send_error(404)


class _PageServer(ThreadingHTTPServer):
    """Ends by itself when its folder is gone: nobody else would end it."""

    def __init__(self, folder: str, port: int) -> None:
        handler = partial(_PageHandler, directory=folder)
        super().__init__(("127.0.0.1", port), handler, bind_and_activate=False)
        self.socket.close()
        # On Windows the base class would share the port with another program.
        (self.socket,) = ports.bind(port, ipv4_only=True, wanted_for="the page")
        self.socket.setblocking(True)  # macOS hands a non-blocking listener's mode on
        self.server_name = "127.0.0.1"
        self.server_port = port
        self._folder = Path(folder)

    def service_actions(self) -> None:
        """Look, twice a second, whether there is still something to serve."""
        if not self._folder.is_dir():
            raise SystemExit(0)


def main(arguments: Sequence[str]) -> int:
    """Serve a folder on 127.0.0.1 until stopped: `FOLDER PORT`."""
    folder, port = arguments
    try:
        made = _PageServer(folder, int(port))
    except PortInUse as error:
        return error.exit_code
    with made as server:
        print(f"Serving {folder} at http://127.0.0.1:{port}", flush=True)
        server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
