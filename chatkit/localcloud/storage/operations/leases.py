"""Leases on blobs and containers. Follows Microsoft's pages "Lease Blob" and "Lease Container"."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable

from chatkit.localcloud.storage.formats import dates
from chatkit.localcloud.storage.operations import conditions
from chatkit.localcloud.storage.state.call import Answer, Call
from chatkit.localcloud.storage.state.errors import StorageError, bad_header
from chatkit.localcloud.storage.state.models import Blob, Container, Lease

FOREVER = -1


def require(call: Call, found: Blob | Container | None, *, optional: bool = False) -> None:
    """Let a request pass that holds the lease, or that meets none.

    Args:
        call: The request, with or without `x-ms-lease-id`.
        found: What it wants to change.
        optional: A lease id is checked when given, but not asked for: reads.

    Raises:
        StorageError: LeaseIdMissing, LeaseIdMismatchWith…, LeaseNotPresentWith… or LeaseLost.
    """
    if found is None:
        return
    given, lease = call.header("x-ms-lease-id").lower(), found.lease
    kind = "Container" if isinstance(found, Container) else "Blob"
    if lease.active:
        if not given and not optional:
            raise StorageError("LeaseIdMissing")
        if given and given != lease.id:
            raise StorageError(f"LeaseIdMismatchWith{kind}Operation")
    elif given:
        raise StorageError(
            "LeaseLost" if given == lease.id else f"LeaseNotPresentWith{kind}Operation"
        )


def headers(lease: Lease) -> dict[str, str]:
    """How a lease shows in properties."""
    state = lease.state
    shown = {
        "x-ms-lease-status": "locked" if lease.active else "unlocked",
        "x-ms-lease-state": state,
    }
    if state == "leased":
        shown["x-ms-lease-duration"] = "infinite" if lease.seconds == FOREVER else "fixed"
    return shown


async def lease_blob(call: Call) -> Answer:
    """Acquire, renew, change, release or break a blob's lease."""
    blob, container = call.blob, call.container
    conditions.check_write(call, blob)
    status, shown = _act(call, blob.lease)
    call.repository.save_blob(call.account, container, blob)
    return Answer(
        status, {**shown, "ETag": blob.etag, "Last-Modified": dates.http_date(blob.modified)}
    )


async def lease_container(call: Call) -> Answer:
    """Acquire, renew, change, release or break a container's lease."""
    container = call.container
    conditions.check_write(call, container)
    status, shown = _act(call, container.lease)
    call.repository.save_container(call.account, container)
    return Answer(
        status,
        {**shown, "ETag": container.etag, "Last-Modified": dates.http_date(container.modified)},
    )


def _act(call: Call, lease: Lease) -> tuple[int, dict[str, str]]:
    name = call.required("x-ms-lease-action").lower()
    action = ACTIONS.get(name)
    if action is None:
        raise bad_header("x-ms-lease-action", name)
    return action(call, lease)


def _acquire(call: Call, lease: Lease) -> tuple[int, dict[str, str]]:
    seconds = _duration(call)
    proposed = (
        _guid(call, "x-ms-proposed-lease-id")
        if call.header("x-ms-proposed-lease-id")
        else str(uuid.uuid4())
    )
    if lease.state == "breaking":
        raise StorageError(
            "LeaseIsBreakingAndCannotBeAcquired" if proposed == lease.id else "LeaseAlreadyPresent"
        )
    if lease.state == "leased" and proposed != lease.id:
        raise StorageError("LeaseAlreadyPresent")
    lease.id, lease.seconds, lease.broken = proposed, seconds, 0
    _extend(lease)
    return 201, {"x-ms-lease-id": lease.id}


def _renew(call: Call, lease: Lease) -> tuple[int, dict[str, str]]:
    _require_own(call, lease)
    if lease.broken:
        raise StorageError("LeaseIsBrokenAndCannotBeRenewed")
    _extend(lease)
    return 200, {"x-ms-lease-id": lease.id}


def _change(call: Call, lease: Lease) -> tuple[int, dict[str, str]]:
    proposed = _guid(call, "x-ms-proposed-lease-id")
    if lease.state == "breaking":
        raise StorageError("LeaseIsBreakingAndCannotBeChanged")
    if lease.state != "leased":
        raise StorageError("LeaseNotPresentWithLeaseOperation")
    if _guid(call, "x-ms-lease-id") not in (lease.id, proposed) or (
        proposed != lease.id and _given(call) != lease.id
    ):
        raise StorageError("LeaseIdMismatchWithLeaseOperation")
    lease.id = proposed
    return 200, {"x-ms-lease-id": lease.id}


def _release(call: Call, lease: Lease) -> tuple[int, dict[str, str]]:
    _require_own(call, lease)
    lease.id, lease.seconds, lease.until, lease.broken = "", 0, 0, 0
    return 200, {}


def _break(call: Call, lease: Lease) -> tuple[int, dict[str, str]]:
    state = lease.state
    if state == "available":
        raise StorageError("LeaseNotPresentWithLeaseOperation")
    now, period = dates.now(), call.header("x-ms-lease-break-period")
    if period and not (period.isdecimal() and int(period) <= 60):
        raise bad_header("x-ms-lease-break-period", period)
    if state in ("leased", "breaking"):
        ends = [lease.broken] if state == "breaking" else [lease.until] if lease.until else []
        wanted = [now + int(period)] if period else []
        lease.broken = max(min([*ends, *wanted], default=now), now)
    else:
        lease.broken = now
    return 202, {"x-ms-lease-time": str(max(0, math.ceil(lease.broken - now)))}


def _require_own(call: Call, lease: Lease) -> None:
    given = _guid(call, "x-ms-lease-id")
    if lease.state == "available":
        raise StorageError("LeaseNotPresentWithLeaseOperation", status=409)
    if given != lease.id:
        raise StorageError("LeaseIdMismatchWithLeaseOperation")


def _extend(lease: Lease) -> None:
    lease.until = 0 if lease.seconds == FOREVER else dates.now() + lease.seconds


def _duration(call: Call) -> int:
    text = call.required("x-ms-lease-duration")
    if text != str(FOREVER) and not (text.isdecimal() and 15 <= int(text) <= 60):
        raise bad_header("x-ms-lease-duration", text)
    return int(text)


def _guid(call: Call, name: str) -> str:
    text = call.required(name)
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise bad_header(name, text) from None


def _given(call: Call) -> str:
    return call.header("x-ms-lease-id").lower()


ACTIONS: dict[str, Callable[[Call, Lease], tuple[int, dict[str, str]]]] = {
    "acquire": _acquire,
    "renew": _renew,
    "change": _change,
    "release": _release,
    "break": _break,
}
