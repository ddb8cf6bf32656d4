"""Which Python a local run uses: the one that a setting names, the activated environment's, ours.

Follows "Develop Python worker extensions locally" and Core Tools, which run the Python that the
activated environment puts first on the path.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chatkit.core.system.programs import python_of
from chatkit.localcloud.functions.worker_process.worker import own_command

SETTING = "languageWorkers__python__defaultExecutablePath"
SDK = Path("azure") / "functions" / "__init__.py"


@dataclass(frozen=True)
class Interpreter:
    """How a local run starts its app.

    Attributes:
        command: Starts the worker; empty for the interpreter that runs the host.
        note: A sentence for the console, empty when all is as people expect.
    """

    command: tuple[str, ...] = ()
    note: str = ""


def choose(environment: Mapping[str, str]) -> Interpreter:
    """Choose the interpreter for an app.

    Args:
        environment: Of the app: the shell's variables and its settings.
    """
    named = environment.get(SETTING) or environment.get(SETTING.replace("__", ":"))
    if named:
        return Interpreter(own_command(named), note=f"The app runs with {named}: {SETTING}.")
    folder = _activated(environment)
    if folder is None:
        return Interpreter()
    if not _has_sdk(folder):
        return Interpreter(
            note=f"The activated environment {folder} has no azure-functions, so the app runs in"
            f" {sys.prefix}. `pip install -r requirements.txt` in the activated environment, and"
            " it runs there."
        )
    return Interpreter(
        own_command(str(python_of(folder))), note=f"The app runs in the environment {folder}."
    )


def _activated(environment: Mapping[str, str]) -> Path | None:
    """The activated environment when it is another one than ours, and has a Python."""
    text = environment.get("VIRTUAL_ENV") or _conda(environment)
    if not text:
        return None
    folder = Path(text)
    if not python_of(folder).is_file() or folder.resolve() == Path(sys.prefix).resolve():
        return None
    return folder


def _conda(environment: Mapping[str, str]) -> str:
    """The activated environment of conda; its base is active in every shell and means nothing."""
    if environment.get("CONDA_DEFAULT_ENV", "base") == "base":
        return ""
    return environment.get("CONDA_PREFIX", "")


def _has_sdk(folder: Path) -> bool:
    places = [folder / "Lib" / "site-packages", *folder.glob("lib/python3*/site-packages")]
    return any((place / SDK).is_file() for place in places)
