"""Calling the Azure SDKs: a cell can show the calls, and an error carries its remedy.

Each call is an SDK method with its own arguments: `calls.call(client.signal_r.get, group, name)`.
Errors pass unchanged, with a hint added where one is known.
"""

from __future__ import annotations

import builtins
import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from threading import Lock
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from azure.core.exceptions import ServiceResponseError
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.core.polling import LROPoller

from chatkit.cloud.hints import add_hint
from chatkit.core.availability import Absence
from chatkit.core.results import Call, Progress

P = ParamSpec("P")
R = TypeVar("R")
TICK_S = 0.5
FIRST_WAIT_S = 0.1
LAST_WAIT_S = 5.0
REPEATS = 3
REPEAT_WAIT_S = 1.0


class _Wire:
    """The first request of one call."""

    verb = ""
    path = ""


_current: ContextVar[_Wire | None] = ContextVar("chatkit_call", default=None)


class RecordRequests(SansIOHTTPPolicy[Any, Any]):
    """Pipeline policy that notes verb and path of a call's first request.

    The polls of a long operation are not noted.
    """

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Note the request, once per call."""
        wire = _current.get()
        if wire is not None and not wire.verb:
            wire.verb = request.http_request.method
            wire.path = short_path(request.http_request.url)


class NameAbsence(SansIOHTTPPolicy[Any, Any]):
    """Pipeline policy for a request that fails because the whole cloud is not there.

    It says so, also to a cell that holds a client and calls it without a verb. It stands behind the
    policy that retries, which would try in vain for some seconds.

    Args:
        absence: Of the cloud that the client talks to.
    """

    def __init__(self, absence: Absence) -> None:
        self._absence = absence

    def on_exception(self, request: PipelineRequest[Any]) -> None:
        """Raise what is absent: no SDK has an error for a cloud that was switched off."""
        error = self._absence()
        if error is not None:
            raise error from None


class Calls:
    """The calls of one verb, from any number of threads.

    Args:
        progress: Told about every call that runs.
    """

    def __init__(self, progress: Progress | None = None) -> None:
        self._progress = progress
        self._lock = Lock()
        self._made: builtins.list[Call | Calls] = []

    @property
    def made(self) -> tuple[Call, ...]:
        """Calls so far.

        Those of a branch stand where it was begun: work done in parallel always reads the same.
        """
        with self._lock:
            items = [*self._made]
        made: builtins.list[Call] = []
        for item in items:
            if isinstance(item, Calls):
                made.extend(item.made)
            else:
                made.append(item)
        return tuple(made)

    def branch(self) -> Calls:
        """Begin the calls of one thread."""
        child = Calls(self._progress)
        with self._lock:
            self._made.append(child)
        return child

    def call(self, method: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call an SDK method and note it.

        Raises:
            azure.core.exceptions.AzureError: As the SDK raises it, with a hint where one is known.
        """
        with self._noted(name_of(method)):
            return _repeated(lambda: method(*args, **kwargs))

    def list(
        self, method: Callable[P, Iterable[R]], *args: P.args, **kwargs: P.kwargs
    ) -> builtins.list[R]:
        """Call a method that returns pages, and read them all.

        Raises:
            azure.core.exceptions.AzureError: As the SDK raises it, with a hint where one is known.
        """
        with self._noted(name_of(method)):
            return [*method(*args, **kwargs)]

    def finish(self, method: Callable[P, LROPoller[R]], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a `begin_...` method and wait until the operation has ended.

        Raises:
            azure.core.exceptions.AzureError: As the SDK raises it, with a hint where one is known.
        """
        with self._noted(name_of(method)):
            poller = method(*args, **kwargs)
            while not poller.done():
                poller.wait(TICK_S)
                if self._progress:
                    self._progress.tick()
            return poller.result()

    def waiting(self, limit_s: float) -> Iterator[int]:
        """Count up until a time limit, with pauses: for something that becomes true on its own."""
        until = time.monotonic() + limit_s
        wait_s = FIRST_WAIT_S
        for count in itertools.count():
            yield count
            if time.monotonic() > until:
                return
            time.sleep(wait_s)
            self.tick()
            wait_s = min(wait_s * 1.5, LAST_WAIT_S)

    def tick(self) -> None:
        """Let the progress line move while the caller waits for something else."""
        if self._progress:
            self._progress.tick()

    @contextmanager
    def doing(self, what: str) -> Iterator[None]:
        """Say that something runs which is no call of an SDK."""
        if self._progress:
            self._progress.begin(what)
        try:
            yield
        finally:
            if self._progress:
                self._progress.end(what)

    @contextmanager
    def _noted(self, name: str) -> Iterator[None]:
        wire = _Wire()
        started = time.monotonic()
        token = _current.set(wire)
        try:
            with self.doing(_label(name)):
                yield
        except Exception as error:
            add_hint(error)
            raise
        finally:
            _current.reset(token)
        self._note(Call(name, wire.verb, wire.path, time.monotonic() - started))

    def _note(self, call: Call) -> None:
        """Note a call; one that repeats the last is a poll, and counts as the same call."""
        with self._lock:
            if self._made:
                last = self._made[-1]
                if isinstance(last, Call) and replace(call, seconds=last.seconds) == last:
                    self._made[-1] = replace(call, seconds=last.seconds + call.seconds)
                    return
            self._made.append(call)


def _repeated(work: Callable[[], R]) -> R:
    """Do a call again whose connection broke before an answer came.

    The SDKs do so for all but POST, which might do something twice. Every POST that the kit sends
    may be sent twice.
    """
    for _ in range(REPEATS):
        try:
            return work()
        except ServiceResponseError:
            wire = _current.get()
            if wire is None or wire.verb != "POST":
                raise
            time.sleep(REPEAT_WAIT_S)
    return work()


def name_of(method: Callable[..., object]) -> str:
    """The SDK's own name of a bound method: "SignalROperations.begin_create_or_update"."""
    owner = getattr(method, "__self__", None)
    name: str = getattr(method, "__name__", type(method).__name__)
    if owner is None:
        return name
    return f"{type(owner).__name__}.{name}"


def _label(name: str) -> str:
    """A method's name for the progress line: "create or update (SignalR)"."""
    operations, _, method = name.partition(".")
    what = method.removeprefix("begin_").replace("_", " ")
    return f"{what} ({operations.partition('Operations')[0]})"


def short_path(url: str) -> str:
    """A URL's path without host, subscription and group: `Microsoft.Web/sites/NAME/config/web`."""
    parts = urlsplit(url).path.strip("/").split("/")
    if len(parts) >= 2 and parts[0].lower() == "subscriptions":
        parts = parts[2:] or ["subscription"]
    if len(parts) > 2 and parts[0].lower() == "resourcegroups":
        parts = parts[2:]
    if len(parts) > 2 and parts[0].lower() == "providers":
        parts = parts[1:]
    return "/".join(parts)
