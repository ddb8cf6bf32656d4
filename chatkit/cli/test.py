"""`chatkit test`: every test, notebooks included, in a home of its own."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import typer

from chatkit.core.errors import SetupError
from chatkit.core.settings import checkout


def test(context: typer.Context) -> None:
    """Run the tests, nbval included; extra arguments go to pytest."""
    if importlib.util.find_spec("pytest") is None or importlib.util.find_spec("nbval") is None:
        raise SetupError(
            "The test tools are not installed.",
            hint="In the checkout, type: pip install --group test",
        )
    with tempfile.TemporaryDirectory(prefix="chatkit-test-", ignore_cleanup_errors=True) as home:
        variables = {**os.environ, "CHATKIT_HOME": str(Path(home) / "home")}
        command = [sys.executable, "-m", "pytest", *context.args]
        raise typer.Exit(subprocess.call(command, cwd=checkout(), env=variables))
