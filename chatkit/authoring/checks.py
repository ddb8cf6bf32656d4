"""What authors of a course import for checks, exercises and probes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatkit.core.errors import CheckFailed
from chatkit.lesson.checks.core.evidence import expect, expecting
from chatkit.lesson.doctor.snapshot.lookups import NotThere, Unknown
from chatkit.lesson.doctor.snapshot.snapshot import Snapshot
from chatkit.lesson.exercises.bench import Bench
from chatkit.lesson.http import fetch
from chatkit.steps.session import Session

if TYPE_CHECKING:
    from azure.storage.blob import BlobServiceClient

__all__ = [
    "Bench",
    "CheckFailed",
    "NotThere",
    "Session",
    "Snapshot",
    "Unknown",
    "blobs",
    "expect",
    "expecting",
    "fetch",
]


def blobs(session: Session) -> BlobServiceClient:
    """A client of the workshop's storage account, with its key."""
    from chatkit.cloud.provision import storage

    return storage.blobs(session.stack())
