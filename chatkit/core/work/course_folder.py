"""What `chatkit new FOLDER` lays out: the kit to read, and a place for the learner's work.

Strategy: `notebooks` of the folder is the kit's, and read-only: the tutorial, the finished
`functions` and `content` (the page), the sanitiser of the outputs, the lock. Its `kit.json` has the
version and the fingerprints of each file that the kit wrote there. A file that has another one was
changed by somebody: it moves to `my-chat/from-notebooks` before the kit's takes its place. All else
in the folder (`my-chat`, the home) is the learner's, and is not touched.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.version import InvalidVersion, Version

from chatkit.core import settings
from chatkit.core.errors import SetupError
from chatkit.core.files import write_together
from chatkit.core.settings import LAID_OUT
from chatkit.core.system.moving import discard
from chatkit.core.work import course_choice
from chatkit.core.work.fingerprints import of_bytes
from chatkit.core.work.in_the_way import leads_out, look, unused

KIT = LAID_OUT.parent
"""The folder that is the kit's."""
CHANGED = Path("my-chat", "from-notebooks")
FOLDERS = (KIT, "my-chat", ".chatkit")
DAMAGED = "0"
"""The version of a folder whose record cannot be read."""
DRAFT = re.compile(r"\..+\.[0-9a-f]{8}\.tmp")
"""What `write_together` leaves where it is killed."""
READ_ONLY, WRITABLE = 0o444, 0o644
SANITISER = "sanitize.cfg"
LOCK = "requirements.lock"
LEFT_OUT = ("__pycache__", ".ipynb_checkpoints", "local.settings.json")
CONFTEST = '''"""For `pytest --nbval notebooks`: gives the notebooks a home of their own."""

pytest_plugins = ["chatkit.testing.plugin"]
'''
README = """\
# {title}, cell by cell

Type `chatkit lab` in this folder. Run the cells from top to bottom.

| here | whose | what |
|---|---|---|
| `my-chat/` | yours | your app, and in `my-chat/notebooks/` the notebooks that JupyterLab opens |
| `.chatkit/` | yours | what the kit remembers: names, keys, the local cloud; keep it to yourself |
| `notebooks/` | the kit's, to read | the course; what of `functions/` and `content/` is finished |

`pytest --nbval notebooks` runs the whole course and compares every output; it needs
`pip install pytest nbval`. After an update `chatkit new .` brings the new notebooks and keeps your
work.
"""
IGNORED = "/.chatkit/\n__pycache__/\n.ipynb_checkpoints/\n.pytest_cache/\nlocal.settings.json\n"
Record = dict[str, list[str]]


@dataclass(frozen=True)
class LaidOut:
    """What laying out a folder did.

    Attributes:
        before: The version that the folder had; empty for a new one.
        written: How many of the kit's files are new or were renewed.
        kept: Where the kit's files are now that somebody had changed, below the folder.
    """

    before: str
    written: int
    kept: tuple[Path, ...]


@dataclass(frozen=True)
class Kit:
    """What a folder gets of a course.

    Attributes:
        files: By their paths below `notebooks`.
        version: Of the package that brings the course.
        title: What a person reads.
        course: The course's name; empty for the tutorial.
    """

    files: Mapping[str, bytes]
    version: str
    title: str = "A chat room on Azure"
    course: str = ""


def lay_out(folder: Path, kit: Kit) -> LaidOut:
    """Make a folder of the course, or bring an older one up to date.

    Args:
        folder: It may be there, with other files of a person.
        kit: What it gets.

    Raises:
        SetupError: Something else has the place of a folder, a newer kit made it, or it is for
            another course.
        NotWritten: The disk is full, or takes no writes; all files are as they were.
    """
    _check_room(folder)
    before, record = _known(folder)
    if before:
        _check_same(folder, kit, before)
    else:
        _check_begun(folder, kit)
    files = kit.files
    drafts = [*_drafts(folder / KIT)]
    if not before and _is_somebodys(folder / KIT, but=drafts):
        raise SetupError(
            f"{folder / KIT} is there already, and it is not the kit's.",
            hint="Choose another folder.",
        )
    written = {name: data for name, data in files.items() if _content(folder, name) != data}
    changed = _changed(folder, record, written)
    for name, data in files.items():
        record[name] = [*dict.fromkeys([*record.get(name, ()), of_bytes(data)])]
    discard(drafts)
    _write(folder, kit, record, written, changed)
    _take_away_former(folder, files, record)
    return LaidOut(before, len(written), tuple(path.relative_to(folder) for path in changed))


def kit_files(kit: Path) -> dict[str, bytes]:
    """What of a course a folder gets, by its path below `notebooks`.

    Args:
        kit: The course's folder.
    """
    files = {path.name: path.read_bytes() for path in sorted((kit / KIT).glob("*.ipynb"))}
    for folder in ("functions", "content"):
        for path in sorted((kit / folder).rglob("*")):
            if path.is_file() and not set(path.relative_to(kit).parts) & {*LEFT_OUT}:
                files[path.relative_to(kit).as_posix()] = path.read_bytes()
    return {**files, SANITISER: sanitiser_text(kit).encode(), LOCK: lock().read_bytes()}


def sanitiser() -> Path:
    """What nbval hides of the notebooks' outputs before it compares them."""
    return _data(SANITISER, Path("tests", "notebooks"))


def sanitiser_text(kit: Path) -> str:
    """The same with what a course hides besides, in a `sanitize.cfg` of its own."""
    texts = [sanitiser().read_text(encoding="utf-8")]
    own = kit / SANITISER
    if own.is_file() and own != sanitiser():
        texts.append(own.read_text(encoding="utf-8"))
    return "\n".join(texts)


