"""What a participant takes of a machine's memory: the tutorial has run, and one notebook is open.

PSS, in MB of 1,000,000 bytes, as `chatkit doctor` tells it. The peer is JupyterLab with the kernel,
which everybody takes who works in a notebook. Measured three times: at once, when one app has a
process, the one that was called last, and when none has, because nobody has called them for a
while. Then the first message is timed, which starts one.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(CHECKOUT))

from chatkit.core import settings  # noqa: E402
from chatkit.lesson.doctor.preflight import memory  # noqa: E402
from chatkit.localcloud.functions.worker_process.rest import IDLE_AFTER_S  # noqa: E402
from tests.chromium import launched  # noqa: E402
from tests.lab.notebook_page import NotebookPage  # noqa: E402
from tests.lab.running_lab import running_lab, variables  # noqa: E402

LAST, LATER_S = "10-private-messages.ipynb", 30
WORKER = "chatkit_worker"


def run() -> dict[str, object]:
    """Run the tutorial, open a notebook, measure."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        launched() as browser,
        running_lab(Path(folder)) as address,
    ):
        home = Path(folder)
        environment = variables(home, home / "jupyter")
        command = [sys.executable, "-m", "chatkit", "run"]
        subprocess.run(command, check=True, capture_output=True, env=environment, cwd=CHECKOUT)
        notebook = NotebookPage.open(browser.new_context(), address, LAST)
        notebook.run("workshop = Workshop.open()")
        at_once = memory.measure(home)
        first_call_s(home)
        until_awake(home, 1)
        used = memory.measure(home)
        until_awake(home, 0)
        rested = memory.measure(home)
        return {
            "ours_at_once_mb": round(at_once.ours),
            "ours_mb": round(used.ours),
            "ours_when_idle_mb": round(rested.ours),
            "peer": "jupyterlab and one kernel",
            "peer_lab_mb": round(rested.lab),
            "peer_kernel_mb": round(rested.kernel),
            "measure": rested.measure,
            **first_call_s(home),
        }


def until_awake(home: Path, apps: int) -> None:
    """Wait until no more apps of a home than these have a process."""
    end = time.monotonic() + IDLE_AFTER_S + LATER_S
    while awake(home) > apps:
        if time.monotonic() > end:
            raise RuntimeError("the apps' processes do not rest")
        time.sleep(0.5)


def awake(home: Path) -> int:
    """How many apps of a home have a process."""
    return len(
        {one.pid for _, one in memory.processes_of(home) if WORKER in " ".join(one.cmdline())}
    )


def first_call_s(home: Path) -> dict[str, float]:
    """A call of the deployed app that rests, and the next one."""
    url = settings.load(home).facts.api_base_url
    return {"first_call_s": call_s(url), "next_call_s": call_s(url)}


def call_s(url: str) -> float:
    """How long a function takes to answer; after section 09 it refuses who is not signed in."""
    begun = time.perf_counter()
    with suppress(urllib.error.HTTPError), urllib.request.urlopen(f"{url}/api/messages"):
        pass
    return round(time.perf_counter() - begun, 3)


if __name__ == "__main__":
    print(run())
