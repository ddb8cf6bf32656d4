"""A log that no client can fill: one line a second of each kind, with the number of the others."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

PERIOD_S = 1.0
MAX_KINDS = 1000
SHOWN = 200
Kind = tuple[str, int, str, str]


@dataclass
class _Seen:
    """What is known about one kind of line.

    Attributes:
        at: When the last one was written.
        text: What it said.
        left_out: How many were not, since then.
    """

    at: float
    text: str
    left_out: int = 0


class OneASecond(logging.Filter):
    """Lets one record a second of each kind through, for a handler.

    A kind is a logger's message before its values are put in; with an exception, also the line
    that has raised it.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._seen: dict[Kind, _Seen] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether a record is written; it says how many like it were not."""
        now = self._clock()
        kind = _kind(record)
        seen = self._seen.get(kind)
        if seen is not None and now - seen.at < PERIOD_S:
            seen.left_out += 1
            return False
        text = _shown(record.getMessage())
        if seen is not None and seen.left_out:
            record.msg = f"{record.getMessage()} (and {seen.left_out} more like it before)"
            record.args = None
        if len(self._seen) >= MAX_KINDS:
            self._forget(now)
        self._seen[kind] = _Seen(now, text)
        return True

    def overdue(self) -> Iterator[logging.LogRecord]:
        """Records that say how many lines were left out of kinds that came no more."""
        now = self._clock()
        for (name, level, _, _), seen in self._seen.items():
            if not seen.left_out or now - seen.at < PERIOD_S:
                continue
            lines = "1 more line" if seen.left_out == 1 else f"{seen.left_out} more lines"
            text = f"{lines} like: {seen.text}"
            seen.left_out = 0
            yield logging.LogRecord(name, level, "", 0, text, None, None)

    def _forget(self, now: float) -> None:
        kept = {kind: seen for kind, seen in self._seen.items() if now - seen.at < PERIOD_S}
        self._seen = dict([*kept.items()][-MAX_KINDS // 2 :])


def _shown(message: str) -> str:
    """The beginning of a message. It ends with a word: half of a secret would not be masked."""
    line = message.partition("\n")[0]
    if len(line) <= SHOWN:
        return line
    return f"{line[:SHOWN].rpartition(' ')[0]} ..."


def _kind(record: logging.LogRecord) -> Kind:
    where = ""
    if record.exc_info and record.exc_info[0] is not None:
        where = record.exc_info[0].__name__
        trace = record.exc_info[2]
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        if trace is not None:
            where += f" {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
    message = str(record.msg).partition("\n")[0][:200]
    return record.name, record.levelno, message, where


@contextmanager
def log_to_terminal() -> Iterator[None]:
    """Show warnings and errors on stderr while the block runs; no client fills a terminal."""
    output = logging.StreamHandler()
    output.addFilter(OneASecond())
    logging.getLogger().addHandler(output)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(output)
