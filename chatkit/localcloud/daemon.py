"""The local cloud's process: one per home, started detached, killed at any moment without loss.

`python -m chatkit.localcloud.daemon FOLDER` composes the services, opens their ports, writes
`cloud.json` beside its state and runs until SIGTERM or a `down` request.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from chatkit.core import descriptors, log_files
from chatkit.core.disk.rotating_log import RotatingLog
from chatkit.core.errors import ChatkitError, HomeDamaged, HomeUnusable, NotWritten
from chatkit.core.file_lock import LOCKED_EXIT, FileLock
from chatkit.core.files import private_folder, write_private, writing
from chatkit.core.home import records, state
from chatkit.core.home.check import NOTICE, UNUSABLE_EXIT, check_access
from chatkit.core.system import signals
from chatkit.core.system.free_memory import give_memory_back
from chatkit.core.system.moving import remove
from chatkit.core.text.masking import mask
from chatkit.localcloud.cloud import LocalCloud
from chatkit.localcloud.core.log_limits import OneASecond
from chatkit.localcloud.core.platform import SteadyTime
from chatkit.localcloud.core.store import Store

log = logging.getLogger("chatkit.local")
LOOK_S = 2.0
TRIM_LOOKS = 5  # every ten seconds
# What reading a document raises that this version, or an older one, has not written.
UNREADABLE = (
    sqlite3.DatabaseError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    AssertionError,
)


def main(argv: list[str] | None = None) -> int:
    """Run the local cloud of one home until told to stop."""
    parser = argparse.ArgumentParser(prog="chatkit.localcloud.daemon", description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args(argv).folder.resolve()
    try:
        return _run(folder)
    except (HomeUnusable, NotWritten) as error:
        print(error, file=sys.stderr)
        return UNUSABLE_EXIT
    except ChatkitError as error:
        print(error, file=sys.stderr)
        return 1


def _run(folder: Path) -> int:
    with writing(folder):
        private_folder(folder)
    check_access(folder)
    with FileLock(folder / "lock") as lock:
        if not lock.try_acquire():
            print(
                f"A local cloud already runs in {folder}. `chatkit local status` shows it.",
                file=sys.stderr,
            )
            return LOCKED_EXIT
        descriptors.raise_limit()
        log_file = _log_to(folder / "cloud.log")
        asyncio.run(_serve(folder, lock, log_file))
    return 0


async def _serve(folder: Path, lock: FileLock, log_file: _CloudLog) -> None:
    stop = asyncio.Event()
    signals.call_when_asked_to_end(asyncio.get_running_loop(), stop.set)
    with _documents_of(folder):
        cloud = LocalCloud(folder, on_stop=stop.set)
        await cloud.start()
    document: dict[str, object] = {
        **cloud.endpoints(),
        "moves": [asdict(move) for move in cloud.moves],
        "moved": {str(before): now for before, now in cloud.platform.moved_ports().items()},
    }
    endpoints = _EndpointsFile(folder / "cloud.json", document)
    with cloud.platform.store.space_for_little():
        endpoints.write()
    _tell_damage(cloud.storage.damage())
    log.info("ready, pid %s", os.getpid())
    _keep_copy(cloud.platform.store, folder)
    try:
        await _until(stop, lock, _Care(log_file, endpoints, cloud.platform.steady_time))
    finally:
        if lock.is_in_place():  # else the file is another cloud's
            remove(endpoints.path)
        await cloud.stop()
        log.info("stopped")


def _keep_copy(store: Store, folder: Path) -> None:
    """Keep a second copy of the documents that this start could read, where the disk takes one."""
    try:
        if not store.copy_to(folder / state.COPY):
            log.info("no second copy of the documents: they are large, or the disk is nearly full")
    except (NotWritten, HomeDamaged) as error:
        log.warning("no second copy of the documents: %s", error)


def _tell_damage(blobs: list[str]) -> None:
    """Say which blobs are damaged; the one who started this process reads it in its output."""
    if blobs:
        more = f" and {len(blobs) - 1} others" if blobs[1:] else ""
        what = f"the blob {blobs[0]}{more} is damaged. `chatkit local repair` says what is left."
        log.warning(what)
        print(f"{NOTICE}{what}", file=sys.stderr, flush=True)


@contextmanager
def _documents_of(folder: Path) -> Iterator[None]:
    """Name the file when a service cannot read its documents."""
    try:
        yield
    except UNREADABLE as error:
        log.exception("the documents cannot be read")
        what = mask(f"{type(error).__name__}: {error}")
        raise HomeDamaged(
            folder / state.FILE, f"a document in it is not as the kit writes it ({what})"
        ) from error


class _EndpointsFile:
    """`cloud.json`: where this process tells those who look for a local cloud how to reach it.

    Attributes:
        path: Where it is.
    """

    def __init__(self, path: Path, endpoints: Mapping[str, object]) -> None:
        self.path = path
        document = {"running": True, "pid": os.getpid(), **endpoints}
        self._text = json.dumps(document, indent=1)

    def write(self) -> None:
        """Write the file; what stands there from a run that was killed is of no use any more."""
        write_private(self.path, self._text)

    def mend(self) -> None:
        """Write it anew when it is gone or damaged: nobody finds this process without it."""
        if self._is_whole():
            return
        try:
            with suppress(FileNotFoundError):
                aside = records.put_aside(self.path)
                log.warning("cloud.json was damaged; it is kept as %s", aside.name)
            self.write()
        except (OSError, ChatkitError):
            log.exception("cloud.json cannot be written")

    def _is_whole(self) -> bool:
        try:
            return self.path.read_text(encoding="utf-8", errors="replace") == self._text
        except OSError:
            return False


@dataclass
class _Care:
    """What a running cloud looks after."""

    log_file: _CloudLog
    endpoints: _EndpointsFile
    steady_time: SteadyTime
    looks: int = 0

    def take(self) -> None:
        self.log_file.write_overdue()
        log_files.rotate_output()
        self.endpoints.mend()
        self.steady_time.keep_when_due()
        self.looks += 1
        if self.looks % TRIM_LOOKS == 0:
            give_memory_back()


async def _until(stop: asyncio.Event, lock: FileLock, care: _Care) -> None:
    """Wait for the stop event, and look after the cloud's files meanwhile.

    A deleted home also ends the process, since nothing could be kept any more.
    """
    while not stop.is_set():
        try:
            async with asyncio.timeout(LOOK_S):
                await stop.wait()
        except TimeoutError:
            if not lock.is_in_place():
                return
            care.take()


class _Masked(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record))


class _CloudLog(RotatingLog):
    """The cloud's log: short, masked, and not to be filled by a client."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, max_bytes=log_files.MAX_BYTES)
        self.setFormatter(_Masked("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
        self._limit = OneASecond()
        self.addFilter(self._limit)

    def write_overdue(self) -> None:
        """Write how many lines were left out of kinds that came no more."""
        for record in [*self._limit.overdue()]:
            self.emit(record)


def _log_to(path: Path) -> _CloudLog:
    handler = _CloudLog(path)
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("chatkit").setLevel(logging.INFO)
    return handler


if __name__ == "__main__":
    sys.exit(main())
