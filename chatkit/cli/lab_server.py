"""JupyterLab as `chatkit lab` starts it: `python -m chatkit.cli.lab_server OPTIONS`.

It is in the list of what runs for the home, so that `chatkit stop` finds it, and ends when the home
is deleted.
"""

from __future__ import annotations

import os
import signal
import sys

from chatkit.cli.failures import INTERRUPTED
from chatkit.core.running.presence import LAB, watched
from chatkit.core.settings import home


def main() -> int:
    """Run JupyterLab with the options of the command line, until it is stopped.

    Returns:
        The exit code.
    """
    try:
        from jupyterlab.labapp import main as run

        with watched(home(), LAB, _end):
            run()
    except KeyboardInterrupt:  # before Jupyter handles Ctrl+C itself
        print(INTERRUPTED, file=sys.stderr)
        return 1
    return 0


def _end() -> None:
    # Jupyter's server ends its kernels first, as at the end of a session.
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
