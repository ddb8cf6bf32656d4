"""Which panels a cell that runs again replaces.

Those of its earlier runs, and those of the same users.

A front end tells which cell a request comes from (JupyterLab and VS Code do, `cellId`); where it
does not, only the users count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chatkit.core.results import ipython_shell


@dataclass(frozen=True)
class Run:
    """One run of one cell.

    Attributes:
        cell: Its id, empty when unknown.
        request: What asked for the run; outside of a kernel every call is a run of its own.
    """

    cell: str
    request: object


def this_run() -> Run:
    """The run that is going on."""
    shell = ipython_shell()
    parent: dict[str, Any] = {}
    if hasattr(shell, "get_parent"):
        parent = shell.get_parent()
    request = parent.get("header", {}).get("msg_id") or object()
    return Run(str(parent.get("metadata", {}).get("cellId") or ""), request)


def replaces(new: Run, old: Run, *, same_room_and_users: bool) -> bool:
    """Say whether what an old run opened goes when a new one opens.

    Two panels of one run stay side by side.
    """
    if new.request == old.request:
        return False
    return same_room_and_users or bool(new.cell and new.cell == old.cell)
