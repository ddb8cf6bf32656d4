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
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from azure.core.exceptions import ServiceResponseError
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.core.polling import LROPoller

from chatkit.cloud.hints import add_hint
from chatkit.cloud.how.requests import Request, Sent, read_request
from chatkit.cloud.trace.policy import body_of
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
    """The first request of one call.

    Args:
        name: The SDK's name of the method.
        arguments: What it got.
        step: What the verb does that calls it.
        only_noted: Nothing is sent.
    """

    def __init__(
        self,
        name: str,
        arguments: tuple[object, ...],
        *,
        step: str = "",
        only_noted: bool = False,
    ) -> None:
        self.verb = ""
        self.path = ""
        self.request: Request | None = None
        self.step = step
        self.name = name
        self._arguments = arguments
        self._only_noted = only_noted

    def note(self, sent: Any) -> None:
        """Note what the SDK is about to send.

        Raises:
            _OnlyNoted: It is not to be sent.
        """
        if self.request is None:
            self.verb = sent.method
            self.path = short_path(sent.url)
            wire = Sent(sent.method, sent.url, dict(sent.headers), body_of(sent))
            self.request = read_request(self.name, self._arguments, sent=wire, meant=_meant.get())
        if self._only_noted:
            raise _OnlyNoted


class _OnlyNoted(Exception):
    """A request was made and noted, and is not sent."""


@dataclass(frozen=True)
class _Noted:
    """A call, and its request; `was_made` is false where nothing was sent."""

    call: Call
    request: Request | None
    was_made: bool = True


_current: ContextVar[_Wire | None] = ContextVar("chatkit_call", default=None)
_meant: ContextVar[tuple[str, ...]] = ContextVar("chatkit_settings_meant", default=())


def told() -> tuple[str, str]:
    """What runs now: the step, and the SDK's method; empty outside of a verb."""
    wire = _current.get()
    return ("", "") if wire is None else (wire.step, wire.name)


class RecordRequests(SansIOHTTPPolicy[Any, Any]):
    """Pipeline policy that notes a call's first request, without its secrets.

    The polls of a long operation are not noted.
    """

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Note the request, once per call."""
        wire = _current.get()
        if wire is not None:
            wire.note(request.http_request)


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
        self._noted_so_far: builtins.list[_Noted | Calls] = []

    @property
    def made(self) -> tuple[Call, ...]:
        """Calls so far.

        Those of a branch stand where it was begun: work done in parallel always reads the same.
        """
        return tuple(one.call for one in self._all() if one.was_made)

    @property
    def requests(self) -> tuple[Request, ...]:
        """The requests so far, and those that were only noted, in the same order."""
        return tuple(one.request for one in self._all() if one.request is not None)

    def _all(self) -> Iterator[_Noted]:
        with self._lock:
            items = [*self._noted_so_far]
        for item in items:
            if isinstance(item, Calls):
                yield from item._all()
            else:
                yield item

    def branch(self) -> Calls:
        """Begin the calls of one thread."""
        child = Calls(self._progress)
        with self._lock:
            self._noted_so_far.append(child)
        return child

    def call(self, method: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call an SDK method and note it.

        Raises:
            azure.core.exceptions.AzureError: As the SDK raises it, with a hint where one is known.
        """
        with self._noted(name_of(method), args):
            return _repeated(lambda: method(*args, **kwargs))

    def would_call(self, method: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Note the request of an SDK method and send nothing.

        It is for what is there already: how it is made can be told all the same.
        """
        wire = _Wire(name_of(method), args, only_noted=True)
        token = _current.set(wire)
        try:
            method(*args, **kwargs)
        except _OnlyNoted:
            call = Call(name_of(method), wire.verb, wire.path, 0)
            self._note(_Noted(call, wire.request, was_made=False))
        finally:
            _current.reset(token)

    @contextmanager
    def about_settings(self, names: Iterable[str]) -> Iterator[None]:
        """Say which app settings the requests of the block are about, beside those that stay."""
        token = _meant.set(tuple(sorted(names)))
        try:
            yield
        finally:
            _meant.reset(token)

    def list(
        self, method: Callable[P, Iterable[R]], *args: P.args, **kwargs: P.kwargs
    ) -> builtins.list[R]:
        """Call a method that returns pages, and read them all.

        Raises:
            azure.core.exceptions.AzureError: As the SDK raises it, with a hint where one is known.
        """
        with self._noted(name_of(method), args):
            return [*method(*args, **kwargs)]

    def finish(self, method: Callable[P, LROPoller[R]], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a `begin_...` method and wait until the operation has ended.

        Raises:
            azure.core.exceptions.AzureError: As the SDK raises it, with a hint where one is known.
        """
        with self._noted(name_of(method), args):
            poller = method(*args, **kwargs)
            while not poller.done():
                poller.wait(TICK_S)
                if self._progress:
                    self._progress.tick()
            return poller.result()

    def waiting(self, limit_s: float, until: str) -> Iterator[int]:
        """Count up until a time limit, with pauses: for something that becomes true on its own.

        Args:
            limit_s: How long to wait at most.
            until: What is waited for, as a sentence without its end: "Graph finds it". From the
                first pause on it is shown, with the limit.
        """
        end = time.monotonic() + limit_s
        wait_s = FIRST_WAIT_S
        yield 0
        with self.doing(f"waiting until {until}, up to {lasting(limit_s)}:"):
            for count in itertools.count(1):
                if time.monotonic() >= end:
                    return
                time.sleep(wait_s)
                self.tick()
                wait_s = min(wait_s * 1.5, LAST_WAIT_S)
                yield count

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
    def _noted(self, name: str, arguments: tuple[object, ...]) -> Iterator[None]:
        wire = _Wire(name, arguments, step=self._progress.title if self._progress else "")
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
        call = Call(name, wire.verb, wire.path, time.monotonic() - started)
        self._note(_Noted(call, wire.request))

    def _note(self, noted: _Noted) -> None:
        """Note a call; one that repeats the last is a poll, and counts as the same call."""
        with self._lock:
            if self._noted_so_far:
                last = self._noted_so_far[-1]
                if isinstance(last, _Noted) and _is_repeated(last, noted):
                    seconds = last.call.seconds + noted.call.seconds
                    call = replace(noted.call, seconds=seconds)
                    self._noted_so_far[-1] = replace(noted, call=call)
                    return
            self._noted_so_far.append(noted)


def _is_repeated(last: _Noted, noted: _Noted) -> bool:
    same_time = replace(noted.call, seconds=last.call.seconds)
    return replace(noted, call=same_time) == last


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


def lasting(seconds: float) -> str:
    """How long, as a person says it: "30 seconds", "10 minutes"."""
    if seconds < 1.5:
        return "1 second"
    if seconds < 120:
        return f"{round(seconds)} seconds"
    return f"{round(seconds / 60)} minutes"


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