def lock() -> Path:
    """The lock: versions and hashes of all packages that the kit was tested with."""
    return _data(LOCK, Path())


def uv_lock() -> Path:
    """The lock of uv, which installs the packages of the other one."""
    return _data("requirements-uv.lock", Path())


def _data(name: str, of_checkout: Path) -> Path:
    """A file that is the package's data, or lies in a folder of the checkout."""
    if settings.kit() == settings.checkout():
        return settings.kit() / of_checkout / name
    return settings.kit() / name


def _check_room(folder: Path) -> None:
    """Make sure that no file has the place of a folder, before anything is written."""
    for place in (*reversed(folder.parents), folder, *(folder / name for name in FOLDERS)):
        if os.path.lexists(place) and not place.is_dir():
            raise SetupError(
                f"{place} is a file, and the course needs a folder there.",
                hint="Give it another name, or choose another folder.",
            )


def _known(folder: Path) -> tuple[str, Record]:
    """The version that a folder has, and the fingerprints of the kit's files in it."""
    try:
        found = json.loads((folder / LAID_OUT).read_text(encoding="utf-8"))
        version, files = str(found["version"]), dict(found["files"])
        named = {str(name): [str(one) for one in files[name]] for name in files}
        return version, {name: named[name] for name in named if _is_below(name)}
    except FileNotFoundError:
        return "", {}
    except (ValueError, LookupError, TypeError, RecursionError):
        # Then every file that differs counts as changed, and is kept.
        return DAMAGED, {}


def _is_below(name: str) -> bool:
    """Whether a name of the record is one of a file in the kit's folder.

    The folder may come from somebody else: what it says is neither deleted nor made read-only
    elsewhere.
    """
    path = Path(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts


def _drafts(place: Path) -> Iterator[Path]:
    """What a start that was killed has left in the kit's folder."""
    return (path for path in place.rglob("*.tmp") if DRAFT.fullmatch(path.name))


def _is_somebodys(place: Path, *, but: Sequence[Path]) -> bool:
    """Whether a folder has more than folders: those alone are left where the disk is full."""
    if place.is_symlink():
        return True
    found = (path for path in place.rglob("*") if path.is_symlink() or not path.is_dir())
    return any(path not in but for path in found)


def _check_same(folder: Path, kit: Kit, before: str) -> None:
    """Make sure that a folder is for this course, and not of a newer version of it."""
    of = course_choice.named_in(folder)
    # What a record does not say that cannot be read, nobody knows.
    if of != kit.course and before != DAMAGED:
        raise SetupError(
            f"{folder} is for the course {course_choice.of_folder(folder)}.",
            hint="Choose another folder.",
        )
    try:
        is_newer = Version(before) > Version(kit.version)
    except InvalidVersion:
        is_newer = False
    if is_newer:
        maker = kit.course or "chatkit"
        raise SetupError(
            f"{folder} was made by {maker} {before}, and this is {kit.version}.",
            hint="Install the newer one again, or choose another folder.",
        )


def _check_begun(folder: Path, kit: Kit) -> None:
    """Make sure that what was begun there without such a folder is this course."""
    begun = course_choice.begun(folder / ".chatkit", folder / "my-chat")
    if begun not in ("", kit.course or course_choice.TUTORIAL.name):
        raise SetupError(
            f"The course {begun} was begun in {folder}.", hint="Choose another folder."
        )


def _content(folder: Path, name: str) -> bytes | None:
    return look(folder / KIT / name).content


def _changed(folder: Path, record: Record, written: Mapping[str, bytes]) -> dict[Path, bytes]:
    """The files that somebody has changed, each with the place where it is kept."""
    kept: dict[Path, bytes] = {}
    for name in written:
        content = _content(folder, name)
        if content is not None and of_bytes(content) not in record.get(name, ()):
            kept[unused(folder / CHANGED / name, keeps_suffix=True)] = content
    return kept


def _write(
    folder: Path,
    kit: Kit,
    record: Record,
    written: Mapping[str, bytes],
    kept: Mapping[Path, bytes],
) -> None:
    course = {"course": kit.course} if kit.course else {}
    told = {"version": kit.version, **course, "files": record}
    said = json.dumps(told, indent=1, sort_keys=True)
    readme = README.format(title=kit.title)
    public: dict[Path, bytes | str] = {
        folder / LAID_OUT: f"{said}\n",
        **{folder / KIT / name: data for name, data in written.items()},
    }
    # What stands in every folder of a person may be theirs: it is written where it is missing.
    for name, text in (("conftest.py", CONFTEST), ("README.md", readme), (".gitignore", IGNORED)):
        if not (folder / name).exists():
            public[folder / name] = text
    for path in public:
        _set_mode(folder, path, WRITABLE)  # Windows replaces no read-only file
    # What was changed may have been read through a link to something private.
    write_together(private=kept, public=public)
    for path in (folder / LAID_OUT, *(folder / KIT / name for name in record)):
        _set_mode(folder, path, READ_ONLY)


def _set_mode(folder: Path, path: Path, mode: int) -> None:
    """Set the mode of a file, and not of one elsewhere that a link leads to."""
    if path.is_file() and not path.is_symlink() and not leads_out(folder, path):
        path.chmod(mode)


def _take_away_former(folder: Path, files: Mapping[str, bytes], record: Record) -> None:
    """Remove files, unchanged, that the kit has no more."""
    for name in record.keys() - files.keys():
        content = _content(folder, name)
        if content is not None and of_bytes(content) in record[name]:
            _set_mode(folder, folder / KIT / name, WRITABLE)
            discard([folder / KIT / name])
