"""The kit's own wheel: built from a checkout, or put together again from the installed package."""

from __future__ import annotations

import base64
import csv
import hashlib
import importlib.metadata
import importlib.util
import io
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

from chatkit.core import settings
from chatkit.core.errors import SetupError
from chatkit.pack import locks
from chatkit.setup import installers
from chatkit.setup.environment import TEST_LOCK

BUILDER = ("hatchling", "packaging", "pathspec", "pluggy", "trove-classifiers")
OF_THE_INSTALLER = ("INSTALLER", "REQUESTED", "RECORD", "direct_url.json", "uv_cache.json")
"""What installers write beside a package's metadata."""
DATE = (2020, 2, 2, 0, 0, 0)
"""Of every file: the same package gives the same bytes."""


def make(folder: Path, python: str) -> Path:
    """Make the kit's wheel.

    Args:
        folder: Where.
        python: An interpreter that has pip.

    Raises:
        SetupFailed: What builds it cannot be installed.
        SetupError: It cannot be built.
    """
    if settings.kit() == settings.checkout():
        _build(folder, python)
    else:
        _collect(folder)
    (wheel,) = folder.glob("chatkit-*.whl")
    return wheel


def _build(folder: Path, python: str) -> None:
    builder = sys.executable
    if importlib.util.find_spec("hatchling") is None:
        builder = python
        lock = folder / "builder.txt"
        entries = locks.only(locks.read(settings.checkout() / TEST_LOCK), BUILDER)
        lock.write_text("\n".join(entry.line() for entry in entries), encoding="utf-8")
        installers.install(Path(python), lock, None, again=False)
    command = [builder, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(
        command,
        cwd=settings.checkout(),
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode != 0:
        last = (done.stderr.strip() or "no reason given").splitlines()[-1]
        raise SetupError(f"The kit's wheel cannot be built: {last}")


def _collect(folder: Path) -> None:
    """Write a wheel of what an installer has laid out of one (PEP 427)."""
    package = importlib.metadata.distribution("chatkit")
    version = package.version
    information = f"chatkit-{version}.dist-info"
    record: list[tuple[str, str, int | str]] = []
    with zipfile.ZipFile(folder / f"chatkit-{version}-py3-none-any.whl", "w") as wheel:
        for path in sorted(package.files or ()):
            if not _is_of_the_wheel(path, information):
                continue
            content = path.read_binary()
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode()
            record.append((str(path), f"sha256={digest.rstrip('=')}", len(content)))
            _add(wheel, str(path), content)
        record.append((f"{information}/RECORD", "", ""))
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(record)
        _add(wheel, f"{information}/RECORD", text.getvalue().encode())


def _is_of_the_wheel(path: PurePosixPath, information: str) -> bool:
    if path.suffix == ".pyc":
        return False
    if path.parts[0] == information:
        return path.name not in OF_THE_INSTALLER
    return path.parts[0] == "chatkit"


def _add(wheel: zipfile.ZipFile, name: str, content: bytes) -> None:
    member = zipfile.ZipInfo(name, DATE)
    member.external_attr = 0o100644 << 16
    wheel.writestr(member, content, zipfile.ZIP_DEFLATED)
