"""Which form the folder of a local cloud has, and which cloud it is: `version.json`.

`state.db` says the same. Two files know it, so that the loss of one is noticed: no new tenant
begins where another one was.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from chatkit.core.errors import HomeDamaged
from chatkit.core.files import write_private
from chatkit.core.strict_json import read_numbered

FILE = "version.json"
SCHEMA = 2
"""The form that this version writes. 1 is that of 0.1.0, which wrote no number."""


@dataclass(frozen=True)
class Version:
    """What is known about a folder.

    Attributes:
        schema: The form of its files.
        tenant_id: Of the cloud in it; empty until its first start is over.
        subscription_id: Of the cloud in it; empty until its first start is over.
        starts: How often it has started: tells an older copy of a file from the right one.
    """

    schema: int = SCHEMA
    tenant_id: str = ""
    subscription_id: str = ""
    starts: int = 0


def read(folder: Path) -> Version | None:
    """Read what is known about a folder; None when 0.1.0 made it, or nobody yet.

    Raises:
        HomeDamaged: The file is not what the kit wrote.
        HomeTooNew: A newer version wrote it.
    """
    path = folder / FILE
    try:
        found = read_numbered(path, known=SCHEMA)
        return Version(
            found["schema"],
            str(found["tenant_id"]),
            str(found["subscription_id"]),
            int(found["starts"]),
        )
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise HomeDamaged(path, "it does not say which cloud this is") from error


def write(folder: Path, known: Version) -> None:
    """Remember what is known about a folder."""
    write_private(folder / FILE, json.dumps(asdict(known), indent=1))
