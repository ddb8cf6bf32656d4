"""Names of containers and blobs.

Follows Microsoft's page "Naming and referencing containers, blobs, and metadata".
"""

from __future__ import annotations

import re

from chatkit.localcloud.storage.state.errors import StorageError
from chatkit.localcloud.storage.state.models import ROOT, WEB

CONTAINER = re.compile(r"[a-z0-9](?:-?[a-z0-9])*$", re.ASCII)
MAX_BLOB_NAME = 1024


def check_container(name: str) -> None:
    """Refuse a container name that Azure refuses.

    Raises:
        StorageError: InvalidResourceName, or OutOfRangeInput for its length.
    """
    if name in (ROOT, WEB, "$logs"):
        return
    if not 3 <= len(name) <= 63:
        raise StorageError(
            "OutOfRangeInput",
            "The specified resource name length is not within the permissible limits.",
        )
    if not CONTAINER.fullmatch(name):
        raise StorageError("InvalidResourceName")


def check_blob(name: str) -> None:
    """Refuse a blob name that Azure refuses.

    Raises:
        StorageError: InvalidResourceName.
    """
    if len(name) > MAX_BLOB_NAME:
        raise StorageError("InvalidResourceName")
