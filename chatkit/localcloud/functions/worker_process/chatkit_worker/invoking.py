"""Call one function.

Arguments in, results out, sync functions in a thread pool and async ones on the loop.
"""

from __future__ import annotations

import contextlib
import contextvars
import importlib
import os
import re
import sys
import threading
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from . import converting
from .loading import LoadedFunction, Parameter

invocation_id: contextvars.ContextVar[str] = contextvars.ContextVar("invocation_id", default="")
_thread_local = threading.local()
# A message of a big content; others come between two of them.
PIECE_BYTES = 1 << 22
# The app's folder; an app may go to another one.
START_FOLDER = os.getcwd()
# Where no line of the app is, below its folder or elsewhere.
LIBRARY = os.path.join(os.path.dirname(os.__file__), "")
INSTALLED = re.compile(r"(?:^|[\\/])(?:site|dist)-packages[\\/]")


@dataclass(frozen=True)
class Answer:
    """What the host is told of an invocation that is over.

    Attributes:
        header: Of the message.
        body: Of an HTTP answer.
        contents: Of blobs that the function writes, by the names of their bindings.
    """

    header: dict[str, Any]
    body: bytes = b""
    contents: dict[str, bytes] = field(default_factory=dict)

    def messages(self) -> Iterator[tuple[dict[str, Any], bytes]]:
        """The contents in pieces, and then the message."""
        for name, content in self.contents.items():
            for start in range(0, len(content), PIECE_BYTES):
                piece = {"op": "piece", "id": self.header["id"], "name": name}
                yield piece, content[start : start + PIECE_BYTES]
        yield self.header, self.body


class Context:
    """What a parameter named `context` receives; same attributes as azure.functions.Context."""

    def __init__(self, function: LoadedFunction, call: dict[str, Any]) -> None:
        trace = call.get("trace") or {}
        self.invocation_id: str = call["id"]
        self.function_name = function.name
        self.function_directory = function.directory
        self.thread_local_storage = _thread_local
        self.trace_context = SimpleNamespace(
            trace_parent=trace.get("parent", ""),
            trace_state=trace.get("state", ""),
            attributes={},
            Traceparent=trace.get("parent", ""),
            Tracestate=trace.get("state", ""),
            Attributes={},
        )
        self.retry_context = _retry_context(call.get("attempt"))


def _retry_context(attempt: dict[str, Any] | None) -> SimpleNamespace:
    """Which attempt this is: zeros for a function without a retry policy."""
    if attempt is None:
        attempt = {"number": 0, "max_count": 0, "failure": None}
    failure = attempt["failure"]
    if failure is not None:
        failure = SimpleNamespace(
            source="", stack_trace=failure["stack"], message=failure["message"]
        )
    return SimpleNamespace(
        retry_count=attempt["number"],
        max_retry_count=attempt["max_count"],
        exception=failure,
        rpc_exception=failure,  # the worker's name for it
    )


class Out:
    """The value user code sets for one output binding."""

    def __init__(self) -> None:
        self._value: Any = None

    def set(self, val: Any) -> None:
        self._value = val

    def get(self) -> Any:
        return self._value


def pool() -> ThreadPoolExecutor:
    """Threads for sync functions, as many as `PYTHON_THREADPOOL_THREAD_COUNT` says."""
    text = os.environ.get("PYTHON_THREADPOOL_THREAD_COUNT", "")
    count = int(text) if text.isdecimal() and int(text) >= 1 else None
    if text and count is None:
        print(
            f"PYTHON_THREADPOOL_THREAD_COUNT must be an integer of at least 1, not {text!r}.",
            file=sys.stderr,
        )
    return ThreadPoolExecutor(max_workers=count, thread_name_prefix="function")


def run_sync(function: LoadedFunction, call: dict[str, Any], body: bytes) -> Answer:
    """Call a plain function on this thread; never raises."""
    _thread_local.invocation_id = call["id"]
    token = invocation_id.set(call["id"])
    try:
        arguments = arguments_of(function, call, body)
        return finish(function, call, arguments, function.call(**arguments))
    except BaseException as error:
        return failure(call["id"], error)
    finally:
        invocation_id.reset(token)


def run_in_thread(function: LoadedFunction, call_id: str, arguments: dict[str, Any]) -> Any:
    """Call a plain function with its arguments on this thread."""
    _thread_local.invocation_id = call_id
    token = invocation_id.set(call_id)
    try:
        return function.call(**arguments)
    finally:
        invocation_id.reset(token)


async def run_async(function: LoadedFunction, call: dict[str, Any], body: bytes) -> Answer:
    """Call an async function on the loop; never raises."""
    invocation_id.set(call["id"])
    try:
        arguments = arguments_of(function, call, body)
        return finish(function, call, arguments, await function.call(**arguments))
    except BaseException as error:
        return failure(call["id"], error)


