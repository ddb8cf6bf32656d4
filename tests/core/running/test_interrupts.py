"""Interrupts that wait for the end of an import, and of a few lines that belong together."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from chatkit.core.errors import SetupError
from chatkit.core.running import interrupts

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows sends a process no SIGINT of its own"
)
SLOW = """
import signal, time
signal.raise_signal(signal.SIGINT)
until = time.monotonic() + {seconds}
while time.monotonic() < until:
    pass
done = True
"""
PROGRAM = """
import sys
from chatkit.core.running import interrupts
interrupts.LONGEST_S = {longest}
interrupts.guard_imports()
try:
    import slow
    import time
    time.sleep(20)
except KeyboardInterrupt:
    print("stopped", getattr(sys.modules.get("slow"), "done", None))
"""


def run(folder: Path, *, seconds: float, longest: float) -> str:
    """Import a module that is interrupted, in a process of its own; say what became of it."""
    (folder / "slow.py").write_text(SLOW.format(seconds=seconds), encoding="utf-8")
    program = f"import sys\nsys.path.insert(0, {str(folder)!r})\n{PROGRAM.format(longest=longest)}"
    command = [sys.executable, "-c", program]
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", check=True, timeout=15
    ).stdout


def test_an_interrupt_waits_until_the_import_is_done(tmp_path: Path) -> None:
    """Then it stops what comes next, although that waits for something."""
    assert run(tmp_path, seconds=0.2, longest=10) == "stopped True\n"


def test_an_import_that_hangs_can_be_stopped(tmp_path: Path) -> None:
    """After a while."""
    assert run(tmp_path, seconds=30, longest=0.3) == "stopped None\n"


def test_outside_of_an_import_an_interrupt_comes_at_once() -> None:
    """As ever."""
    interrupts.guard_imports()
    try:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    finally:
        interrupts.release_imports()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_lines_that_belong_together_are_not_torn_apart() -> None:
    """The interrupt comes when they are done."""
    done = []
    with pytest.raises(KeyboardInterrupt), interrupts.held():
        signal.raise_signal(signal.SIGINT)
        done.append("the rest")
    assert done == ["the rest"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_package_that_was_half_loaded_asks_for_a_restart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A part of it is there, the package is not."""
    interrupts.check_imports()
    monkeypatch.setitem(sys.modules, "msal.telemetry", sys)
    monkeypatch.delitem(sys.modules, "msal", raising=False)
    with pytest.raises(SetupError, match=r"msal half loaded.*Restart the kernel"):
        interrupts.check_imports()
