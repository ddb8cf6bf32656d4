"""The second copy of the documents, which each start of the local cloud makes."""

from __future__ import annotations

import time
from pathlib import Path

from chatkit.core.errors import HomeUnusable
from chatkit.core.home import state
from chatkit.core.home.version import Version
from chatkit.localcloud.repair.readers import READERS, is_damaged
from chatkit.localcloud.repair.salvage import Salvaged, salvage


def second_copy(where: Path, known: Version | None) -> Salvaged | None:
    """The documents of the copy; None when there is none that is whole and of this cloud."""
    path = where / state.COPY
    try:
        found = state.look(path)
    except HomeUnusable:
        return None
    if not found.tenant_id:
        return None
    if known is not None and known.tenant_id not in ("", found.tenant_id):
        return None
    copy = salvage(path, iter(READERS))
    for name in [name for name, one in copy.documents.items() if is_damaged(*name, one)]:
        del copy.documents[name]
    return copy


def written_at(where: Path) -> str:
    """When the copy was made, for people."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime((where / state.COPY).stat().st_mtime))
