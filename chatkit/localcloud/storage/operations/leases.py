"""Leases on blobs and containers. Follows Microsoft's pages "Lease Blob" and "Lease Container"."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable

from chatkit.core.time import clock
from chatkit.localcloud.core.etags import http_date
from chatkit.localcloud.core.web import whole_number
from chatkit.localcloud.storage.operations import conditions
from chatkit.localcloud.storage.operations.call import Answer, Call
from chatkit.localcloud.storage.state.errors import StorageError, bad_header
from chatkit.localcloud.storage.state.models import Blob, Container, Lease
from chatkit.localcloud.storage.state.request import Request

FOREVER = -1
MIN_S = 15
MAX_S = 60
MAX_BREAK_S = 60


def require(request: Request, found: Blob | Container | None, *, optional: bool = False) -> None:
    """Let a request pass that holds the lease, or that meets none.

    Args:
        request: The request, with or without `x-ms-lease-id`.
        found: What it wants to change.
        optional: A lease id is checked when given, but not asked for: reads.

    Raises:
        StorageError: LeaseIdMissing, LeaseIdMismatchWith…, LeaseNotPresentWith… or LeaseLost.
    """
    if found is None:
        return
    given = _given(request)
    lease = found.lease
    kind = type(found).__name__
    if lease.active:
        if not given and not optional:
            raise StorageError("LeaseIdMissing")
        if given and given != lease.id:
            raise StorageError(f"LeaseIdMismatchWith{kind}Operation")
    elif given:
        if given == lease.id:
            raise StorageError("LeaseLost")
        raise StorageError(f"LeaseNotPresentWith{kind}Operation")


def is_held(request: Request, found: Blob | None) -> bool:
    """Whether a request names the lease of what is there."""
    return found is not None and found.lease.active and _given(request) == found.lease.id


def lease_headers(lease: Lease) -> dict[str, str]:
    """How a lease shows in properties."""
    state = lease.state
    headers = {
        "x-ms-lease-status": "locked" if lease.active else "unlocked",
        "x-ms-lease-state": state,
    }
    if state == "leased":
        headers["x-ms-lease-duration"] = "infinite" if lease.seconds == FOREVER else "fixed"
    return headers


async def lease_blob(call: Call) -> Answer:
    """Acquire, renew, change, release or break a blob's lease."""
    blob = call.blob
    conditions.check_write(call.request, blob)
    status, headers = _run_action(call.request, blob.lease)
    call.repository.save_blob(call.account, call.container, blob)
    return Answer(status, {**headers, "ETag": blob.etag, "Last-Modified": http_date(blob.modified)})


async def lease_container(call: Call) -> Answer:
    """Acquire, renew, change, release or break a container's lease."""
    container = call.container
    conditions.check_write(call.request, container)
    status, headers = _run_action(call.request, container.lease)
    call.repository.save_container(call.account, container)
    return Answer(
        status,
        {**headers, "ETag": container.etag, "Last-Modified": http_date(container.modified)},
    )


def _run_action(request: Request, lease: Lease) -> tuple[int, dict[str, str]]:
    name = request.required("x-ms-lease-action").lower()
    action = ACTIONS.get(name)
    if action is None:
        raise bad_header("x-ms-lease-action", name)
    return action(request, lease)


def _acquire(request: Request, lease: Lease) -> tuple[int, dict[str, str]]:
    seconds = _duration(request)
    proposed = str(uuid.uuid4())
    if request.header("x-ms-proposed-lease-id"):
        proposed = _guid(request, "x-ms-proposed-lease-id")
    if lease.active and proposed != lease.id:
        raise StorageError("LeaseAlreadyPresent")
    if lease.state == "breaking":
        raise StorageError("LeaseIsBreakingAndCannotBeAcquired")
    lease.id = proposed
    lease.seconds = seconds
    lease.broken = 0
    _extend(lease)
    return 201, {"x-ms-lease-id": lease.id}


def _renew(request: Request, lease: Lease) -> tuple[int, dict[str, str]]:
    _require_own(request, lease)
    if lease.broken:
        raise StorageError("LeaseIsBrokenAndCannotBeRenewed")
    _extend(lease)
    return 200, {"x-ms-lease-id": lease.id}


def _change(request: Request, lease: Lease) -> tuple[int, dict[str, str]]:
    proposed = _guid(request, "x-ms-proposed-lease-id")
    if lease.state == "breaking":
        raise StorageError("LeaseIsBreakingAndCannotBeChanged")
    if lease.state != "leased":
        raise StorageError("LeaseNotPresentWithLeaseOperation")
    if _guid(request, "x-ms-lease-id") != lease.id:
        raise StorageError("LeaseIdMismatchWithLeaseOperation")
    lease.id = proposed
    return 200, {"x-ms-lease-id": lease.id}


def _release(request: Request, lease: Lease) -> tuple[int, dict[str, str]]:
    _require_own(request, lease)
    lease.id = ""
    lease.seconds = 0
    lease.until = 0
    lease.broken = 0
    return 200, {}


def _break(request: Request, lease: Lease) -> tuple[int, dict[str, str]]:
    state = lease.state
    if state == "available":
        raise StorageError("LeaseNotPresentWithLeaseOperation")
    period = request.header("x-ms-lease-break-period")
    seconds = whole_number(period)
    if period and (seconds is None or seconds > MAX_BREAK_S):
        raise bad_header("x-ms-lease-break-period", period)
    now = clock.steady()
    # The lease ends when it would have ended, or after the period, whichever is sooner. A lease for
    # ever ends at once without a period.
    ends = []
    if state == "breaking":
        ends.append(lease.broken)
    elif state == "leased" and lease.until:
        ends.append(lease.until)
    if seconds is not None and lease.active:
        ends.append(now + seconds)
    lease.broken = max(min(ends, default=now), now)
    return 202, {"x-ms-lease-time": str(max(0, math.ceil(lease.broken - now)))}


def _require_own(request: Request, lease: Lease) -> None:
    given = _guid(request, "x-ms-lease-id")
    if lease.state == "available":
        raise StorageError("LeaseNotPresentWithLeaseOperation", status=409)
    if given != lease.id:
        raise StorageError("LeaseIdMismatchWithLeaseOperation")


def _extend(lease: Lease) -> None:
    lease.until = 0
    if lease.seconds != FOREVER:
        lease.until = clock.steady() + lease.seconds


def _duration(request: Request) -> int:
    text = request.required("x-ms-lease-duration")
    if text == str(FOREVER):
        return FOREVER
    seconds = whole_number(text)
    if seconds is None or not MIN_S <= seconds <= MAX_S:
        raise bad_header("x-ms-lease-duration", text)
    return seconds


def _guid(request: Request, name: str) -> str:
    text = request.required(name)
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise bad_header(name, text) from None


def _given(request: Request) -> str:
    return request.header("x-ms-lease-id").lower()


ACTIONS: dict[str, Callable[[Request, Lease], tuple[int, dict[str, str]]]] = {
    "acquire": _acquire,
    "renew": _renew,
    "change": _change,
    "release": _release,
    "break": _break,
}
