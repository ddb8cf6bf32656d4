"""Requests to a board: JSON in, JSON out, and a sentence when it says no."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chatkit.core.errors import NotStarted, ServiceError
from chatkit.core.text.controls import visible

HTTPS_PORT = 443
LIMIT_S = 10.0
MAX_ANSWER_BYTES = 32 * 1024 * 1024
LONGEST = 300
NOT_THERE = "Is the address right, and is this machine in the room's network?"


def url_of(host: str, port: int) -> str:
    """Address of a board: https at the port of https, as in Azure, and http in a room."""
    named = f"[{host}]" if ":" in host else host
    return f"https://{named}" if port == HTTPS_PORT else f"http://{named}:{port}"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A join code goes to the board and nowhere else."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


# A board in the room is reached directly, one in Azure as this machine reaches the internet.
_in_the_room = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
_in_azure = urllib.request.build_opener(_NoRedirect)


@dataclass(frozen=True)
class BoardApi:
    """One caller's way to a board.

    Attributes:
        url: The board's address.
        code: A join code, or a token of the instructor.
    """

    url: str
    code: str = field(repr=False)

    def ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any]:
        """Send one request.

        Raises:
            NotStarted: Nothing answers there, or it is no board.
            ServiceError: The board says no.
        """
        headers = {"Authorization": f"Bearer {self.code}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        if method == "POST" and data is None:
            data = b"{}"
        request = urllib.request.Request(
            f"{self.url}/api/{path}", data=data, headers=headers, method=method
        )
        opener = _in_azure if self.url.startswith("https:") else _in_the_room
        try:
            with opener.open(request, timeout=LIMIT_S) as answer:
                return self._document(answer.read(MAX_ANSWER_BYTES))
        except urllib.error.HTTPError as error:
            with error:
                refusal = self._refusal(error.code, error.read(MAX_ANSWER_BYTES))
            raise refusal from None
        except (OSError, http.client.HTTPException) as error:
            raise NotStarted(f"No board answers at {self.url}.", hint=NOT_THERE) from error

    def _document(self, content: bytes) -> Mapping[str, Any]:
        try:
            found = json.loads(content)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise self._no_board()
        return found

    def _refusal(self, status: int, content: bytes) -> ServiceError:
        try:
            sentence = str(json.loads(content)["error"])
        except (ValueError, KeyError, TypeError, RecursionError):
            # The sign-in page of a network, say: what it refuses, no board has refused.
            raise self._no_board() from None
        return ServiceError(status, "BoardRefused", visible(sentence[:LONGEST]))

    def _no_board(self) -> NotStarted:
        return NotStarted(f"What answers at {self.url} is no board.", hint=NOT_THERE)
