"""Storage in a process of its own.

`python -m` this module with a folder prints its addresses and runs until killed.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
NAME = "chatkitx1y2z3"
KEY = "a2V5" * 16


@dataclass(frozen=True)
class StorageProcess:
    """A running process.

    Attributes:
        dev: Address of the development account, http.
        blob: Address of the account `NAME`, https.
        ca_file: The authority to trust.
    """

    process: subprocess.Popen[str]
    dev: str
    blob: str
    ca_file: str


@contextmanager
def running(folder: Path) -> Iterator[StorageProcess]:
    """Run storage on a folder; it is killed at the end."""
    command = [sys.executable, "-m", "tests.localcloud.storage.storage_process", str(folder)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, encoding="utf-8", cwd=ROOT, env={**os.environ}
    ) as process:
        try:
            assert process.stdout is not None
            yield StorageProcess(process, **json.loads(process.stdout.readline()))
        finally:
            process.kill()


async def _serve(folder: Path) -> None:
    from chatkit.localcloud.core.platform import Platform
    from chatkit.localcloud.entra.service import EntraService
    from chatkit.localcloud.storage.auth.access import by_roles
    from chatkit.localcloud.storage.service import StorageService
    from chatkit.localcloud.storage.state.spec import AccountSpec

    platform = Platform.open(folder)
    platform.listeners.settle()  # another program can have taken a port meanwhile
    tokens = EntraService(platform).tokens
    storage = StorageService(platform, tokens, role_check=by_roles(tokens.roles))
    await storage.start()
    await storage.apply(AccountSpec(NAME, KEY, KEY))
    ca_file = str(platform.certificates.ca_file)
    print(
        json.dumps(
            {"dev": storage.dev_endpoint(), "blob": storage.blob_endpoint(NAME), "ca_file": ca_file}
        ),
        flush=True,
    )
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
