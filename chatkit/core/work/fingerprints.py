"""What tells a version of a notebook from others: its bytes, and what is in its cells.

Whoever runs and saves a notebook changes its bytes. Who edits it changes its cells.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any


def of_bytes(content: bytes) -> str:
    """The fingerprint of a file."""
    return hashlib.sha256(content).hexdigest()


def of_cells(content: bytes) -> str:
    """The fingerprint of what is written in the cells, without outputs; of the bytes where these
    are no notebook.
    """
    written = _cells(content)
    if written is None:
        return of_bytes(content)
    return f"cells:{of_bytes(json.dumps(written, sort_keys=True).encode())}"


def is_notebook(content: bytes) -> bool:
    """Whether JupyterLab can open it: not what a full disk has cut off, or a merge has marked."""
    return _cells(content) is not None


def _cells(content: bytes) -> list[list[Any]] | None:
    try:
        # Jupyter reads them as UTF-8, without a byte order mark.
        return [_written(cell) for cell in json.loads(content.decode())["cells"]]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _written(cell: dict[str, Any]) -> list[Any]:
    tags = cell.get("metadata", {}).get("tags", [])
    return [cell["cell_type"], "".join(cell["source"]), cell.get("attachments", {}), tags]
