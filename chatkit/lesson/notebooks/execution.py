"""The notebooks as programs: running their cells without a browser."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatkit.core import settings as store
from chatkit.core.errors import ChatkitError

if TYPE_CHECKING:
    from nbclient import NotebookClient

CELL_TIMEOUT_S = 1800
SKIPPED = "skip-execution"  # nbclient's own
OWN_INSTANCE = "own-instance"
"""Cells that show what the instance of a class shows nobody: its keys."""
UNHEARD = {"transport_encryption": "auto"}
"""All users of a machine reach a kernel's ports, and could read there what its cells print."""


class NotebookFailed(ChatkitError):
    """A cell raised."""


def execute(
    content: Any,
    name: str,
    folder: Path,
    *,
    done: Callable[[Any], None],
    environment: Mapping[str, str] | None = None,
) -> None:
    """Execute a notebook's cells in a kernel of their own; outputs go into `content`.

    Not on a thread that runs a loop.

    Args:
        content: The notebook as nbformat reads it.
        name: Said when a cell fails whose metadata name no `notebook`.
        folder: Where the cells run.
        done: Told of each cell that has run.
        environment: The kernel's environment; by default this process's.

    Raises:
        NotebookFailed: A cell raised; the sentence names notebook, cell and error.
    """
    from nbclient import NotebookClient
    from traitlets.config import Config

    prefer_own_kernel()
    current = {"source": "", "name": name}

    # nbclient passes these by name.
    def started(cell: Any, cell_index: int) -> None:  # noqa: ARG001
        current.update(source=cell.source, name=cell.metadata.get("notebook", name))

    def executed(cell: Any, cell_index: int, execute_reply: Any) -> None:  # noqa: ARG001
        done(cell)

    client = NotebookClient(
        content,
        timeout=CELL_TIMEOUT_S,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        skip_cells_with_tag=OWN_INSTANCE if store.load(store.home()).shared else SKIPPED,
        on_cell_start=started,
        on_cell_executed=executed,
        config=Config({"KernelManager": UNHEARD}),
    )
    reason = _run(client, environment)
    if reason:
        raise NotebookFailed(failure(**current, reason=reason))


def prefer_own_kernel() -> None:
    """Let Jupyter take the kernel `python3` of this environment.

    In an environment that belongs to somebody else it would take one that the user has once
    installed under that name, which knows nothing of the kit.
    https://jupyter.readthedocs.io/en/latest/use/jupyter-directories.html
    """
    os.environ.setdefault("JUPYTER_PREFER_ENV_PATH", "1")


def _run(client: NotebookClient, environment: Mapping[str, str] | None) -> str:
    """Run a notebook; return why it stopped, empty when it did not."""
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    more: dict[str, Any] = {}
    if environment is not None:
        more["env"] = dict(environment)
    try:
        # stderr: the kernel's own remarks; what cells print is in the notebook
        asyncio.run(client.async_execute(stderr=subprocess.DEVNULL, **more))
    except CellExecutionError as error:
        return f"{error.ename}: {plain(error.evalue)}"
    except CellTimeoutError:
        return "it took longer than 30 minutes."
    except DeadKernelError:
        return "the kernel died."
    return ""


def failure(*, name: str, source: str, reason: str) -> str:
    """Say which cell of which notebook failed, and why."""
    head = next((line.strip() for line in source.splitlines() if line.strip()), "")
    return f"{name} stopped in the cell that begins with `{head[:80]}`: {reason}"


def plain(text: str) -> str:
    """Remove terminal colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
