"""The page's `config.json`: the one thing that differs between a page served here and the deployed one."""

from __future__ import annotations

import json
from pathlib import Path

from chatkit.files import write_private

FILE = "config.json"


def write(folder: Path, api_base_url: str) -> Path:
    """Write the file, readable for everybody: it holds nothing but an address."""
    path = folder / FILE
    write_private(path, json.dumps({"apiBaseUrl": api_base_url}, indent=2) + "\n")
    path.chmod(0o644)
    return path


def read(folder: Path) -> str:
    """The API address the page calls, empty when there is no readable config."""
    try:
        return str(json.loads((folder / FILE).read_text(encoding="utf-8"))["apiBaseUrl"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return ""
