"""Run the conformance table on one engine.

This kit's worker or Microsoft's runtime, under any interpreter.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chatkit.localcloud.functions.worker_process.calls import (
    Call,
    Failure,
    HttpData,
    IndexedFunction,
    Result,
)
from chatkit.localcloud.functions.worker_process.worker import (
    LoadFailed,
    Worker,
    WorkerOptions,
    base_environment,
)
from tests.localcloud.functions.host.conformance_cases import CALL, HEAD, LOAD, CallCase, LoadCase

RECORDED = Path(__file__).with_name("conformance.json")
ORACLE = Path(__file__).with_name("conformance_oracle.py")
# Where this kit's worker differs from Microsoft's, and why.
DIFFERENCES = {
    "load: invalid script name": (
        "ours is a whole sentence with the rule; theirs prints a tuple with a format string"
    ),
    "call: timer returns a value": (
        "ours puts the function's name into the sentence; "
        "theirs prints a tuple with a format string"
    ),
}
HEADERS = {"x-user": "alice", "host": "localhost"}
AT_ONCE = 4
Outcomes = dict[str, Any]


async def run(command: Sequence[str], folder: Path) -> Outcomes:
    """Outcomes of all cases, by group and name.

    Args:
        command: Starts the engine's worker; empty for this kit's under this interpreter.
        folder: For the apps.
    """
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(number: int, case: LoadCase) -> tuple[str, Any]:
        async with gate:
            return f"load: {case.name}", await load(command, folder / str(number), case)

    loads, calls = await asyncio.gather(
        asyncio.gather(*(one(number, case) for number, case in enumerate(LOAD))),
        call_all(command, folder / "calls"),
    )
    return {**dict(loads), **calls}


async def load(command: Sequence[str], folder: Path, case: LoadCase) -> Any:
    """The functions a script gives, or its error."""
    worker = await _start(command, folder, HEAD + case.script, case.environment)
    try:
        return {
            function.name: sorted(map(_binding, function.bindings))
            for function in await worker.load()
        }
    except LoadFailed as error:
        return {"error": _failure(error.failure, folder)}
    finally:
        await worker.stop()


async def call_all(command: Sequence[str], folder: Path) -> Outcomes:
    """What each call gives. One process has all the functions: case 7's `f` is `f7` there."""
    script = HEAD + "".join(_numbered(case.script, number) for number, case in enumerate(CALL))
    worker = await _start(command, folder, script, {})
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


async def _start(
    command: Sequence[str], folder: Path, script: str, environment: dict[str, str]
) -> Worker:
    folder.mkdir()
    (folder / "function_app.py").write_text(script, encoding="utf-8")
    return await Worker.start(
        WorkerOptions(folder, {**base_environment(), **environment}, command=command)
    )


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


def _result(result: Result) -> Any:
    if result.failure:
        return {"error": _failure(result.failure, Path("FOLDER"))}
    return {
        "return": result.returned,
        "outputs": result.outputs,
        "body": base64.b64encode(result.body).decode(),
    }


def _failure(failure: Failure, folder: Path) -> str:
    text = f"{failure.type}: {failure.message}".replace(str(folder), "FOLDER")
    text = re.sub(r"0x[0-9a-f]+", "0x", text)
    text = re.sub(r"\(/[^)]*\)", "(FILE)", text)
    return re.sub(
        r" For more info, please refer the troubleshooting guide.*", "", text, flags=re.DOTALL
    )
