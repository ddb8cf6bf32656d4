"""What a process does not need it does not import: each module costs every participant memory."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Heads of module names. What stands in a row was measured: docs/memory.md.
UNNEEDED = {
    "chatkit.localcloud.daemon": (
        *("azure", "IPython", "ipywidgets", "jupyter", "numpy", "pandas", "rich", "typer", "tqdm"),
        *("nbclient", "nbformat", "requests", "trustme", "http.server", "tkinter", "unittest"),
        *("chatkit.cli", "chatkit.lesson", "chatkit.steps", "chatkit.workshop"),
    ),
    "chatkit.localcloud.functions.local.local_server": (
        *("azure", "IPython", "ipywidgets", "rich", "typer", "websockets", "http.server"),
        *("chatkit.lesson", "chatkit.workshop", "chatkit.localcloud.resource_manager"),
        *("chatkit.localcloud.signalr", "chatkit.localcloud.stage"),
    ),
    "chatkit.steps.page_server": ("asyncio", "azure", "aiohttp", "cryptography", "psutil", "typer"),
}


@pytest.mark.parametrize("module", UNNEEDED)
def test_a_process_imports_what_it_needs_alone(module: str) -> None:
    """In an interpreter of its own."""
    code = f"import {module}, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=True
    )
    found = done.stdout.split()
    assert module in found
    heads = UNNEEDED[module]
    unneeded = [
        name for name in found if any(name == head or name.startswith(f"{head}.") for head in heads)
    ]
    assert unneeded == []
