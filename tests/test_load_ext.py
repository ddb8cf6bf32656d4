"""`%load_ext chatkit`, the first line of each notebook."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell


@pytest.fixture
def shell() -> Iterator[Any]:
    """A notebook's shell; what it does about interrupts ends with it."""
    handler = signal.getsignal(signal.SIGINT)
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()
    signal.signal(signal.SIGINT, handler)


def test_the_first_cell_is_quiet_when_it_runs_again(
    shell: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """IPython says that an extension is already loaded, and how to reload it. Nothing adds up."""
    run = shell.run_cell
    assert run("%load_ext chatkit").success
    registered = {name: len(callbacks) for name, callbacks in shell.events.callbacks.items()}
    assert run("%load_ext chatkit").success
    assert registered == {name: len(found) for name, found in shell.events.callbacks.items()}
    assert capsys.readouterr() == ("", "")
