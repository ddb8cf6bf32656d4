"""What passes between the host and its child: values, calls, results, indexed functions."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

Wire = dict[str, Any]


@dataclass(frozen=True)
class Content:
    """A blob's content as a value: `{"content": ...}`.

    It goes over the pipe in pieces of its own, between which others pass.

    Attributes:
        pieces: Its bytes.
        kind: What it is to the function: bytes, string, or another kind of value.
    """

    pieces: Sequence[bytes] = field(repr=False)
    kind: str = "bytes"

    def wire(self) -> Wire:
        """The value for the pipe, without the pieces: what they become."""
        return {"content": self.kind}


@dataclass(frozen=True)
class HttpData:
    """An HTTP request as the worker gets it: lower-case names, repeated values joined."""

    method: str
    url: str
    headers: dict[str, str]
    query: dict[str, str]
    params: dict[str, str]
    body: bytes = field(default=b"", repr=False)

    def wire(self) -> Wire:
        """The value for the pipe, without the body."""
        return {
            "http": {
                "method": self.method,
                "url": self.url,
                "headers": self.headers,
                "query": self.query,
                "params": self.params,
            }
        }


class Exchange(Protocol):
    """An HTTP request whose body comes, and whose answer goes, piece by piece.

    Attributes:
        is_complete: Whether the client has been sent all of the answer, or is being sent the end.
    """

    is_complete: bool

    def describe(self) -> Wire:
        """The request without its body."""

    async def read(self) -> bytes:
        """The next piece of the body; empty at its end."""

    async def begin(self, status: int, headers: list[tuple[str, str]]) -> None:
        """Send the head of the answer."""

    async def write(self, piece: bytes, *, is_last: bool) -> None:
        """Send a piece of the answer; returns when more may follow.

        Raises:
            OSError: The client has left.
        """

    async def left(self) -> None:
        """Wait until the client has left."""


@dataclass(frozen=True)
class Failure:
    """An exception in the child.

    Attributes:
        type: The name of its type.
        message: What it says, which may be anything: a private message that a function was given.
        stack: The text of its stack, with the message.
        where: File and line of the app, and nothing else.
        raised: The type's name, or of one that it is made of, as it stands in a file: an app may
            make a type with any name while it runs.
    """

    type: str
    message: str
    stack: str = ""
    where: str = ""
    raised: str = ""

    def __str__(self) -> str:
        return f"{self.type}: {self.message}"


@dataclass(frozen=True)
class Attempt:
    """Which attempt an invocation is, for a function with a retry policy.

    Attributes:
        number: 0 for the first one.
        max_count: Retries that the policy allows; -1 for any number.
        failure: Of the attempt before.
    """

    number: int
    max_count: int
    failure: Failure | None = None

    def wire(self) -> Wire:
        """The value for the pipe."""
        failure = None
        if self.failure is not None:
            failure = {"message": str(self.failure), "stack": self.failure.stack}
        return {"number": self.number, "max_count": self.max_count, "failure": failure}


@dataclass(frozen=True)
class Trigger:
    """What sets one function off.

    Attributes:
        inputs: The trigger's value, by the name of its parameter.
        data: For binding expressions.
        body: Of the HTTP request among the inputs.
        trace: W3C trace context: parent, state.
        metadata: What the trigger tells about its value, such as a blob's properties.
        reason: For the log.
        exchange: The HTTP request, for a function that takes it as a stream.
        attempt: Which attempt it is; None for a function without a retry policy.
    """

    inputs: Mapping[str, Wire | None]
    data: Mapping[str, Any] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    trace: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, Wire] = field(default_factory=dict)
    reason: str = "This function was programmatically called via the host APIs."
    exchange: Exchange | None = None
    attempt: Attempt | None = None


@dataclass(frozen=True)
class Call:
    """One invocation.

    Attributes:
        function_id: From the index.
        inputs: Value of each input binding, by parameter name.
        body: Body of the one HTTP request among the inputs.
        trace: W3C trace context: parent, state.
        metadata: What the trigger tells about its value.
        asgi: The HTTP request of a function that takes it as a stream; None for others.
        attempt: Which attempt it is; None for a function without a retry policy.
    """

    function_id: str
    inputs: dict[str, Wire | None]
    body: bytes = field(default=b"", repr=False)
    trace: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, Wire] = field(default_factory=dict)
    asgi: Wire | None = None
    attempt: Attempt | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def contents(self) -> Iterator[tuple[str, Content]]:
        """Inputs that go over the pipe before the message."""
        for name, wire in self.inputs.items():
            if wire and isinstance(wire.get("content"), Content):
                yield name, wire["content"]

    @classmethod
    def of(cls, function_id: str, inputs: dict[str, Wire | None], trigger: Trigger) -> Call:
        """The invocation that a trigger sets off.

        Args:
            function_id: From the index.
            inputs: Of all input bindings.
            trigger: What sets it off.
        """
        asgi = trigger.exchange.describe() if trigger.exchange else None
        return cls(
            function_id,
            inputs,
            trigger.body,
            trigger.trace,
            trigger.metadata,
            asgi,
            trigger.attempt,
        )

    def wire(self) -> Wire:
        """The message for the pipe, without the body."""
        return {
            "op": "invoke",
            "id": self.id,
            "function": self.function_id,
            "inputs": {**self.inputs, **{name: found.wire() for name, found in self.contents()}},
            "trace": self.trace,
            "metadata": self.metadata,
            "asgi": self.asgi,
            "attempt": self.attempt.wire() if self.attempt else None,
        }


@dataclass(frozen=True)
class Result:
    """What one invocation gave.

    Attributes:
        failure: None when it succeeded.
        returned: Return value, None for none.
        outputs: Values of the output bindings that were set, by parameter name.
        body: Body of a returned HTTP response.
    """

    failure: Failure | None = None
    returned: Wire | None = None
    outputs: dict[str, Wire] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class IndexedFunction:
    """One function as the child describes it.

    Attributes:
        id: The child's id for it.
        name: Function name.
        bindings: As its decorators say.
        is_async: Whether it is a coroutine function.
        streams: Whether it takes HTTP as a stream.
        error: What it needs and the app's environment does not have; empty for nothing.
        retry: Its retry policy; None without one.
    """

    id: str
    name: str
    bindings: tuple[dict[str, Any], ...]
    is_async: bool = False
    streams: bool = False
    error: str = ""
    retry: Wire | None = None

    @property
    def trigger(self) -> dict[str, Any]:
        """Its trigger binding."""
        return next(
            binding for binding in self.bindings if binding["type"].lower().endswith("trigger")
        )
