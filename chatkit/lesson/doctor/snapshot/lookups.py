"""Looking many things up at the same time, with one time limit for all of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any, TypeVar

from azure.core.exceptions import AzureError, ResourceNotFoundError

from chatkit.core.errors import ChatkitError

T = TypeVar("T")
NO_TIME = "no answer in time"


class Unknown(Exception):
    """Something that is there to be looked at could not be."""


class NotThere(Unknown):
    """There is nothing to look at: it was not made yet."""


class NoAnswer(Unknown):
    """Another lookup, on which this one stands, has no answer; that one is the reason."""


class Lookups:
    """Answers by name. Each is looked up once, on a thread of its own.

    Nobody waits for one past the limit.

    Args:
        limit_s: Seconds from now on.
    """

    def __init__(self, limit_s: float) -> None:
        self._until = time.monotonic() + limit_s
        self._lock = threading.Lock()
        self._futures: dict[str, Future[Any]] = {}

    def ask(self, name: str, look: Callable[[], T]) -> Callable[[], T]:
        """Begin to look something up, unless that was begun before.

        Returns:
            Waits for the answer and returns it, or raises Unknown when it failed or the time is
            over.
        """
        with self._lock:
            is_new = name not in self._futures
            future = self._futures.setdefault(name, Future())
        if is_new:
            # daemon: a service that never answers must not hold up the end of the program
            threading.Thread(
                target=_answer, args=(future, look), name=f"doctor {name}", daemon=True
            ).start()
        return lambda: self._wait(name, future)

    def _wait(self, name: str, future: Future[T]) -> T:
        try:
            return future.result(max(0.0, self._until - time.monotonic()))
        except FutureTimeout:
            raise NoAnswer(f"{name}: {NO_TIME}") from None
        except NotThere:
            raise
        except Exception as error:
            raise NoAnswer(f"{name}: {type(error).__name__}") from error

    def unanswered(self) -> list[str]:
        """What could not be looked at, each with the reason: not what was not made yet, and not
        what only stands on another thing that has no answer.
        """
        with self._lock:
            futures = dict(self._futures)
        found = {name: _reason(future) for name, future in futures.items()}
        return [f"{name}: {reason}" for name, reason in found.items() if reason]


def known(look: Callable[[], T]) -> T | None:
    """What is looked up, None when it cannot be known."""
    try:
        return look()
    except Unknown:
        return None


def cause_of(error: BaseException) -> BaseException:
    """The error because of which something is unknown: that of the first lookup that failed."""
    while isinstance(error, NoAnswer) and error.__cause__ is not None:
        error = error.__cause__
    return error


def _reason(future: Future[Any]) -> str:
    if not future.done():
        return NO_TIME
    error = future.exception()
    match error:
        case None | NotThere() | NoAnswer():
            return ""
        case Unknown():
            return str(error)
        case ChatkitError():
            return error.message.rstrip(".")
        case ResourceNotFoundError():
            return "it is not there any more"
        case AzureError() | OSError():
            return f"no answer ({type(error).__name__})"
    return f"the doctor's own mistake ({type(error).__name__})"


def _answer(future: Future[Any], look: Callable[[], Any]) -> None:
    try:
        future.set_result(look())
    except BaseException as error:  # it is raised where the answer is asked for
        future.set_exception(error)
