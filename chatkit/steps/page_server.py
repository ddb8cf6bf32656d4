"""The page's server: a program of its own, `python -m chatkit.steps.page_server FOLDER PORT`, or a
thread of the function host.

It needs the standard library only, so that it starts at once.
"""

from __future__ import annotations

import io
import json
import os
import socket
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from email.message import Message
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path, PurePosixPath
from threading import Thread
from time import monotonic, time
from typing import Any, BinaryIO

from chatkit.cloud.publish import page_list
from chatkit.core import log_files, ports
from chatkit.core.errors import PortInUse, SetupError
from chatkit.core.host_names import NOT_HERE, answers_to
from chatkit.core.peers.connecting_user import is_of_another_person
from chatkit.core.running import start_proof
from chatkit.core.running.presence import PAGE, UNLISTED, Presence, present, started_for
from chatkit.core.running.reachable import TOKEN_HEADER, Reachable, new_token, told
from chatkit.core.text.constant_time import is_same_secret

MAX_CONNECTIONS = 256
HEAD_WITHIN_S = 15.0
WAIT_S = 60.0
MAX_REQUESTS = 200
PATH_CHARACTERS = 200
SOURCE = "website/local"
INDEX = "index.html"


class _PageHandler(SimpleHTTPRequestHandler):
    """Static files that a browser asks for again each time, so that an edit shows on reload.

    It has what the upload takes, and answers under this machine's names only: other people of this
    machine, and pages of other sites, get nothing else of the folder.
    """

    timeout = WAIT_S  # for each piece that is read or written
    server: PageServer
    headers: Message

    def parse_request(self) -> bool:
        """Read the request's headers, which have come in time then."""
        is_read = super().parse_request()
        self.server.stop_waiting(self.connection)
        return is_read and self._is_for_this_machine()

    def send_head(self) -> io.BytesIO | BinaryIO | None:
        """Begin the answer: of a file that belongs to the page, else 404."""
        wanted = Path(self.translate_path(self.path))
        if wanted.is_dir():
            wanted /= INDEX
        folder = Path(self.directory)
        try:
            path = PurePosixPath(wanted.relative_to(folder).as_posix())
            is_published = page_list.selector(folder).publishes(path)
        except SetupError as error:  # nobody knows what the page's own file leaves out
            self.send_error(HTTPStatus.INTERNAL_SERVER_ERROR, explain=str(error))
            return None
        except (ValueError, OSError):
            is_published = False
        if not is_published:
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        return super().send_head()

    def guess_type(self, path: str | os.PathLike[str]) -> str:
        """The type that the upload gives the file."""
        return page_list.content_type(PurePosixPath(path))

    def do_GET(self) -> None:
        """Answer with a file, or with what a program of this user asks for that knows a secret: the
        proof that this is the server that was started, the requests that there were.
        """
        if is_same_secret(self.headers.get(TOKEN_HEADER, ""), self.server.reachable.token):
            self._show_requests()
            return
        challenge = self.headers.get(start_proof.CHALLENGE_HEADER)
        if challenge is None or not self.server.secret:
            super().do_GET()
            return
        given = start_proof.proof(self.server.secret, challenge, port=self.server.server_port)
        self.send_response_only(204)  # no browser has asked
        self.send_header(start_proof.PROOF_HEADER, given)
        self.end_headers()

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Note a request that is answered."""
        super().log_request(code, size)
        path = getattr(self, "path", "")  # there is none when the request line cannot be read
        self.server.note(self.command or "", path.partition("?")[0], int(code))

    def log_message(self, format: str, *args: object) -> None:
        """Note a request. The log may be a file, on a disk that takes no more."""
        if self.server.is_alone:  # else they would stand among the functions' lines
            with suppress(OSError):
                super().log_message(format, *args)

    def list_directory(self, _path: str | os.PathLike[str]) -> None:
        """Show no directory: a website does not either."""
        self.send_error(404)

    def _show_requests(self) -> None:
        text = json.dumps({"events": [*self.server.requests]}).encode()
        self.send_response_only(HTTPStatus.OK)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _is_for_this_machine(self) -> bool:
        """Whether the request names this machine; else it is refused: DNS rebinding."""
        hosts = self.headers.get_all("Host", [])
        if len(hosts) > 1:
            self.send_error(HTTPStatus.BAD_REQUEST)  # RFC 9112 §3.2
            return False
        if not answers_to("".join(hosts)):
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST, explain=NOT_HERE)
            return False
        return True


class PageServer(ThreadingHTTPServer):
    """Ends by itself when its folder or its home is gone: nobody else would end it."""

    def __init__(
        self, folder: str, port: int, presence: Presence = UNLISTED, *, is_alone: bool = True
    ) -> None:
        handler = partial(_PageHandler, directory=folder)
        super().__init__(("127.0.0.1", port), handler, bind_and_activate=False)
        self.socket.close()
        # On Windows the base class would share the port with another program.
        (self.socket,) = ports.bind(port, ipv4_only=True, wanted_for="the page")
        self.socket.setblocking(True)  # macOS hands a non-blocking listener's mode on
        self.server_name = "127.0.0.1"
        self.server_port = ports.port_of([self.socket])
        self.secret = start_proof.given_secret()
        self.reachable = Reachable(self.server_port, new_token())
        self.requests: deque[dict[str, object]] = deque(maxlen=MAX_REQUESTS)
        self._numbers = count(1)
        self._folder = Path(folder)
        self._open: set[socket.socket] = set()
        self._waiting: dict[socket.socket, float] = {}  # for their headers, since when
        self._presence = presence
        self.is_alone = is_alone

    def service_actions(self) -> None:
        """Look, twice a second, whether there is still something to serve, and at the time."""
        if not self._folder.is_dir() or not self._presence.is_wanted():
            raise SystemExit(0)
        if self.is_alone:
            log_files.rotate_output()
        late = monotonic() - HEAD_WITHIN_S
        for connection, since in [*self._waiting.items()]:
            if since < late:
                self.stop_waiting(connection)
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)  # its thread closes it

    def note(self, method: str, path: str, status: int) -> None:
        """Keep a request in the form of the local cloud's trace, which is read there."""
        detail = {"method": method, "path": path[:PATH_CHARACTERS], "status": status}
        event: dict[str, object] = {"number": next(self._numbers), "at": time()}
        self.requests.append({**event, "source": SOURCE, "kind": "request", "detail": detail})

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Refuse a connection of another user of this machine, and when there are too many; note
        when the others began.
        """
        del client_address
        if len(self._open) >= MAX_CONNECTIONS or is_of_another_person(request):
            return False
        self._open.add(request)
        self._waiting[request] = monotonic()
        return True

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection that is over."""
        self.stop_waiting(request)
        self._open.discard(request)
        super().shutdown_request(request)

    def stop_waiting(self, connection: socket.socket) -> None:
        """Note that the headers of a connection's request have come."""
        self._waiting.pop(connection, None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say in one line what went wrong; a client that is gone is nothing wrong."""
        del request, client_address
        error = sys.exception()
        if not isinstance(error, OSError):
            print(f"A request failed: {type(error).__name__}: {error}", file=sys.stderr)


@contextmanager
def serving_beside(folder: Path, port: int) -> Iterator[None]:
    """Serve a folder on a thread, which ends with this process.

    It ends before that when the folder is gone, or the page's file in the list of what runs for the
    home.

    Raises:
        PortInUse: Another program has the port.
    """
    with present(started_for(), PAGE) as presence:
        server = PageServer(str(folder), port, presence, is_alone=False)
        thread = Thread(target=_serve_thread, args=(server,), name="chatkit-page", daemon=True)
        with told(started_for(), PAGE, server.reachable):
            thread.start()
            # Nobody waits for the thread at the end: it looks up twice a second only.
            yield


def _serve_thread(made: PageServer) -> None:
    with made as server:
        server.serve_forever()


def main(arguments: Sequence[str]) -> int:
    """Serve a folder on 127.0.0.1 until stopped: `FOLDER PORT`."""
    folder, port = arguments
    with present(started_for(), PAGE) as presence:
        try:
            made = PageServer(folder, int(port), presence)
        except PortInUse as error:
            return error.exit_code
        return _serve(made, folder)


def _serve(made: PageServer, folder: str) -> int:
    with made as server, told(started_for(), PAGE, server.reachable):
        print(f"Serving {folder} at http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
