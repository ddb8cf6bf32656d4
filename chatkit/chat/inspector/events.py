"""What went over the wire.

One event for each HTTP request, each answer and each hub message, secrets already gone.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from chatkit.chat.client.tap import Answer, Direction, Request
from chatkit.chat.inspector.latency import Echoes
from chatkit.chat.inspector.masking import masked, masked_address, masked_headers, masked_text
from chatkit.chat.widgets.foreign_text import visible
from chatkit.wire.framing import SEPARATOR

Kind = Literal[
    "negotiate", "handshake", "ping", "invocation", "completion", "close", "http", "other"
]
Peer = Literal["app", "service"]
# Numbers of HubProtocol.md.
KINDS: dict[object, Kind] = {1: "invocation", 3: "completion", 6: "ping", 7: "close"}
LONGEST = 4000
LONGEST_SUMMARY = 100


@dataclass(frozen=True)
class WireEvent:
    """Something a user's client sent or received.

    Attributes:
        number: Counts all events of a panel, from 0.
        at: Unix seconds.
        user: Whose client.
        direction: As the client sees it.
        peer: The function app, or SignalR Service.
        kind: What it was; "http" for requests other than negotiate.
        size_bytes: Of the body, or of the hub message with its separator.
        summary: One line.
        detail: Everything of it, JSON laid out; cut where it is very long.
    """

    number: int
    at: float
    user: str
    direction: Direction
    peer: Peer
    kind: Kind
    size_bytes: int
    summary: str
    detail: str


@dataclass(frozen=True)
class Recorder:
    """Makes events of what one client's tap tells.

    The only place that sees secrets, and it keeps none.

    Attributes:
        user: Whose client.
        api: Where the function app's addresses begin; all others are the service's.
        numbers: Gives the next event its number; one for all users of a panel.
        keep: Takes each event.
        echoes: Hears of messages sent and messages heard.
    """

    user: str
    api: str
    numbers: Iterator[int]
    keep: Callable[[WireEvent], None]
    echoes: Echoes

    def asked(self, request: Request) -> None:
        """A request went out."""
        body = ""
        if request.body is not None:
            body = json.dumps(request.body)
        line = f"{request.method} {masked_address(request.url)}"
        short = f"{request.method} {_path(request.url)}"
        self._http(
            "sent", request, len(body.encode()), short, _message(line, request.headers, body)
        )

    def answered(self, request: Request, answer: Answer | None, why: str) -> None:
        """Its answer came, or none."""
        if answer is None:
            self._http("received", request, 0, "no answer", _cut(masked_text(why)))
            return
        if request.method == "POST" and urlsplit(request.url).path.endswith("/messages"):
            self.echoes.sent(answer, request.at)
        line = f"{answer.status} {answer.reason}"
        body = answer.body.decode(errors="replace")
        self._http(
            "received", request, len(answer.body), line, _message(line, answer.headers, body)
        )

    def frame(self, direction: Direction, data: bytes) -> None:
        """One WebSocket message passed; it holds hub messages, each with its separator."""
        if direction == "received":
            self.echoes.heard(data, time.perf_counter())
        for body in data.split(SEPARATOR)[:-1]:
            value = _parsed(body.decode(errors="replace"))
            kind, summary = _hub_message(value)
            self._keep(direction, "service", kind, len(body) + 1, (summary, _pretty(value)))

    def ended(self, code: int) -> None:
        """The WebSocket ended."""
        words = "the WebSocket was closed"
        if code == 1006:
            words = "the connection broke"
        self._keep("received", "service", "close", 0, (words, f"WebSocket close code {code}"))

    def _http(
        self, direction: Direction, request: Request, size: int, summary: str, detail: str
    ) -> None:
        peer: Peer = "app" if request.url.startswith(self.api) else "service"
        kind: Kind = "negotiate" if urlsplit(request.url).path.endswith("/negotiate") else "http"
        self._keep(direction, peer, kind, size, (summary, detail))

    def _keep(
        self, direction: Direction, peer: Peer, kind: Kind, size: int, texts: tuple[str, str]
    ) -> None:
        summary, detail = texts
        self.keep(
            WireEvent(
                next(self.numbers),
                time.time(),
                self.user,
                direction,
                peer,
                kind,
                size,
                _line(summary),
                detail,
            )
        )


def _hub_message(value: Any) -> tuple[Kind, str]:
    """Kind and one line of a hub message.

    The two of the handshake are the only ones without a type.
    """
    if not isinstance(value, dict):
        return "other", "not a hub message"
    if "type" not in value:
        return "handshake", _handshake(value)
    number = value["type"]
    kind: Kind = "other"
    if isinstance(number, int):
        kind = KINDS.get(number, "other")
    words = {
        "invocation": _word(value.get("target")),
        "completion": f"of {_word(value.get('invocationId'))}",
        "close": _word(value.get("error")) or "goodbye",
        "ping": "ping",
    }
    return kind, words.get(kind, f"type {_word(number)}")


def _handshake(value: dict[str, Any]) -> str:
    if "protocol" in value:
        return f"protocol {_word(value['protocol'])}"
    return _word(value.get("error")) or "accepted"


def _word(value: Any) -> str:
    if isinstance(value, str | int):
        return str(value)
    return ""


def _message(line: str, headers: Mapping[str, str], body: str) -> str:
    """Start line, headers and body, as HTTP writes them."""
    lines = [line, *(f"{name}: {value}" for name, value in masked_headers(headers).items())]
    if body:
        lines += ["", _pretty(_parsed(body))]
    return _cut("\n".join(lines))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _pretty(value: Any) -> str:
    try:
        clean = masked(value)
        if isinstance(clean, str):
            return _cut(clean)
        return _cut(json.dumps(clean, indent=2, ensure_ascii=False))
    except RecursionError:
        return "(nested too deeply to be shown)"


def _cut(text: str) -> str:
    text = visible(text, keep="\n")
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]}\n… {len(text) - LONGEST:,} characters more"


def _line(text: str) -> str:
    clean = visible(masked_text(text[: 4 * LONGEST_SUMMARY]))
    if len(clean) <= LONGEST_SUMMARY:
        return clean
    return f"{clean[:LONGEST_SUMMARY]}…"


def _path(url: str) -> str:
    return urlsplit(url).path or "/"
