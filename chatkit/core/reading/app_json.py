"""The JSON files of a learner's app: host.json and local.settings.json."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chatkit.core.errors import AppFileDamaged
from chatkit.core.reading import commented_json, texts


def read_object(path: Path, *, again: str = "") -> dict[str, Any]:
    """Read a file that holds one object.

    Args:
        path: The file.
        again: See `AppFileDamaged`.

    Raises:
        AppFileDamaged: It cannot be read as what it is.
    """
    try:
        content = commented_json.loads(texts.read(path))
    except OSError as error:
        raise texts.unreadable(path, error, again=again) from error
    except ValueError as error:
        raise AppFileDamaged(path, f"it is not valid JSON ({error})", again=again) from error
    if not isinstance(content, dict):
        raise AppFileDamaged(path, "it is no JSON object", again=again)
    return content
