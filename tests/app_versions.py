"""The app as it stands after a section: what the notebooks have written so far.

`functions/` is the app after the last one.
"""

from __future__ import annotations

from pathlib import Path

from tests.notebooks.refresh import MAGIC, written_files

BEFORE_SIGN_IN = "08"


def write_app(my_chat: Path, *, until: str = BEFORE_SIGN_IN) -> None:
    """Write the functions as a learner has them at the end of a section.

    Until 08 nobody has to sign in.

    Args:
        my_chat: The learner's folder; files go to `functions` below it.
        until: Number of the section.
    """
    for name, notebook, cell in written_files():
        if notebook.name[:2] <= until:
            path = my_chat / name
            path.parent.mkdir(parents=True, exist_ok=True)
            text = cell.source.removeprefix(f"{MAGIC}{name}\n").rstrip("\n")
            path.write_text(f"{text}\n", encoding="utf-8", newline="\n")
