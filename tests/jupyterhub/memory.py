"""What a person of a hub takes of its memory: `.venv/bin/python -m tests.jupyterhub.memory`.

alice runs 00 to 10, and 10 stays open. Memory is PSS, in MB of 1,000,000 bytes: what processes
share counts once.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections import Counter
from pathlib import Path

from tests.jupyterhub import hub as hubs
from tests.jupyterhub.hub import Hub, tljh
from tests.jupyterhub.person import Person, client
from tests.tools import Tools
from tests.wheel import installed

MB = 1_000_000
NOBODY_CALLS_S = 75.0
"""A deployed app has no process after a minute without a call."""
KINDS = {
    "jupyterhub-singleuser": "JupyterLab, the server of a person",
    "ipykernel": "a kernel, one for each open notebook",
    "localcloud.daemon": "the local cloud",
    "func start": "the functions on this machine: their host",
    "page_server": "the page on this machine",
    "cli.jupyterhub.ending": "what ends all of this",
    "": "functions in processes of their own",
}


def main() -> None:
    """Print three tables."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "hub").mkdir()
        user = tljh(folder, installed.built(folder / "dist"))
        with hubs.running(user, folder / "hub", Tools()) as hub:
            asyncio.run(_measure(hub))


async def _measure(hub: Hub) -> None:
    async with client(hub) as http:
        alice = Person(hub, "alice", http)
        await alice.start()
        _tell("At the first page of JupyterLab", _sizes(hub))
        *before, last = await alice.notebooks("10")
        for notebook in before:
            await alice.run(notebook)
        async with alice.kernel(last) as kernel:
            await alice.run_cells(last, kernel)
            _tell("After section 10, at once", _sizes(hub))
            await asyncio.sleep(NOBODY_CALLS_S)
            _tell("When nobody has called the apps", _sizes(hub))


def _tell(when: str, sizes: Counter[str]) -> None:
    print(f"{when}:")
    for kind, size_bytes in [*sizes.items(), ("all", sizes.total())]:
        print(f"{size_bytes / MB:6.1f} MB  {kind}")


def _sizes(hub: Hub) -> Counter[str]:
    """Bytes of each kind of process."""
    found: Counter[str] = Counter()
    for process in hub.processes("alice"):
        command = " ".join(process.cmdline())
        kind = next(kind for words, kind in KINDS.items() if words in command)
        found[kind] += _pss(process.pid)
    return found


def _pss(pid: int) -> int:
    """Bytes of a process; proc_pid_smaps(5) gives them in kB."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    (size_kb,) = re.findall(r"^Pss: +(\d+) kB$", text, re.M)
    return int(size_kb) * 1024


if __name__ == "__main__":
    main()
