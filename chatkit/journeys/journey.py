"""One message's way through the chat, hop by hop, as the local cloud has seen it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, TypedDict

Node = Literal["browsers", "page", "functions", "signalr", "storage", "entra"]
LABELS: Final[dict[Node, str]] = {
    "browsers": "browsers",
    "page": "page",
    "functions": "functions",
    "signalr": "SignalR",
    "storage": "storage",
    "entra": "Entra",
}


@dataclass(frozen=True)
class Hop:
    """One step of the way.

    Attributes:
        source: Where it begins.
        target: Where it leads.
        at_ms: When it began, after the first hop.
        took_ms: Until its answer; None where no answer is waited for.
        words: What went.
        failed: Whether the way stopped here, or went on without it.
    """

    source: Node
    target: Node
    at_ms: float
    took_ms: float | None
    words: str
    failed: bool = False


@dataclass(frozen=True)
class Journey:
    """The whole way.

    Attributes:
        number: Counts up while a local cloud runs.
        at: When it began, in Unix seconds.
        title: What it was, in a line.
        hops: In the order in which they began.
        outcome: How it ended, in a sentence.
        is_message: Whether SignalR Service was given something to pass on.
        is_trial: Whether that was no person's message: a check's, or a rehearsal's. It is listed
            and not played.
    """

    number: int
    at: float
    title: str
    hops: tuple[Hop, ...]
    outcome: str
    is_message: bool = False
    is_trial: bool = False

    @property
    def failed(self) -> bool:
        """Whether it stopped on its way."""
        return any(hop.failed for hop in self.hops)

    def as_json(self) -> dict[str, Any]:
        """The journey for a reader over HTTP."""
        return asdict(self)

    @classmethod
    def of_json(cls, document: Mapping[str, Any]) -> Journey:
        """The journey in a document that `as_json` has made."""
        known = {name: document[name] for name in cls.__dataclass_fields__ if name in document}
        hops = tuple(Hop(**hop) for hop in document["hops"])
        return cls(**{**known, "hops": hops})


class News(TypedDict):
    """What a reader of the local cloud's journeys is answered.

    Attributes:
        run: Distinguishes this run of the local cloud from the one before: numbers begin anew.
        journeys: Those after the number that was asked for, oldest first; `Journey.of_json` reads
            them. Each has `line`, `way` and `rows` besides, for a reader without this package.
    """

    run: str
    journeys: list[dict[str, Any]]
