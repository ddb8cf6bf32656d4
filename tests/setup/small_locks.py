"""Parts of the real lock, with its hashes: as much of an installation as a test needs."""

from __future__ import annotations

from pathlib import Path

LOCK = Path(__file__).resolve().parents[2] / "requirements.lock"
COMMAND_LINE = (
    "annotated-doc",
    "annotated-types",
    "colorama",
    "markdown-it-py",
    "mdurl",
    "pydantic",
    "pydantic-core",
    "pygments",
    "rich",
    "shellingham",
    "typer",
    "typing-extensions",
    "typing-inspection",
)
"""typer and what it needs: enough for `chatkit status`."""


def lock_of(*names: str) -> str:
    """The lock's lines about some packages."""
    lines = LOCK.read_text(encoding="utf-8").splitlines(keepends=True)
    kept: list[str] = []
    is_named = False
    for line in lines:
        if not line.startswith(" "):
            is_named = line.partition("==")[0] in names
        if is_named:
            kept.append(line)
    return "".join(kept)
