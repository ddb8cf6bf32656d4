"""Which of the kit's own notebooks were edited in place: in a clone, git knows it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

GIT_LIMIT_S = 10
NOT_IN_GIT = ("??", "!!")


def edited_in_place(kit: Path, names: set[str], *, is_used: bool) -> set[str]:
    """Those of the kit's notebooks that are not as they were delivered.

    Args:
        kit: The folder that holds them.
        names: Of the notebooks.
        is_used: Somebody may have worked in that folder: what git does not know counts as edited.
    """
    if not os.access(kit, os.W_OK):
        return set()
    command = [
        "git",
        "-C",
        str(kit),
        "status",
        "--porcelain",
        "-z",
        "-uall",
        "--ignored",
        "--",
        ".",
    ]
    # Without this git would write its index.
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, timeout=GIT_LIMIT_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return names if is_used else set()
    entries = [entry for entry in done.stdout.decode(errors="replace").split("\0") if entry]
    edited = {name.rpartition("/")[2] for name in entries if is_used or name[:2] not in NOT_IN_GIT}
    return names & edited
