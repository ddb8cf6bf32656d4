"""A server proves that it is the one that was started."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from chatkit.core.ports import any_free
from chatkit.core.running import start_proof
from tests.attacks.ports import IMPOSTORS

SECRET = "the secret of this start"
Answer = Callable[[str, int], str]


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    """The address of a server that answers every challenge so."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            port = int(server.server_address[1])
            self.send_response(200)
            challenge = self.headers[start_proof.CHALLENGE_HEADER]
            self.send_header(start_proof.PROOF_HEADER, answer(challenge, port))
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def proof(challenge: str, port: int) -> str:
    """What the server that was started answers."""
    return start_proof.proof(SECRET, challenge, port=port)


def test_the_server_that_was_started_is_known() -> None:
    """It has the secret, whatever the challenge is."""
    with answering(proof) as url:
        assert start_proof.is_proven(url, SECRET)


IMPOSTOR_ANSWERS: dict[str, Answer] = {
    "answers everything with 200": lambda *_: "",
    "sends the challenge back": lambda challenge, _: challenge,
    "passes the challenge on to the real server at another port": (
        lambda challenge, port: proof(challenge, port + 1)
    ),
    "knows the secret of another start": (
        lambda challenge, port: start_proof.proof("another", challenge, port=port)
    ),
    "repeats the answer to another challenge": lambda _, port: proof("an earlier one", port),
    "has no secret at all": lambda challenge, port: start_proof.proof("", challenge, port=port),
}


@pytest.mark.parametrize("impostor", IMPOSTORS)
def test_an_impostor_at_the_port_proves_nothing(impostor: str) -> None:
    """It listens there, and it answers."""
    with answering(IMPOSTOR_ANSWERS[impostor]) as url:
        assert not start_proof.is_proven(url, SECRET)


def test_without_a_secret_nothing_is_proven() -> None:
    """The record of an older version has none."""
    with answering(lambda challenge, port: start_proof.proof("", challenge, port=port)) as url:
        assert not start_proof.is_proven(url, "")


def test_where_nothing_answers_nothing_is_proven() -> None:
    """The server has not opened its port yet."""
    assert not start_proof.is_proven(f"http://127.0.0.1:{any_free()}", SECRET)
