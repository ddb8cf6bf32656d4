"""Takes addresses out of npm's lock files: which registry somebody uses is theirs to choose.

`make locks` runs it.

npm needs a package's version and hash. What else it writes down, like where to donate, may name a
site.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

LOCKS = sorted(Path(__file__).resolve().parent.glob("*/package-lock.json"))


def packages(lock: Path) -> dict[str, dict[str, Any]]:
    """Every package of a lock by the folder it is installed in."""
    content = json.loads(lock.read_text(encoding="utf-8"))
    return {folder: package for folder, package in content["packages"].items() if folder}


def without_addresses(lock: Path) -> str:
    """A lock's text without the fields that hold an address."""
    content = json.loads(lock.read_text(encoding="utf-8"))
    for folder, package in content["packages"].items():
        content["packages"][folder] = {
            name: value for name, value in package.items() if "://" not in json.dumps(value)
        }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for path in LOCKS:
        path.write_text(without_addresses(path), encoding="utf-8")
