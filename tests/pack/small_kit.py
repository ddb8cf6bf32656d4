"""What a pack of a few bytes starts: the kit's own set-up, two verbs, and an installer."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VERBS = """
import os, pathlib, sys
if sys.argv[1] == "new":
    book = pathlib.Path(sys.argv[2], "notebooks", "kit.json")
    book.parent.mkdir(exist_ok=True)
    book.write_text("{}")
    print("the course is ready")
    print("Next: something else")
else:
    print(os.getcwd(), *sys.argv[1:])
"""
INSTALLER = """\
#!%s
import pathlib, sys, urllib.parse, urllib.request, zipfile
if "--version" in sys.argv:
    sys.exit()
assert {"--no-index", "--require-hashes", "--reinstall"} <= {*sys.argv}
address = sys.argv[sys.argv.index("--find-links") + 1]
wheels = urllib.request.url2pathname(urllib.parse.urlsplit(address).path)
python = pathlib.Path(sys.argv[sys.argv.index("--python") + 1])
(site,) = python.parent.parent.glob("lib/python*/site-packages")
for wheel in pathlib.Path(wheels).glob("*.whl"):
    if not wheel.name.startswith("uv-"):
        zipfile.ZipFile(wheel).extractall(site)
"""


def files() -> dict[str, bytes]:
    """What is in the kit's wheel: what a start from a pack imports, and verbs that say so."""
    found = {"chatkit/__main__.py": VERBS.encode()}
    for folder in (".", "setup", "core", "core/system"):
        for path in (ROOT / "chatkit" / folder).glob("*.py"):
            found.setdefault(path.relative_to(ROOT).as_posix(), path.read_bytes())
    return found


def installer() -> dict[str, bytes]:
    """What is in its wheel: a program that unpacks, called as uv is."""
    return {"uv-1.0.data/scripts/uv": (INSTALLER % sys.executable).encode()}
