"""Access tiers: what a blob is stored in, and what an archived one refuses.

Follows Microsoft's pages "Set Blob Tier" and "Rehydrate an archived blob to an online tier". What a
tier costs is not told here.
"""

from __future__ import annotations

from chatkit.core.time import clock
from chatkit.localcloud.core.etags import http_date
from chatkit.localcloud.storage.formats import dates
from chatkit.localcloud.storage.operations import conditions, leases
from chatkit.localcloud.storage.operations.call import Answer, Call
from chatkit.localcloud.storage.state.errors import StorageError, bad_header
from chatkit.localcloud.storage.state.models import BLOCK, Blob, Rehydration
from chatkit.localcloud.storage.state.request import Request

DEFAULT = "Hot"
ARCHIVE = "Archive"
# The service moves a smart blob between tiers by its use; nothing here is old enough for another.
SMART = "Smart"
TIERS = {DEFAULT, "Cool", "Cold", ARCHIVE, SMART}
# "Up to 15 hours", and "less than one hour for objects under 10 GB".
HOUR_S = 3600
LASTS_S = {"Standard": 15 * HOUR_S, "High": HOUR_S}


def wanted(request: Request) -> str:
    """The access tier a request asks for; empty for none.

    Raises:
        StorageError: InvalidHeaderValue.
    """
    found = request.header("x-ms-access-tier")
    if found and found not in TIERS:
        raise bad_header("x-ms-access-tier", found)
    return found


def priority(request: Request) -> str:
    """How soon a blob is to leave the archive.

    Raises:
        StorageError: InvalidHeaderValue.
    """
    found = request.header("x-ms-rehydrate-priority") or "Standard"
    if found not in LASTS_S:
        raise bad_header("x-ms-rehydrate-priority", found)
    return found


async def set_tier(call: Call) -> Answer:
    """Set Blob Tier: at once, but for what leaves the archive."""
    blob = call.blob
    tier = wanted(call.request) or call.request.required("x-ms-access-tier")
    urgency = priority(call.request)
    conditions.check_write(call.request, blob)
    leases.require(call.request, blob, optional=True)
    if blob.kind != BLOCK:
        raise StorageError("InvalidBlobType")
    leaves = _archived(blob) and tier != ARCHIVE
    if leaves:
        blob.rehydration = _rehydration(blob, tier, urgency)
    elif blob.rehydration is not None:
        # It cannot be called off.
        raise StorageError("BlobBeingRehydrated")
    else:
        blob.tier = tier
    blob.tier_changed = dates.now()
    call.repository.save_blob(call.account, call.container, blob)
    return Answer(202 if leaves else 200)


def _rehydration(blob: Blob, tier: str, urgency: str) -> Rehydration:
    """The way out of the archive; one that has begun can only be made more urgent."""
    now = clock.steady()
    begun = blob.rehydration
    if begun is None:
        return Rehydration(tier, urgency, now + LASTS_S[urgency])
    if begun.tier != tier or LASTS_S[urgency] > LASTS_S[begun.priority]:
        raise StorageError("BlobBeingRehydrated")
    return Rehydration(tier, urgency, min(begun.until, now + LASTS_S[urgency]))


def require_online(blob: Blob) -> None:
    """Refuse what an archived blob does not take: reading it, and changing it.

    Raises:
        StorageError: BlobArchived or BlobBeingRehydrated.
    """
    if _archived(blob):
        raise StorageError("BlobArchived" if blob.rehydration is None else "BlobBeingRehydrated")


def _archived(blob: Blob) -> bool:
    """Whether a blob is in the archive; one whose time there is over has left it."""
    rehydration = blob.rehydration
    if rehydration is not None and rehydration.until <= clock.steady():
        blob.tier = rehydration.tier
        blob.rehydration = None
    return blob.tier == ARCHIVE


def values(blob: Blob) -> dict[str, str]:
    """What a listing shows of the tier; nothing for append blobs, which have none."""
    if blob.kind != BLOCK:
        return {}
    if not blob.tier:
        return {"AccessTier": DEFAULT, "AccessTierInferred": "true"}
    found = {"AccessTierChangeTime": http_date(blob.tier_changed)}
    if _archived(blob) and blob.rehydration is not None:
        found["ArchiveStatus"] = f"rehydrate-pending-to-{blob.rehydration.tier.lower()}"
        found["RehydratePriority"] = blob.rehydration.priority
    if blob.tier == SMART:
        found["SmartAccessTier"] = DEFAULT
    return {"AccessTier": blob.tier, **found}


HEADERS = {
    "AccessTier": "x-ms-access-tier",
    "AccessTierInferred": "x-ms-access-tier-inferred",
    "AccessTierChangeTime": "x-ms-access-tier-change-time",
    "ArchiveStatus": "x-ms-archive-status",
    "RehydratePriority": "x-ms-rehydrate-priority",
    "SmartAccessTier": "x-ms-smart-access-tier",
}


def headers(blob: Blob) -> dict[str, str]:
    """The same as headers of Get Blob and Get Blob Properties."""
    return {HEADERS[name]: text for name, text in values(blob).items()}
