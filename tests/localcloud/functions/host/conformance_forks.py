"""Load each case's app in a fork of a process that has imported the engine already.

An interpreter for each case would take ten times as long. Run by the interpreter under test:
`python conformance_forks.py FOLDER-OF-CHATKIT_WORKER kit|runtime`.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from typing import Any

Load = Callable[[dict[str, Any]], None]


def serve(channel: Any, load: Load) -> None:
    """Answer each message from a process of its own, one after another, until the host is gone."""
    if sys.platform == "win32":
        raise RuntimeError("Windows has no fork.")
    for header, _ in channel.messages():
        pid = os.fork()
        if pid == 0:
            try:
                os.chdir(header["folder"])
                os.environ.update(header["environment"])
                load(header)
            finally:
                os._exit(0)
        os.waitpid(pid, 0)


def main() -> None:
    """Import the engine, then load."""
    here = sys.path[0]
    sys.path[0] = sys.argv[1]
    from chatkit_worker.channel import Channel  # type: ignore[import-not-found]
    from chatkit_worker.main import Child  # type: ignore[import-not-found]

    sys.dont_write_bytecode = True
    channel = Channel()
    if sys.argv[2] == "kit":
        del sys.path[0]
        serve(channel, lambda header: Child(channel).load(header["folder"]))
        return
    sys.path[0] = here
    from conformance_oracle import Oracle  # type: ignore[import-not-found]

    del sys.path[0]
    oracle = Oracle(channel)
    serve(channel, lambda header: asyncio.run(oracle.load(header)))


if __name__ == "__main__":
    main()
