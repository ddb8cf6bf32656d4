"""What a server on a JupyterHub leaves running for a home is ended, when no other server has it.

`python -m chatkit.cli.jupyterhub.ending` is started when the server has ended.
"""

from __future__ import annotations

import sys

from chatkit.cli.stop import stop
from chatkit.core.file_lock import FileLock
from chatkit.core.running.presence import SERVER_LOCK
from chatkit.core.settings import home


def main() -> int:
    """End it.

    Returns:
        The exit code.
    """
    if not home().is_dir():
        return 0
    with FileLock(home() / SERVER_LOCK) as lock:
        # The person's next server waits for the lock, so that nothing of it is ended.
        if lock.try_acquire():
            stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
