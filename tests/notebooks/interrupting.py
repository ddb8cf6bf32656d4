"""Running cells in a real kernel, and interrupting them as the stop button does."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from tests.notebooks.refresh import NOTEBOOKS

CELL_LIMIT_S = 90.0
# A signal that hits the code of the kernel can cost the answer. The next cell shows that it works.
LOST_AFTER_S = 20.0
NEVER = float("inf")


@dataclass(frozen=True)
class Ran:
    """How a cell ended.

    Attributes:
        error: Name and words of what it raised; empty when it did its work.
        seconds: How long it took.
        was_interrupted: Whether the signal came before its end.
    """

    error: str
    seconds: float
    was_interrupted: bool


class Kernel:
    """A kernel that runs one notebook's cells."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self._manager = manager
        self._client = client

    def run(self, code: str, *, stop_after_s: float = NEVER) -> Ran:
        """Run a cell; interrupt it so long after its beginning."""
        request = self._client.execute(code, allow_stdin=False, stop_on_error=False)
        limit = time.monotonic() + CELL_LIMIT_S
        begun = stop_at = NEVER
        error = ""
        interrupted = False
        while True:
            now = time.monotonic()
            if now >= stop_at:
                self._manager.interrupt_kernel()
                interrupted, stop_at = True, NEVER
                limit = min(limit, now + LOST_AFTER_S)
            if interrupted and now >= limit:
                return Ran("its answer was lost", now - begun, interrupted)
            assert now < limit, f"The kernel does not come back from: {code[:80]}"
            message = self._next(min(stop_at, limit) - now)
            if message is None or message["parent_header"].get("msg_id") != request:
                continue
            content = message["content"]
            if message["msg_type"] == "execute_input":
                begun = time.monotonic()
                stop_at = begun + stop_after_s
            elif message["msg_type"] == "error":
                error = f"{content['ename']}: {content['evalue']}"
            elif content.get("execution_state") == "idle":
                return Ran(error, time.monotonic() - begun, interrupted)

    def _next(self, wait_s: float) -> dict[str, Any] | None:
        try:
            return dict(self._client.get_iopub_msg(timeout=max(0.0, wait_s)))
        except Empty:
            return None


@contextmanager
def kernel(home: Path) -> Iterator[Kernel]:
    """Start a kernel in the notebooks' folder, for a home."""
    manager = KernelManager(kernel_name="python3")
    environment = {**os.environ, "CHATKIT_HOME": str(home), "CHATKIT_PROGRESS": "0"}
    manager.start_kernel(cwd=str(NOTEBOOKS), env=environment)
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        yield Kernel(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
