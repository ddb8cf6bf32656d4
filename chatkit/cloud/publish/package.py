"""The zip package of a function app: the folder's files with host.json at the root.

The same files always give the same bytes.
"""

from __future__ import annotations

import ast
import io
import zipfile
from pathlib import Path, PurePosixPath

from chatkit.cloud.publish import secret_scan
from chatkit.cloud.publish.selection import Selection, Selector, sentence, shown
from chatkit.core.errors import AppFileDamaged, SetupError
from chatkit.core.reading import app_json, texts

ENTRY = "function_app.py"
REQUIRED = ("host.json", ENTRY, "requirements.txt")
BUNDLE = "Microsoft.Azure.Functions.ExtensionBundle"
BUNDLE_CHANNELS = ("", ".Preview", ".Experimental")
IGNORE_FILE = ".funcignore"
LOCAL_SETTINGS = "local.settings.json"
EPOCH = (1980, 1, 1, 0, 0, 0)
MODE = 0o644


def build_package(folder: Path) -> bytes:
    """Zip a function app.

    Args:
        folder: The app's folder; its `.funcignore` is honoured as git would a .gitignore.

    Raises:
        SetupError: The folder is not a function app that can run, a link in it leads elsewhere, or
            a file looks like a secret.
    """
    chosen = _select(folder)
    files = [*chosen.files]
    missing = [name for name in REQUIRED if PurePosixPath(name) not in files]
    if missing:
        raise SetupError(
            f"{folder.name} is not a function app:"
            f" at its top there is no {' and no '.join(missing)}."
        )
    check_app(folder, files)
    contents = _contents(folder, chosen)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path, content in contents.items():
            entry = zipfile.ZipInfo(str(path), EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = (0o100000 | MODE) << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


def is_bundle(id_: object) -> bool:
    """Whether an id of host.json is that of an extension bundle, a preview of one included."""
    return str(id_).lower() in {f"{BUNDLE}{channel}".lower() for channel in BUNDLE_CHANNELS}


def check_app(folder: Path, files: list[PurePosixPath]) -> None:
    """Look for what would only show after a build of more than a minute.

    Azure says "0 functions" then, or that it does not know a binding.

    Raises:
        AppFileDamaged: One of them cannot be read as what it is.
        SetupError: host.json names no extension bundle, requirements.txt no azure-functions, or a
            file is not Python.
    """
    if not is_bundle(_bundle(folder / "host.json")):
        raise SetupError(
            f"host.json does not name {BUNDLE}.",
            hint="Without the bundle there are no SignalR bindings: host.json names it.",
        )
    if "azure-functions" not in texts.read(folder / "requirements.txt", errors="replace"):
        raise SetupError(
            "requirements.txt does not name azure-functions.",
            hint="The build in Azure installs what it names.",
        )
    for path in files:
        if path.suffix == ".py":
            _check_syntax(folder / path, str(path))


def _bundle(path: Path) -> object:
    """The extension bundle that a host.json names."""
    content = app_json.read_object(path)
    bundle = content.get("extensionBundle") or {}
    if not isinstance(bundle, dict):
        raise AppFileDamaged(path, "its `extensionBundle` is no object")
    return bundle.get("id")


def _check_syntax(path: Path, name: str) -> None:
    content = texts.read_app_file(path)
    if not content.strip() and name == ENTRY:
        raise AppFileDamaged(path, "it is empty, and Azure would find no function")
    try:
        ast.parse(content, name)
    except SyntaxError as error:
        if not error.lineno:  # no line of it can be read: it is not text
            raise AppFileDamaged(path, f"it is not Python ({error.msg})") from error
        raise SetupError(f"{name}, line {error.lineno} is not Python: {error.msg}.") from error
    except ValueError as error:  # it has zero bytes
        raise AppFileDamaged(path, f"it is not Python ({error})") from error


def package_files(folder: Path) -> list[PurePosixPath]:
    """Paths of the files that belong into the package, sorted.

    Raises:
        SetupError: A link leads out of the folder, or to another folder.
    """
    return [*_select(folder).files]


def left_out(folder: Path) -> str:
    """A sentence about what stays because of its name, empty when nothing does.

    Raises:
        SetupError: As for `package_files`.
    """
    left = tuple(name for name in _select(folder).left if name != LOCAL_SETTINGS)
    return sentence(left, ignore_file=f"{folder.name}/{IGNORE_FILE}")


def _select(folder: Path) -> Selection:
    # An app may need files of any kind.
    chosen = Selector(folder, ignore_file=IGNORE_FILE, takes=lambda path: True).select()
    for path, why in chosen.bad_links:
        # Left out, it would be missing at run time only.
        raise SetupError(
            f"{shown(path)} is {why}, and links are not packed.",
            hint=f"Copy what it stands for, or leave it out in {IGNORE_FILE}.",
        )
    return chosen


def _contents(folder: Path, chosen: Selection) -> dict[PurePosixPath, bytes]:
    """Every file's bytes.

    Raises:
        SetupError: One cannot be read, or looks like a secret.
    """
    contents: dict[PurePosixPath, bytes] = {}
    for path in chosen.files:
        try:
            contents[path] = (folder / path).read_bytes()
        except OSError as error:
            raise SetupError(f"{shown(path)} cannot be read: {error.strerror}.") from None
    secret_scan.refuse(
        {path: content for path, content in contents.items() if path not in chosen.named},
        what="Who may read the deployed app can read its package.",
        ignore_file_name=f"{folder.name}/{IGNORE_FILE}",
        instead=f"Put it into {LOCAL_SETTINGS}, and let the app read it from os.environ.",
    )
    return contents
