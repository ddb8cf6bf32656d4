"""Looking many things up at the same time, with one time limit for all of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any, TypeVar

from azure.core.exceptions import AzureError

from chatkit.core.errors import ChatkitError

T = TypeVar("T")


class Unknown(Exception):
    """Something cannot be known now: it does not exist yet, does not answer, or was not asked."""


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
            raise Unknown(f"{name}: no answer in time") from None
        except Unknown:
            raise
        except Exception as error:
            raise Unknown(f"{name}: {type(error).__name__}") from error

    def unanswered(self) -> list[str]:
        """What is still not answered, or failed in a way that nobody foresaw."""
        late = [name for name, future in self._futures.items() if not future.done()]
        failed = [
            (name, future.exception()) for name, future in self._futures.items() if future.done()
        ]
        return [
            *late,
            *(
                f"{name} ({type(error).__name__})"
                for name, error in failed
                if error and not _foreseen(error)
            ),
        ]


def known(look: Callable[[], T]) -> T | None:
    """What is looked up, None when it cannot be known."""
    try:
        return look()
    except Unknown:
        return None


def _foreseen(error: BaseException) -> bool:
    return isinstance(error, Unknown | AzureError | ChatkitError | OSError)


def _answer(future: Future[T], look: Callable[[], T]) -> None:
    try:
        future.set_result(look())
    except BaseException as error:  # it is raised where the answer is asked for
        future.set_exception(error)
