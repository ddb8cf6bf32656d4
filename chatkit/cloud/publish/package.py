"""The zip package of a function app: the folder's files with host.json at the root.

The same files always give the same bytes.
"""

from __future__ import annotations

import ast
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from pathspec import GitIgnoreSpec

from chatkit.core.errors import SetupError

REQUIRED = ("host.json", "function_app.py", "requirements.txt")
BUNDLE = "Microsoft.Azure.Functions.ExtensionBundle"
# Never shipped, whatever .funcignore says: secrets, environments, caches, the notebook side.
NEVER = GitIgnoreSpec.from_lines(
    [
        "local.settings.json*",
        ".env",
        ".venv/",
        "venv/",
        ".git*",
        "__pycache__/",
        "*.py[co]",
        ".python_packages/",
        "*.ipynb",
        ".ipynb_checkpoints/",
        ".vscode/",
        ".idea/",
        ".DS_Store",
        "node_modules/",
        "*.before-[0-9]*",
        ".funcignore",
    ]
)
EPOCH = (1980, 1, 1, 0, 0, 0)
MODE = 0o644


def build_package(folder: Path) -> bytes:
    """Zip a function app.

    Args:
        folder: The app's folder; its `.funcignore` is honoured as git would a .gitignore.

    Raises:
        SetupError: The folder is not a function app that can run, or a link in it leads elsewhere.
    """
    files = list(package_files(folder))
    missing = [name for name in REQUIRED if PurePosixPath(name) not in files]
    if missing:
        raise SetupError(
            f"{folder.name} is not a function app:"
            f" at its top there is no {' and no '.join(missing)}."
        )
    check_app(folder, files)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in files:
            entry = zipfile.ZipInfo(str(path), EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = (0o100000 | MODE) << 16
            archive.writestr(entry, (folder / path).read_bytes())
    return buffer.getvalue()


def check_app(folder: Path, files: list[PurePosixPath]) -> None:
    """Look for what would only show after a build of more than a minute.

    Azure says "0 functions" then, or that it does not know a binding.

    Raises:
        SetupError: host.json names no extension bundle, requirements.txt no azure-functions, or a
            file is not Python.
    """
    try:
        bundle = (
            json.loads((folder / "host.json").read_text(encoding="utf-8"))
            .get("extensionBundle", {})
            .get("id")
        )
    except (ValueError, AttributeError) as error:
        raise SetupError(f"host.json is not valid JSON ({error}).") from error
    if bundle != BUNDLE:
        raise SetupError(
            f"host.json does not name {BUNDLE}.",
            hint="Without the bundle there are no SignalR bindings: section 03.",
        )
    if "azure-functions" not in (folder / "requirements.txt").read_text(encoding="utf-8"):
        raise SetupError(
            "requirements.txt does not name azure-functions.",
            hint="The build in Azure installs what it names.",
        )
    for path in files:
        if path.suffix == ".py":
            _check_syntax(folder / path, str(path))


def _check_syntax(path: Path, name: str) -> None:
    try:
        ast.parse(path.read_bytes(), name)
    except SyntaxError as error:
        where = f"{name}, line {error.lineno}" if error.lineno else name
        raise SetupError(f"{where} is not Python: {error.msg}.") from error
    except ValueError as error:
        raise SetupError(f"{name} is not Python: {error}.") from error


def _ignore_lines(folder: Path) -> list[str]:
    own = folder / ".funcignore"
    if not own.exists():
        return []
    return own.read_text(encoding="utf-8").splitlines()


def package_files(folder: Path) -> Iterator[PurePosixPath]:
    """Paths of the files that belong into the package, sorted.

    Raises:
        SetupError: A link leads out of the folder.
    """
    ignored = GitIgnoreSpec.from_lines(_ignore_lines(folder))
    root = folder.resolve()
    found = [path for path in folder.rglob("*") if path.is_file()]
    for path in sorted(PurePosixPath(path.relative_to(folder).as_posix()) for path in found):
        if NEVER.match_file(path) or ignored.match_file(path):
            continue
        if not (folder / path).resolve().is_relative_to(root):
            raise SetupError(
                f"{path} is a link that leads out of {folder.name}.", hint="Copy the file instead."
            )
        yield path