def arguments_of(function: LoadedFunction, call: dict[str, Any], body: bytes) -> dict[str, Any]:
    inputs = {**call["inputs"], **_joined(call)}
    arguments: dict[str, Any] = {}
    for name, parameter in function.inputs.items():
        if name in inputs:
            if parameter.sdk is not None:
                arguments[name] = converting.sdk_type(parameter.sdk, parameter.pytype, inputs[name])
                continue
            value = converting.decode(
                parameter.binding, inputs[name], body, call.get("metadata") or {}
            )
            if parameter.is_text and isinstance(value, bytes):
                value = value.decode(errors="replace")
            arguments[name] = value
    if function.wants_context:
        arguments["context"] = Context(function, call)
    for name in function.outputs:
        arguments[name] = Out()
    return arguments


def _joined(call: dict[str, Any]) -> dict[str, Any]:
    """Inputs whose content came in pieces, as values of the kinds that converters know."""
    contents = call["contents"]
    return {
        name: {wire["content"]: b"".join(contents.get(name, []))}
        for name, wire in call["inputs"].items()
        if wire and "content" in wire
    }


def finish(
    function: LoadedFunction, call: dict[str, Any], arguments: dict[str, Any], result: Any
) -> Answer:
    if result is not None and function.returns is None:
        raise RuntimeError(
            f"function {function.name!r} without a $return binding returned a non-None value"
        )
    outputs: dict[str, Any] = {}
    returned: Any = None
    body = b""
    contents: dict[str, bytes] = {}

    def encode(name: str, parameter: Parameter, value: Any) -> Any:
        nonlocal body
        if parameter.is_blob:
            content = converting.content(parameter.binding, value, parameter.pytype)
            if content is None:
                return None
            kind, contents[name] = content
            return {"content": kind}
        wire, of_http = converting.encode(parameter.binding, value, parameter.pytype)
        body = of_http or body  # only an HTTP answer has one, and a function gives one answer
        return wire

    for name, parameter in function.outputs.items():
        value = arguments[name].get()
        if value is not None:
            outputs[name] = encode(name, parameter, value)
    if function.returns is not None:
        returned = encode("$return", function.returns, result)
    _flush()
    header = {
        "op": "result",
        "id": call["id"],
        "ok": True,
        "return": returned,
        "outputs": outputs,
    }
    return Answer(header, body, contents)


def failure(call_id: str, error: BaseException) -> Answer:
    """Describe an exception for the host's log; the caller of the function never sees it."""
    _flush()
    return Answer({"op": "result", "id": call_id, "ok": False, **describe(error)})


def describe(error: BaseException) -> dict[str, str]:
    """Type, message, stack and place of an exception, without this package's own frames."""
    return {
        "type": _name(error),
        "message": _text(error),
        "stack": _stack(error),
        "where": _where(error),
        "raised": _written_name(error),
    }


def _name(error: BaseException) -> str:
    """The name of its type, which a type of that type may hide."""
    try:
        return str(type(error).__name__)
    except BaseException:
        return "Exception"


def _stack(error: BaseException) -> str:
    """Its stack; an app's own exception may fail at this, too, with anything."""
    try:
        stack = traceback.TracebackException.from_exception(error)
        part: traceback.TracebackException | None = stack
        while part is not None:
            kept = [frame for frame in part.stack if not _is_own(frame.filename)]
            part.stack = traceback.StackSummary.from_list(kept)
            part = part.__cause__ or part.__context__
        return "".join(stack.format())
    except BaseException:
        return "".join(traceback.format_tb(error.__traceback__))


def _written_name(error: BaseException) -> str:
    """The name of its type, or of the nearest base, that stands in a module."""
    try:
        for kind in type(error).__mro__:
            module = sys.modules.get(kind.__module__)
            if getattr(module, kind.__name__, None) is kind:
                return str(kind.__name__)
    except BaseException:  # a type or a module of the app may fail at this with anything
        pass
    return "Exception"


def _where(error: BaseException) -> str:
    """The innermost line of the app, from the frames: a message may look like one."""
    where = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        path = frame.f_code.co_filename
        if not is_of_app(path):
            continue
        name = _below_start(path)
        if os.path.isabs(name):  # not below the folder
            name = os.path.basename(name)
        where = f"{name.replace(os.sep, '/')}, line {line}"
    return where


def is_of_app(path: str) -> bool:
    """Whether a file of Python is the app's: not the library's, a package's or this package's."""
    if _is_own(path) or path.startswith(("<", LIBRARY)):
        return False
    return INSTALLED.search(_below_start(path)) is None


def _below_start(path: str) -> str:
    return path.removeprefix(os.path.join(START_FOLDER, ""))


def _text(error: BaseException) -> str:
    """Its message; an app's own exception may fail at telling it, with anything."""
    try:
        return str(error)
    except BaseException:
        return f"<the message of this {_name(error)} cannot be read>"


def _is_own(filename: str) -> bool:
    return filename.startswith(
        (os.path.dirname(__file__), os.path.dirname(importlib.__file__), "<frozen importlib")
    )


def _flush() -> None:
    # An app may have closed it, or put something else in its place.
    with contextlib.suppress(Exception):
        sys.stdout.flush()
