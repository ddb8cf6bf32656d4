"""Run the conformance table on one engine.

This kit's worker or Microsoft's runtime, under any interpreter.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import sys
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatkit.localcloud.functions import worker_process
from chatkit.localcloud.functions.worker_process.calls import (
    Call,
    Content,
    Failure,
    HttpData,
    IndexedFunction,
    Result,
    Wire,
)
from chatkit.localcloud.functions.worker_process.chatkit_worker.channel import Decoder, encode
from chatkit.localcloud.functions.worker_process.worker import (
    LoadFailed,
    Worker,
    WorkerOptions,
    base_environment,
    own_command,
)
from tests.localcloud.functions.host.conformance_cases import CALL, HEAD, LOAD, CallCase, LoadCase

RECORDED = Path(__file__).with_name("conformance.json")
ORACLE = Path(__file__).with_name("conformance_oracle.py")
FORKS = Path(__file__).with_name("conformance_forks.py")
WORKER_FOLDER = str(Path(worker_process.__file__).parent)
# Where this kit's worker differs from Microsoft's, and why.
DIFFERENCES = {
    "load: invalid script name": (
        "ours is a whole sentence with the rule; theirs prints a tuple with a format string"
    ),
    "call: response with a cookie date with dashes": (
        "taken, as by the worker of Python 3.10 to 3.12; that of 3.13 takes one form only"
    ),
    "call: blob input text as bytes": (
        "ours gives what the annotation says; Azure's host sends text to begin with"
    ),
    "call: timer returns a value": (
        "ours puts the function's name into the sentence; "
        "theirs prints a tuple with a format string"
    ),
}
HEADERS = {"x-user": "alice", "host": "localhost"}
Outcomes = dict[str, Any]


@dataclass(frozen=True)
class Engine:
    """What loads apps and calls functions.

    Attributes:
        python: The interpreter.
        is_runtime: Microsoft's runtime; else this kit's worker.
    """

    python: str = sys.executable
    is_runtime: bool = False

    @property
    def command(self) -> Sequence[str]:
        """Starts a worker."""
        if self.is_runtime:
            return (self.python, str(ORACLE), WORKER_FOLDER)
        return own_command(self.python)

    @property
    def forks(self) -> Sequence[str]:
        """Starts a process that loads each app in a fork."""
        return (self.python, str(FORKS), WORKER_FOLDER, "runtime" if self.is_runtime else "kit")


async def run(engine: Engine, folder: Path) -> Outcomes:
    """Outcomes of all cases, by group and name.

    Args:
        engine: What runs them.
        folder: For the apps.
    """
    loads = await load_all(engine, folder)
    return {**loads, **await call_all(engine, folder / "calls")}


async def load_all(engine: Engine, folder: Path) -> Outcomes:
    """The functions that each script gives, or its error."""
    if sys.platform == "win32":  # no forks there
        return {f"load: {case.name}": await load(engine, folder, case) for case in LOAD}
    process = await asyncio.create_subprocess_exec(
        *engine.forks, stdin=PIPE, stdout=PIPE, env=base_environment()
    )
    messages = [
        encode({"op": "load", "folder": str(_app(folder, case)), "environment": case.environment})
        for case in LOAD
    ]
    output, _ = await process.communicate(b"".join(messages))
    answers = [header for header, _ in Decoder().feed(output)]
    return {
        f"load: {case.name}": _loaded(answer, folder / _folder_name(case))
        for case, answer in zip(LOAD, answers, strict=True)
    }


def _loaded(answer: dict[str, Any], folder: Path) -> Any:
    if answer["op"] == "failed":
        failure = Failure(answer["type"], answer["message"], answer["stack"])
        return {"error": _failure(failure, folder)}
    return {
        function["name"]: sorted(_binding(json.loads(text)) for text in function["bindings"])
        for function in answer["functions"]
    }


async def load(engine: Engine, folder: Path, case: LoadCase) -> Any:
    """The same from a worker of its own."""
    app = _app(folder, case)
    worker = await _start(engine, app, case.environment)
    try:
        return {
            function.name: sorted(map(_binding, function.bindings))
            for function in await worker.load()
        }
    except LoadFailed as error:
        return {"error": _failure(error.failure, app)}
    finally:
        await worker.stop()


def _folder_name(case: LoadCase) -> str:
    return str(LOAD.index(case))


def _app(folder: Path, case: LoadCase) -> Path:
    return _write(folder / _folder_name(case), HEAD + case.script)


def _write(folder: Path, script: str) -> Path:
    folder.mkdir()
    (folder / "function_app.py").write_text(script, encoding="utf-8")
    return folder


async def call_all(engine: Engine, folder: Path) -> Outcomes:
    """What each call gives. One process has all the functions: case 7's `f` is `f7` there."""
    script = HEAD + "".join(_numbered(case.script, number) for number, case in enumerate(CALL))
    worker = await _start(engine, _write(folder, script), {})
    try:
        functions = {function.name: function for function in await worker.load()}
        return {
            f"call: {case.name}": await call(worker, functions[f"f{number}"], case, f"f{number}")
            for number, case in enumerate(CALL)
        }
    finally:
        await worker.stop()


async def call(worker: Worker, function: IndexedFunction, case: CallCase, name: str) -> Any:
    """What one call gives, in a form that can be compared and kept."""
    bound = {binding["name"] for binding in function.bindings}
    inputs = {
        key: value
        for key, value in {"req": request(case).wire(), **case.inputs}.items()
        if key in bound
    }
    result = await worker.invoke(
        Call(function.id, inputs, case.body, {"parent": "00-trace-01"}, id="the-invocation")
    )
    return json.loads(re.sub(rf"\b{name}\b", "f", json.dumps(_result(result))))


async def _start(engine: Engine, folder: Path, environment: dict[str, str]) -> Worker:
    environment = {**base_environment(), **environment}
    return await Worker.start(WorkerOptions(folder, environment, command=engine.command))


def _numbered(script: str, number: int) -> str:
    return re.sub(r"\bdef f\(", f"def f{number}(", script).replace(
        "route='f'", f"route='f{number}'"
    )


def request(case: CallCase) -> HttpData:
    """The request of an HTTP case."""
    headers = {**HEADERS, **(case.inputs.get("headers") or {})}
    return HttpData(
        "POST", "http://localhost/api/f?q=1", headers, {"q": "1"}, {"id": "7"}, case.body
    )


def _binding(binding: dict[str, Any]) -> str:
    return json.dumps(binding, sort_keys=True)


def _inline(value: Wire | None) -> Wire | None:
    """A blob's content as Microsoft's worker sends it: in the message."""
    if value is None or "content" not in value:
        return value
    content: Content = value["content"]
    whole = b"".join(content.pieces)
    if content.kind == "bytes":
        return {"bytes": base64.b64encode(whole).decode()}
    text = whole.decode()
    return {content.kind: text if content.kind in ("string", "json") else json.loads(text)}


def _result(result: Result) -> Any:
    if result.failure:
        return {"error": _failure(result.failure, Path("FOLDER"))}
    return {
        "return": _inline(result.returned),
        "outputs": {name: _inline(value) for name, value in result.outputs.items()},
        "body": base64.b64encode(result.body).decode(),
    }


def _failure(failure: Failure, folder: Path) -> str:
    text = f"{failure.type}: {failure.message}".replace(str(folder), "FOLDER")
    text = re.sub(r"0x[0-9a-f]+", "0x", text)
    text = re.sub(r"\(/[^)]*\)", "(FILE)", text)
    return re.sub(
        r" For more info, please refer the troubleshooting guide.*", "", text, flags=re.DOTALL
    )
