"""Where an exercise is graded: a copy of its app, on ports of its own, with a SignalR instance of
its own.

The host and the instance are the programs behind `chatkit func start` and `chatkit signalr start`.
They work on a folder of this home and end by themselves when it is gone, whatever became of the
notebook that has started them.
"""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from chatkit.core import ports
from chatkit.core.errors import NotStarted
from chatkit.core.file_lock import FileLock
from chatkit.core.files import private_folder, write_together
from chatkit.core.processes import last_lines, start_detached
from chatkit.core.results import Progress
from chatkit.core.running.interrupts import held
from chatkit.core.settings import checkout
from chatkit.core.system.moving import discard_tree
from chatkit.lesson.exercises.failing import LOAD_LIMIT_S, not_loaded
from chatkit.lesson.exercises.running_app import RunningApp
from chatkit.steps import running
from chatkit.steps.local_servers import FUNCTIONS, LocalServers
from chatkit.steps.local_settings import SIGNALR_SETTING, STORAGE_SETTING, storage_for
from chatkit.wire.connection_strings import SignalRConnectionString

if TYPE_CHECKING:
    from chatkit.steps.session import Session

EMULATOR_LIMIT_S = 20.0
STOP_LIMIT_S = 3.0
# The one that Microsoft publishes for its emulator: it opens nothing else.
EMULATOR_KEY = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGH"
NOT_COPIED = ("host.json", "local.settings.json")
KEPT_BESIDE = ".before-"
HOST: dict[str, Any] = {
    "version": "2.0",
    "extensionBundle": {
        "id": "Microsoft.Azure.Functions.ExtensionBundle",
        "version": "[4.*, 5.0.0)",
    },
}


@dataclass(frozen=True)
class Bench:
    """One grading.

    Attributes:
        session: The home, for exercises that need its storage.
        folder: Of this grading; it goes when that is over.
        app: The copy of the learner's app.
    """

    session: Session
    folder: Path
    app: Path

    @contextmanager
    def running(self, settings: Mapping[str, str] | None = None) -> Iterator[RunningApp]:
        """Have the app running in the block, without SignalR.

        Args:
            settings: Its settings besides the usual ones.

        Raises:
            CheckFailed: It does not load.
        """
        values = {"FUNCTIONS_WORKER_RUNTIME": "python", **(settings or {})}
        servers = LocalServers(self.folder, start_limit_s=LOAD_LIMIT_S)
        try:
            try:
                # A variable of this machine with the name of a setting would win over the file.
                started = servers.start_functions(
                    self.app, port=ports.any_free(), environment=values
                )
            except NotStarted as error:
                raise not_loaded(servers.log(FUNCTIONS), self.app) from error
            yield RunningApp(started.server.url, self.app, servers.log(FUNCTIONS))
        finally:
            with held():
                servers.stop(FUNCTIONS)

    @contextmanager
    def running_with_signalr(self) -> Iterator[tuple[RunningApp, SignalRConnectionString]]:
        """Have the app running in the block, with a SignalR instance of its own.

        Raises:
            CheckFailed: The app does not load.
            NotStarted: The instance does not start.
        """
        with self._signalr() as connection:
            port = connection.port
            text = f"Endpoint=http://localhost;Port={port};AccessKey={EMULATOR_KEY};Version=1.0;"
            with self.running({SIGNALR_SETTING: text}) as app:
                yield app, connection

    def storage(self) -> str:
        """The connection string of the storage that functions on this machine use."""
        return storage_for(self.session.connect_storage())

    def storage_setting(self) -> dict[str, str]:
        """The setting with which an app reaches that storage."""
        return {STORAGE_SETTING: self.storage()}

    @contextmanager
    def _signalr(self) -> Iterator[SignalRConnectionString]:
        port = ports.any_free()
        file = self.folder / "settings.json"
        file.write_text("{}", encoding="utf-8")
        command = (sys.executable, "-m", "chatkit", "signalr", "start", "--port", str(port))
        with ExitStack() as on_end:
            with held():
                process = start_detached(
                    (*command, "--settings", str(file)),
                    folder=checkout(),
                    log=self.folder / "signalr.log",
                )
                on_end.callback(process.identity().stop, STOP_LIMIT_S)
            until = monotonic() + EMULATOR_LIMIT_S
            if not process.wait_until(lambda: ports.answers(port) or None, until=until):
                said = " ".join(last_lines(process.log))
                raise NotStarted(f"The exercise's SignalR instance did not start. {said}")
            yield SignalRConnectionString("http://localhost", EMULATOR_KEY, port)


@contextmanager
def benched(session: Session, attempt: Path) -> Iterator[Bench]:
    """Have a place to grade an attempt in. One exercise of a home is graded at a time.

    Args:
        session: The home.
        attempt: The folder of the learner's app.
    """
    place = running.graded_in(session.home)
    private_folder(place)
    progress = Progress("Looking at what your app does")
    with FileLock(place.with_suffix(".lock")) as lock:
        lock.acquire()
        discard_tree(place)  # what a grading that was killed has left
        folder = place / uuid.uuid4().hex[:8]
        private_folder(folder)
        try:
            progress.show()
            yield Bench(session, folder, _copied(attempt, folder / "app"))
        finally:
            discard_tree(folder)
            progress.close()


def _copied(attempt: Path, app: Path) -> Path:
    """A copy of an app's files, with settings of the host that are the kit's.

    Raises:
        NotWritten: The disk is full, or takes no writes.
    """
    files: dict[Path, bytes | str] = {
        app / path.name: path.read_bytes()
        for path in attempt.iterdir()
        if path.is_file() and path.name not in NOT_COPIED and KEPT_BESIDE not in path.name
    }
    write_together(private={**files, app / "host.json": json.dumps(HOST)})
    return app
