"""Azurite, Microsoft's storage emulator, in a process: what tests and benchmarks compare with."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chatkit.core.ports import any_free

FOLDER = Path(__file__).resolve().parents[2] / "node-azurite"
PROGRAM = FOLDER / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
ACCOUNT = "devstoreaccount1"
START_S = 120


def missing() -> str:
    """Why Azurite cannot run here; empty when it can."""
    if shutil.which("node") is None:
        return "node is not installed on this machine"
    if not PROGRAM.exists():
        return "Azurite is not installed: run `npm ci --prefix tests/node-azurite`"
    return ""


@contextmanager
def running(*options: str) -> Iterator[str]:
    """Run Azurite in memory and yield the blob address of its account."""
    scheme = "https" if "--cert" in options else "http"
    port = any_free()
    settings = [
        "--blobPort",
        str(port),
        "--inMemoryPersistence",
        "--loose",
        "--skipApiVersionCheck",
        "--silent",
        "--disableTelemetry",
    ]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        command = [str(shutil.which("node")), str(PROGRAM), *settings, *options]
        environment = {
            name: os.environ[name]
            for name in ("PATH", "HOME", "TMPDIR", "SYSTEMROOT")
            if name in os.environ
        }
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait(port, process)
            yield f"{scheme}://{'localhost' if scheme == 'https' else '127.0.0.1'}:{port}/{ACCOUNT}"
        finally:
            process.kill()
            process.wait()


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"Azurite did not listen within {START_S} s (exit code {process.poll()})")
