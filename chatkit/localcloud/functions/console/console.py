"""What the host writes: lines like those of `func start`, to terminal, log file and logging."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from chatkit.core.disk.rotating_log import RotatingLog
from chatkit.core.files import writing
from chatkit.core.text.masking import PIECE_CHARACTERS, excerpt, mask_pieces
from chatkit.localcloud.functions.console.backlog import Backlog
from chatkit.localcloud.functions.console.followers import Follower
from chatkit.localcloud.functions.worker_process.calls import Failure

log = logging.getLogger("chatkit.local.functions")
Print = Callable[[str], None]
LOG_BYTES = 5_000_000
# Looking for secrets costs more than writing a line; no secret is without one of these.
MAYBE_SECRET = ("=", "earer", "EARER", "sharedkey ", "SharedKey ", "SHAREDKEY ", "eyJ")
# A longer line goes on in the next one: no write takes long.
LINE_CHARACTERS = 1 << 18
# What the local cloud's own log has of it; the app's log has everything.
EXCERPT_CHARACTERS = 2000
# How much of a text is looked through for a line's end in one step.
LOOK_CHARACTERS = 1 << 15
# Where `str.splitlines` cuts; it would cut a long text at once.
LINE_END = re.compile("\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


class Console:
    """One app's console. Secrets are masked in everything the host writes, in user lines too.

    Long texts are masked and written in small steps, between which the event loop serves others.

    Attributes:
        backlog: What is not written yet.
    """

    def __init__(self, name: str, *, echo: Print | None = None, file: Path | None = None) -> None:
        self._name = name
        self._echo = echo
        self.backlog = Backlog()
        self._followers: set[Follower] = set()
        self._file: logging.Handler | None = None
        if file is not None:
            with writing(file):
                file.parent.mkdir(parents=True, exist_ok=True)
            self._file = RotatingLog(file, max_bytes=LOG_BYTES)

    def host_line(self, text: str, *, error: bool = False) -> None:
        """A line of the host itself, with the time in front."""
        self._write(f"[{_now()}] {text}")
        level = logging.ERROR if error else logging.DEBUG
        self._log(level, text)

    def user_line(self, text: str) -> None:
        """A log record or printed lines of the app."""
        self._later(text, f"[{_now()}] ")

    def plain(self, text: str) -> None:
        """Text without time, for the list of functions."""
        self._write(text)

    def executing(self, name: str, call_id: str, reason: str) -> None:
        """An invocation starts."""
        self._write(f"[{_now()}] Executing 'Functions.{name}' (Reason='{reason}', Id={call_id})")

    def executed(self, name: str, call_id: str, seconds: float, failure: Failure | None) -> None:
        """An invocation ended; a failure comes with its stack, which the caller never sees."""
        how = "Failed" if failure else "Succeeded"
        self._write(
            f"[{_now()}] Executed 'Functions.{name}' ({how}, Id={call_id}, "
            f"Duration={seconds * 1000:.0f}ms)"
        )
        if failure:
            self._write(
                f"[{_now()}] System.Private.CoreLib: Exception while executing function: "
                f"Functions.{name}. {_described(failure)}"
            )
            self._log(logging.WARNING, f"function {name} failed: {failure}")

    def in_error(self, name: str, sentence: str) -> None:
        """A function cannot be served; the others are."""
        self._write(f"[{_now()}] The '{name}' function is in error: {sentence}")
        self._log(logging.ERROR, f"function {name} is in error: {sentence}")

    def lasting(self, name: str, seconds: float, stack: str) -> None:
        """A function, or the import of the app without a name, goes on: say where it is."""
        what = f"Functions.{name}" if name else "The import of the app"
        self._write(f"[{_now()}] {what} has not ended after {seconds:.0f} s.\nStack: {stack}")

    def load_failed(self, failure: Failure) -> None:
        """The app did not load: loud, with the whole traceback."""
        self._write(f"[{_now()}] A host error has occurred: the function app did not start.")
        self._write(f"[{_now()}] {_described(failure)}")
        self._write(f"[{_now()}] Every URL but / answers 503 until this is corrected.")
        self._log(logging.ERROR, f"the app did not start: {failure}")

    @contextmanager
    def followed(self) -> Iterator[Follower]:
        """Let somebody read in the block what is written from now on."""
        follower = Follower()
        self._followers.add(follower)
        try:
            yield follower
        finally:
            self._followers.discard(follower)

    def close(self) -> None:
        """Write what waits, and close the log file."""
        self.backlog.finish()
        for follower in self._followers:
            follower.end()
        if self._file:
            self._file.close()

    def _log(self, level: int, text: str) -> None:
        """Tell the local cloud's log; in a local run the console has just said it."""
        if self._echo is None:
            log.log(level, "%s: %s", self._name, excerpt(text, EXCERPT_CHARACTERS))

    def _write(self, text: str) -> None:
        self.backlog.add(self._steps(text), size=len(text))

    def _later(self, text: str, stamp: str) -> None:
        self.backlog.add(self._lines(text, stamp), size=len(text))

    def _lines(self, text: str, stamp: str) -> Iterator[None]:
        """Write a text with the time in front of each of its lines."""
        start = 0
        looked = 0
        while looked < len(text):
            limit = looked + LOOK_CHARACTERS
            found = LINE_END.search(text, looked, limit)
            if found is None:
                looked = limit
                yield
                continue
            yield from self._steps(stamp + text[start : found.start()])
            start = looked = found.end()
            if found[0] == "\r" and text.startswith("\n", looked):  # the limit lay between
                start = looked = looked + 1
        if start < len(text) or not text:
            yield from self._steps(stamp + text[start:])

    def _steps(self, text: str) -> Iterator[None]:
        """Write one text without its secrets, a long one in pieces."""
        if len(text) <= PIECE_CHARACTERS and not any(sign in text for sign in MAYBE_SECRET):
            self._put(text)
            yield
            return
        masked: list[str] = []
        length = 0
        for piece in mask_pieces(text):
            masked.append(piece)
            length += len(piece)
            if length > LINE_CHARACTERS:
                self._put("".join(masked))
                masked.clear()
                length = 0
            yield
        self._put("".join(masked))

    def _put(self, text: str) -> None:
        """Write a line that cannot have a secret in it, or has none any more."""
        if self._echo:
            # The terminal may be a file, on a disk that takes no more; the app goes on.
            with suppress(OSError):
                self._echo(text)
        for follower in self._followers:
            follower.put(text)
        if self._file:
            self._file.emit(logging.makeLogRecord({"msg": text, "levelno": logging.INFO}))


def _described(failure: Failure) -> str:
    if not failure.stack:
        return f"{failure}"
    return f"Result: Failure\nException: {failure}\nStack: {failure.stack}"


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
