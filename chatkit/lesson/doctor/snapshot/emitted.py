"""What the SDK emits for the learner's function app, as the Functions host would get it."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatkit.chat.client.background_loop import background_loop
from chatkit.core.errors import ChatkitError
from chatkit.core.processes import run_child
from chatkit.lesson import courses
from chatkit.lesson.doctor.snapshot import indexer
from chatkit.lesson.doctor.snapshot.lookups import NotThere, Unknown, known

SCRIPT = "function_app.py"
HTTP = "httptrigger"
METHODS = ("GET", "POST")
NEGOTIATE = ("POST", "negotiate")
LIMIT_S = 6.5
"""Of the import of an app: shorter than the doctor waits, so that it hears where the app is."""
START_S = 10.0
SETTING = re.compile(r"%([^%]+)%")


@dataclass(frozen=True)
class EmittedFunction:
    """One function as the SDK describes it.

    Attributes:
        file: Name of the file that it stands in.
        parameters: Names of its parameters.
        bindings: What its decorators have become; names are in the spelling of function.json.
    """

    name: str
    file: str
    parameters: tuple[str, ...]
    bindings: tuple[Mapping[str, Any], ...]

    @property
    def addresses(self) -> list[tuple[str, str]]:
        """What it answers: method and route, without the prefix."""
        found = [one for one in self.bindings if str(one.get("type", "")).lower() == HTTP]
        return [
            (str(method).upper(), str(one.get("route") or self.name).strip("/"))
            for one in found
            for method in one.get("methods") or METHODS
        ]

    def of_type(self, kind: str) -> Iterator[Mapping[str, Any]]:
        """Its bindings of a type."""
        for binding in self.bindings:
            if str(binding.get("type", "")).lower() == kind.lower():
                yield binding


@dataclass(frozen=True)
class EmittedApp:
    """An app that was indexed.

    Attributes:
        failure: Why it does not load, empty when it does.
        where: File and line of the failure, empty when they are not known.
    """

    functions: tuple[EmittedFunction, ...] = ()
    failure: str = ""
    where: str = ""

    def bindings(self, kind: str) -> Iterator[tuple[EmittedFunction, Mapping[str, Any]]]:
        """Every binding of a type, with its function."""
        for function in self.functions:
            for binding in function.of_type(kind):
                yield function, binding


def index(folder: Path, settings: Mapping[str, str], *, limit_s: float = LIMIT_S) -> EmittedApp:
    """Let a process of its own import the app and say what the SDK emits.

    Args:
        folder: The function app.
        settings: Its app settings, which are environment variables while it is imported.
        limit_s: How long the import may take.

    Raises:
        NotThere: There is no app yet, or another interpreter runs it.
        Unknown: The import takes too long; where it is stands in it.
    """
    if not (folder / SCRIPT).is_file():
        raise NotThere("there is no function app yet")
    environment = {**os.environ, **settings, "PYTHONDONTWRITEBYTECODE": "1"}
    command = (sys.executable, indexer.__file__, str(folder), str(limit_s))
    printed: list[str] = []
    run = run_child(command, environment=environment, on_line=printed.append)
    try:
        background_loop().call(run, timeout_s=limit_s + START_S)
        line = next(line for line in reversed(printed) if line.startswith(indexer.ANSWER))
        found = json.loads(line.removeprefix(indexer.ANSWER))
    except (OSError, ValueError, ChatkitError, StopIteration) as error:
        raise Unknown(f"importing the app gave no answer ({type(error).__name__})") from error
    if "late" in found:
        at = f", {found['late']}" if found["late"] else ""
        raise Unknown(f"importing the app has not ended after {limit_s:g} s{at}")
    app = EmittedApp(
        tuple(_function(one) for one in found.get("functions", ())),
        str(found.get("failure", "")),
        str(found.get("where", "")),
    )
    if app.failure.startswith("ModuleNotFoundError") and _runs_elsewhere():
        raise NotThere("an activated environment runs the app")
    return app


def resolved(value: object, settings: Mapping[str, str]) -> str:
    """A binding's value with the app settings that %NAME% stands for in it."""
    return SETTING.sub(lambda found: settings.get(found[1], found[0]), str(value or ""))


def has_negotiate(app: Callable[[], EmittedApp]) -> bool:
    """Whether the course has negotiate, or the app, which is looked up only when it has not."""
    if NEGOTIATE in [section.answers for section in courses.current().sections]:
        return True
    emitted = known(app)
    return emitted is not None and any(NEGOTIATE in one.addresses for one in emitted.functions)


def _function(found: Mapping[str, Any]) -> EmittedFunction:
    return EmittedFunction(
        str(found["name"]),
        str(found["file"]),
        tuple(found["parameters"]),
        tuple(found["bindings"]),
    )


def _runs_elsewhere() -> bool:
    """Whether an environment is activated that is not ours: the local host runs the app there."""
    activated = os.environ.get("VIRTUAL_ENV") or os.environ.get("CONDA_PREFIX") or sys.prefix
    return Path(activated).resolve() != Path(sys.prefix).resolve()
