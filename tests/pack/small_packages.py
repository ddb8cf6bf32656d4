"""Wheels of a few bytes, an index of them on the disk, and locks that name them."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from chatkit.setup.packs import sha256

PURE = "py3-none-any"


def wheel(
    folder: Path, name: str, *, tag: str = PURE, files: Mapping[str, bytes] | None = None
) -> Path:
    """Write a wheel of version 1.0."""
    information = f"{name}-1.0.dist-info"
    said = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    content = {
        **(files or {f"{name}.py": b""}),
        f"{information}/METADATA": said.encode(),
        f"{information}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
    }
    path = folder / f"{name}-1.0-{tag}.whl"
    with zipfile.ZipFile(path, "w") as file:
        for one, data in content.items():
            file.writestr(one, data)
        record = "".join(
            f"{one},sha256={_digest(data)},{len(data)}\n" for one, data in content.items()
        )
        file.writestr(f"{information}/RECORD", f"{record}{information}/RECORD,,\n")
    return path


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")


@dataclass
class Index:
    """Where pip finds packages in a test, and nowhere else.

    Attributes:
        folder: Has their files.
        lines: Of a lock that names them.
    """

    folder: Path
    lines: list[str] = field(default_factory=list)

    def add(
        self,
        name: str,
        *,
        tag: str = PURE,
        marker: str = "",
        files: Mapping[str, bytes] | None = None,
    ) -> Path:
        """Make a wheel, and a line of the lock for it."""
        path = wheel(self.folder, name, tag=tag, files=files)
        self.name(name, path, marker=marker)
        return path

    def name(self, name: str, file: Path, *, marker: str = "") -> None:
        """Write a line of the lock for a file."""
        condition = f" ; {marker}" if marker else ""
        digest = sha256(file)
        self.lines.append(f"{name}==1.0{condition} \\\n    --hash=sha256:{digest}\n")

    @property
    def lock(self) -> str:
        """The lock's text."""
        return "".join(self.lines)


def index(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    """Let pip look in a folder alone."""
    folder.mkdir()
    for name, value in {
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": folder.as_uri(),
    }.items():
        monkeypatch.setenv(name, value)
    return Index(folder)
