"""From `chatkit lab` to the first executed cell in a browser.

The peer is JupyterLab alone, up to a kernel that is ready.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import BrowserContext

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(CHECKOUT))

from chatkit.core.ports import any_free  # noqa: E402
from tests.chromium import launched  # noqa: E402
from tests.lab.notebook_page import KERNEL_READY, NotebookPage  # noqa: E402
from tests.lab.running_lab import running, running_lab  # noqa: E402

FIRST, GOAL_S, ROUNDS = "00-start-here.ipynb", 15, 2
PEER = (
    *("jupyterlab", "--no-browser", "--allow-root", f"--ServerApp.root_dir={CHECKOUT}"),
    f"--LabApp.default_url=/lab/tree/notebooks/{FIRST}",
)


def run() -> dict[str, object]:
    """Measure both in turn, in an empty browser and home; the better round of each counts."""
    with launched() as browser:
        rounds = [
            (jupyterlab_s(browser.new_context()), chatkit_lab(browser.new_context()))
            for _ in range(ROUNDS)
        ]
    peer_s = min(peer for peer, _ in rounds)
    kit = min((kit for _, kit in rounds), key=lambda times: times["first_cell_executed_s"])
    return {**kit, "goal_s": GOAL_S, "peer": "jupyterlab, to a ready kernel", "peer_s": peer_s}


def jupyterlab_s(window: BrowserContext) -> float:
    """JupyterLab by itself, on the same notebook."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        begun = time.perf_counter()
        with running([*PEER, f"--ServerApp.port={any_free()}"], Path(home)) as address:
            NotebookPage.open(window, address, FIRST).page.wait_for_selector(KERNEL_READY)
            return round(time.perf_counter() - begun, 1)


def chatkit_lab(window: BrowserContext) -> dict[str, float]:
    """The kit: Lab and the local cloud, then the first cell, which opens the workshop."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        begun = time.perf_counter()
        times: dict[str, float] = {}

        def note(name: str) -> None:
            times[name] = round(time.perf_counter() - begun, 1)

        with running_lab(Path(home)) as address:
            note("lab_listens_s")
            notebook = NotebookPage.open(window, address, FIRST)
            note("notebook_shown_s")
            notebook.page.wait_for_selector(KERNEL_READY)
            note("kernel_ready_s")
            notebook.choose("Edit", "Clear Outputs of All Cells")
            notebook.run("workshop = Workshop.open()")
            note("first_cell_executed_s")
        return times


if __name__ == "__main__":
    print(run())
