"""The names of a home's resources, as the local cloud's documents have them.

They are looked for when `settings.json` is damaged or gone: new names would leave the old resources
without anybody who knows them.
"""

from __future__ import annotations

import re
from pathlib import Path

from chatkit.core import settings
from chatkit.core.home import state

GROUP = re.compile(r"/resourcegroups/chatkit-([a-z0-9]{2,12})\b")
# Somebody may call a group of their own so; nobody calls what is in it so, too.
RESOURCE = re.compile(
    r"/resourcegroups/chatkit-([a-z0-9]{2,12})/providers/[a-z./]{3,60}/chatkit-?\1\b"
)


def suffix_of_resources(home: Path, pattern: re.Pattern[str] = GROUP) -> str:
    """The suffix in the name of a resource group, as its text stands in `state.db` or its log.

    Empty when there is none. A local cloud that runs does not let others open its database.
    """
    for name in (state.FILE, f"{state.FILE}-wal"):
        try:
            text = (home / "local" / name).read_bytes().decode("latin-1")
        except OSError:
            continue
        found = pattern.search(text)
        if found:
            return found[1]
    return ""


def check_settings(home: Path) -> settings.Settings:
    """Read the settings; refuse to choose new names where resources have some.

    Raises:
        HomeDamaged: The file is not what the kit wrote, or it is gone.
        HomeTooNew: A newer version wrote it.
    """
    found = settings.load(home)
    if not (home / settings.FILE).exists() and suffix_of_resources(home, RESOURCE):
        raise settings.gone(home)
    return found
