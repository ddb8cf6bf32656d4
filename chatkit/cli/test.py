"""`chatkit test`: every test, notebooks included, in a home of its own, shared among processes."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from chatkit.core.errors import SetupError
from chatkit.core.settings import LAID_OUT, checkout, home
from chatkit.core.system.programs import processors

CHOSEN = ("-n", "--numprocesses", "--dist", "--pdb", "--trace", "no:xdist", "-pno:xdist")
"""Options by which somebody says how pytest runs; nothing is added to them."""
ANSWERED_AT_ONCE = ("--version", "--collect-only", "--co", "--fixtures", "--markers")
LEAVING_OUT = ("--deselect", "--ignore")
MOST_PROCESSES = 8
BAD_USAGE = 2
BAD_USAGE_OF_PYTEST = 4


def test(
    context: typer.Context,
    artifacts: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Keep there: junit.xml, the notebooks as they ran (ipynb and html), logs.",
        ),
    ] = None,
) -> None:
    """Run the tests, nbval included; extra arguments go to pytest."""
    if importlib.util.find_spec("pytest") is None or importlib.util.find_spec("nbval") is None:
        raise SetupError(
            "The test tools are not installed.",
            hint=f"Type: {_how_to_install()}",
        )
    with tempfile.TemporaryDirectory(prefix="chatkit-test-", ignore_cleanup_errors=True) as made:
        variables = {**os.environ, "CHATKIT_HOME": str(Path(made) / "home")}
        if _is_checkout():
            variables["PYTHONWARNDEFAULTENCODING"] = "1"  # an error in its tests
        # Without compiled files each of the hundreds of processes would compile all it imports.
        variables.pop("PYTHONDONTWRITEBYTECODE", None)
        command = [sys.executable, "-m", "pytest", *_kept(artifacts), *_which(context.args)]
        code = subprocess.call(command, cwd=_where(), env=variables)
        raise typer.Exit(BAD_USAGE if code == BAD_USAGE_OF_PYTEST else code)


def _is_checkout() -> bool:
    return (checkout() / "pyproject.toml").exists()


def _how_to_install() -> str:
    return "pip install --group test, in the checkout" if _is_checkout() else "pip install nbval"


def _where() -> Path:
    """Where pytest runs: in the checkout, or in the folder that `chatkit new` has laid out.

    Raises:
        SetupError: The package is installed, and this is no such folder.
    """
    if _is_checkout():
        return checkout()
    folder = home().parent
    if not (folder / LAID_OUT).exists():
        raise SetupError(
            "There are no tests here: the package brings the notebooks.",
            hint="`chatkit new FOLDER` makes a folder with them; type `chatkit test` there.",
        )
    return folder


def _which(arguments: list[str]) -> list[str]:
    """pytest's arguments: all tests of a checkout, or the notebooks of a folder."""
    if _is_checkout():
        return [*_processes(arguments), *arguments]
    return ["--nbval", *(arguments or [str(LAID_OUT.parent)])]


def _kept(artifacts: Path | None) -> list[str]:
    """Options by which a run leaves behind what people look at."""
    return [] if artifacts is None else ["--chatkit-artifacts", str(artifacts.absolute())]


def _processes(arguments: list[str]) -> list[str]:
    """Options that share the tests among processes. None when somebody chose, or names one file."""
    if any(argument.startswith(CHOSEN) for argument in arguments):
        return []
    if any(argument in ANSWERED_AT_ONCE for argument in arguments) or _is_one_file(arguments):
        return []
    # Most tests wait for a process or an answer: two for each processor keep it busy.
    number = min(2 * processors(), MOST_PROCESSES)
    print(
        f"chatkit: running the tests in {number} processes (-n 0 for one)."
        " Each line of dots ends with the share that is done; skipped tests say what they lack.",
        flush=True,
    )
    # In the order of the files: by number of tests, az's one test of two minutes would be the last.
    return ["-n", str(number), "--dist", "loadfile", "--no-loadscope-reorder", "-rfEs"]


def _is_one_file(arguments: list[str]) -> bool:
    named: list[Path] = []
    for before, argument in zip(["", *arguments], arguments, strict=False):
        place = checkout() / argument.partition("::")[0]
        if place.exists() and before not in LEAVING_OUT:
            named.append(place)
    return len(named) == 1 and named[0].is_file()
