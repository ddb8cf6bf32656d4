"""The board's function app as it is published: a copy of `chatkit/classroom/app`."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from chatkit.cloud.publish import package
from chatkit.core.system.moving import remove
from chatkit.knowledge.problems import PROBLEMS

FOLDER = Path(__file__).parents[1] / "app"
NOT_PUBLISHED = shutil.ignore_patterns("__pycache__", "*.pyc")
CAUSES = "causes.json"
# Written here, because it imports as in the published copy, which has no chatkit above it.
ENTRY = '''"""The board: what it does is in the package beside this file."""

from board_app.endpoints import app

__all__ = ["app"]
'''


def build(causes: Sequence[str] = ()) -> bytes:
    """Pack the app, with the titles of the problems that this version of the kit knows.

    Args:
        causes: Titles of the course's own problems.
    """
    with tempfile.TemporaryDirectory() as folder:
        app = Path(folder) / "app"
        copy(app, causes)
        return package.build_package(app)


def copy(folder: Path, causes: Sequence[str] = ()) -> None:
    """Write the app into a new folder."""
    shutil.copytree(FOLDER, folder, ignore=NOT_PUBLISHED)
    remove(folder / "__init__.py")  # there the folder is no package
    (folder / package.ENTRY).write_text(ENTRY, encoding="utf-8")
    titles = sorted({*causes, *(problem.title for problem in PROBLEMS)})
    (folder / CAUSES).write_text(json.dumps(titles, indent=1), encoding="utf-8")
