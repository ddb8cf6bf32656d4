"""What is kept of an open stage: in the store, and in a file that is read without a local cloud.

The file tells `chatkit stage status` that a stage comes back with the local cloud, and where.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from chatkit.core.errors import NotWritten
from chatkit.core.files import write_private
from chatkit.core.system.moving import remove
from chatkit.core.time import clock
from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.stage import guests
from chatkit.localcloud.stage.order import Kept
from chatkit.localcloud.stage.place import Place

COLLECTION = "stage"
KEY = "stage"
FILE = "stage-open.json"


def found(platform: Platform) -> dict[str, Any] | None:
    """What is kept; None when no stage is open."""
    return platform.store.get(COLLECTION, KEY)


def keep(platform: Platform, kept: Kept, place: Place) -> None:
    """Keep a stage that opens at a place."""
    platform.store.put(COLLECTION, KEY, kept.document())
    told = {"url": f"{place.origin}/", "until": clock.wall() + kept.until - clock.steady()}
    with suppress(NotWritten):  # the stage comes back all the same, and nobody says so before
        write_private(platform.folder / FILE, json.dumps(told))


def forget(platform: Platform) -> None:
    """Keep nothing of a stage that has ended, and of its guests."""
    with platform.store.transaction(from_reserve=True):
        platform.store.delete(COLLECTION, KEY)
        guests.forget(platform.store)
    with suppress(OSError):
        remove(platform.folder / FILE)
