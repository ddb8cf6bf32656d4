"""The sentences about a local cloud that gives no answer: it does not run, or it hangs.

A process that is suspended (Ctrl+Z, a debugger, SIGSTOP) keeps its ports and the lock of its home,
so that another one cannot start in its place.
"""

from __future__ import annotations

from pathlib import Path

from chatkit.core.errors import NotAnswering, NotStarted
from chatkit.core.file_lock import holder, is_free
from chatkit.core.processes import ProcessIdentity, last_lines
from chatkit.core.system import shells

LOG = "cloud.log"
"""Of a local cloud's folder: there since it was started for the first time."""
ANEW = "`chatkit local down` ends it; `chatkit local up` then starts it with everything it held."


def switched_off(where: Path) -> NotStarted:
    """The one sentence for a local cloud that does not run, for cells and for terminals."""
    if not (where / LOG).exists():
        return NotStarted(
            "The local cloud is not running.",
            why="Nothing has started it in this home yet.",
            hint="In a notebook, `workshop = Workshop.open()` does; in a terminal, `chatkit local"
            " up`.",
        )
    return NotStarted(
        "The local cloud is not running.",
        why="It was stopped, or this machine was.",
        hint="In a notebook, `workshop = Workshop.open()` starts it with everything it held;"
        " in a terminal, `chatkit local up` does.",
    )


def silent(pid: int) -> NotAnswering:
    """The one sentence for a local cloud that runs and does not answer."""
    if not is_suspended(pid):
        return NotAnswering(
            f"The local cloud runs (process {pid}), but does not answer.",
            hint=f"Try again; when that does not help, {ANEW}",
        )
    goes_on = shells.going_on(pid)
    return NotAnswering(
        f"The local cloud is suspended (process {pid}) and answers nobody.",
        hint=f"{goes_on} lets it go on, or {ANEW}" if goes_on else ANEW,
    )


def silent_or_off(where: Path) -> NotStarted:
    """Why the local cloud of a folder gives no answer."""
    pid = holder(where / "lock")
    return switched_off(where) if pid is None else silent(pid)


def check_not_suspended(where: Path) -> None:
    """Look whether waiting for an answer of the local cloud of a folder makes sense.

    Raises:
        NotAnswering: It is suspended.
    """
    pid = holder(where / "lock")
    if pid is not None and is_suspended(pid):
        raise silent(pid)


def is_copy(where: Path) -> bool:
    """Whether the `cloud.json` of a folder is that of another one, which was copied while it ran:
    a local cloud holds the lock of its own folder, also when that was moved.
    """
    return is_free(where / "lock")


def is_suspended(pid: int) -> bool:
    """Whether a process was told to pause."""
    process = ProcessIdentity.of(pid)
    return process is not None and process.is_suspended()


def last_word(where: Path) -> str:
    """The last line that a local cloud wrote, without the name of the exception class."""
    for name in ("cloud.out", LOG):
        for line in last_lines(where / name):
            line = line.strip()
            if line.startswith("chatkit.core.errors."):
                return line.partition(": ")[2]
            return line
    return "it said nothing"
