"""What the child says, as values of the host."""

from __future__ import annotations

import json

from chatkit.localcloud.functions.worker_process.calls import (
    Content,
    Failure,
    IndexedFunction,
    Result,
    Wire,
)

# Pieces of contents that came before a result, by the names of their bindings.
Contents = dict[str, list[bytes]]
RETURNED = "$return"


def result_of(header: Wire, body: bytes, contents: Contents) -> Result:
    """The outcome of an invocation, with the contents that came before it."""
    if not header["ok"]:
        return Result(failure=failure_of(header))
    outputs = {
        name: _with_content(wire, contents, name) for name, wire in header["outputs"].items()
    }
    returned = header["return"]
    if returned is not None:
        returned = _with_content(returned, contents, RETURNED)
    return Result(returned=returned, outputs=outputs, body=body)


def _with_content(wire: Wire, contents: Contents, name: str) -> Wire:
    if "content" not in wire:
        return wire
    return {"content": Content(contents.get(name, []), wire["content"])}


def failure_of(header: Wire) -> Failure:
    """An exception."""
    told = (header.get(name, "") for name in ("type", "message", "stack", "where", "raised"))
    return Failure(*(whole(text) for text in told))


def whole(text: str) -> str:
    """A text that can be written: half a character, which JSON carries, becomes a question mark."""
    return text.encode(errors="replace").decode()


def indexed(function: Wire) -> IndexedFunction:
    """One function of an app."""
    bindings = tuple(json.loads(text) for text in function["bindings"])
    return IndexedFunction(
        function["id"],
        function["name"],
        bindings,
        bool(function["is_async"]),
        bool(function.get("streams")),
        function.get("error", ""),
        function.get("retry"),
    )
