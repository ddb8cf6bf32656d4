"""A Jupyter server extension: on a JupyterHub it does what `chatkit lab` does elsewhere.

It brings the notebooks, starts the local cloud of who has one, and has all that runs for the home
end when the server ends, also when that is killed: a hub stops the servers of those who were idle,
and what they leave running would keep its memory. A server that no hub has started only brings the
notebooks: its person may have `chatkit lab` beside it, and ends what runs themselves.

Follows Jupyter Server's page "Server Extensions".
"""

from __future__ import annotations

import os
import sys
from logging import Logger
from threading import Event, Thread
from typing import TYPE_CHECKING

from chatkit.cli.lab import bring_notebooks
from chatkit.cloud import local_cloud
from chatkit.core import settings
from chatkit.core.errors import ChatkitError
from chatkit.core.file_lock import FileLock
from chatkit.core.files import private_folder
from chatkit.core.home.check import check_home
from chatkit.core.processes import Survivor
from chatkit.core.running.presence import SERVER_LOCK
from chatkit.lesson.notebooks import execution
from chatkit.steps import moved_ports

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

# A shell waits, because it takes a hundredth of the memory that Python takes.
WHEN_WE_HAVE_ENDED = 'while read -r line; do :; done; exec "$0" -P -m chatkit.cli.jupyterhub.ending'


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Where Jupyter's server finds the function below."""
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: ServerApp) -> None:
    """Begin, when the server does. What fails is said in its log: the server is there for more."""
    execution.prefer_own_kernel()
    try:
        check_home(settings.home())
        private_folder(settings.home())
    except ChatkitError as error:
        server.log.warning("chatkit: %s", error)
        return
    try:
        bring_notebooks()
    except ChatkitError as error:  # what runs in the home ends with this server all the same
        server.log.warning("chatkit: %s", error)
    if os.environ.get("JUPYTERHUB_SERVICE_PREFIX"):
        Thread(target=_stay, args=(server.log,), name="chatkit-home", daemon=True).start()


def _stay(log: Logger) -> None:
    """Hold the home for as long as this process lives."""
    command = ["sh", "-c", WHEN_WE_HAVE_ENDED, sys.executable]
    try:
        with FileLock(settings.home() / SERVER_LOCK) as lock:
            lock.acquire()  # what the server before this one has left may still be ending
            with Survivor(command, environment={}):
                _start_cloud(log)
                Event().wait()
    except (ChatkitError, OSError) as error:  # a full disk
        log.warning("chatkit: what runs will not end with this server: %s", error)


def _start_cloud(log: Logger) -> None:
    """Start the person's local cloud, if any: deployed pages and functions answer again."""
    try:
        is_local = settings.load(settings.home()).target == "local"
        if is_local and local_cloud.folder().is_dir():
            moved_ports.start_cloud(settings.home(), lambda said: log.warning("chatkit: %s", said))
    except ChatkitError as error:
        log.warning("chatkit: %s", error)
