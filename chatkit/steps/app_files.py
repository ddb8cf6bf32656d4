"""`%%chatfile PATH`: a cell whose text becomes a file of the learner's app, byte for byte."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from chatkit.core import settings
from chatkit.core.errors import HomeUnusable, SetupError
from chatkit.core.files import check_writable, write_together
from chatkit.core.home import records
from chatkit.core.results import enumerated
from chatkit.core.running.interrupts import held
from chatkit.core.system.moving import move, remove, rename
from chatkit.core.work import app_sections, course_choice, notebooks
from chatkit.core.work.app_sections import AppSections, Move, content_of, with_hub
from chatkit.core.work.in_the_way import KEPT, leads_out, look, moved_aside, unused

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

RECORD = "chatfiles.json"
EXERCISES = "exercises/"
SOLUTION = " (solution)"
LOST = "files of my-chat count as yours, and are kept beside when a cell writes them anew"


def register(shell: InteractiveShell) -> None:
    """Make `%%chatfile` known to a notebook."""
    add: Any = shell.register_magic_function
    add(chatfile, magic_kind="cell", magic_name="chatfile")


def chatfile(line: str, cell: str) -> None:
    """Write the cell into my-chat: `%%chatfile functions/host.json`."""
    course_choice.of_home()  # another course's files are in the same places
    print(write(line.strip(), cell, folder=settings.chat_folder(), home=settings.home()))


def write(name: str, text: str, *, folder: Path, home: Path) -> str:
    """Write a file of the learner's app, and never lose what the learner wrote there.

    Strategy: the kit records the hash of what it wrote. A file that has another hash, and is none
    of the versions that the notebooks write either, was edited by the learner; it is kept beside,
    as NAME.before-1, NAME.before-2 and so on, as is a folder or a pipe of that name. A cell of an
    earlier section than the one that the functions are of brings the other files back, too, and
    keeps them all beside. In an exercise the learner edits the cell: what a cell wrote there gives
    way to the learner's next attempt, and is kept beside for the kit's own.

    Args:
        name: Path below the app's folder, with slashes.
        text: The file's text; ends with exactly one newline in the file.
        folder: The app's folder.
        home: Where the record is.

    Returns:
        One line that says what was written, and one for what else was.

    Raises:
        SetupError: The path leads out of the folder, by its words or by a link.
        NotWritten: The disk is full, or takes no writes; the learner's file is as it was.
    """
    content = with_hub(content_of(text), _hub(home))
    move, app = _move(name, content, folder, home)
    if move is None:
        kept = replace({name: content}, folder=folder, home=home)
        return _written(name, content, kept)
    aside = ""
    if move.is_back:
        aside = _keep(app, folder)
    kept = replace({name: content, **move.files}, folder=folder, home=home)
    for added in move.added:
        remove(_below(folder, added))
    return f"{_written(name, content, kept)}\n{_told(move, aside)}"


def _move(
    name: str, content: bytes, folder: Path, home: Path
) -> tuple[Move | None, Mapping[str, bytes]]:
    """What a file sets off among the functions, and the functions as they are now."""
    if not name.startswith(app_sections.FOLDER):
        return None, {}
    app = _functions(folder)
    if not app:
        return None, app
    return _sections().set_off(name, content, app, _done(home)), app


def _written(name: str, content: bytes, kept: list[str]) -> str:
    """One line about a file that was written."""
    count = content.count(b"\n")
    lines = f"{count} lines"
    if count == 1:
        lines = "1 line"
    if kept:
        return f"my-chat/{name}: {lines}; your version is kept as {enumerated(kept)}"
    return f"my-chat/{name}: {lines}"


def copy_page(source: Path, *, folder: Path, home: Path) -> list[str]:
    """Copy the kit's page into the learner's app; what the learner changed there is kept beside.

    Args:
        source: The kit's `content`.
        folder: The app's folder.
        home: Where the record is.

    Returns:
        Names of the kept versions.

    Raises:
        SetupError: The kit's page is not there.
    """
    files = [path for path in sorted(source.rglob("*")) if path.is_file()]
    if not files:
        raise SetupError("The kit's page is not here.", hint="Run this in a checkout of chatkit.")
    page = {f"content/{path.relative_to(source).as_posix()}": path.read_bytes() for path in files}
    return replace(page, folder=folder, home=home)


def replace(
    contents: Mapping[str, bytes],
    *,
    folder: Path,
    home: Path,
    is_solution: bool = False,
) -> list[str]:
    """Write files by their names, and note that they are ours: all of them, or none.

    Args:
        contents: The files.
        folder: The app's folder.
        home: Where the record is.
        is_solution: They are the kit's solution of an exercise.

    Returns:
        Names under which the learner's versions were kept.

    Raises:
        NotWritten: The disk is full, or takes no writes.
    """
    record = read_record(home)
    known = _sections()
    written: dict[Path, bytes] = {}
    kept: dict[Path, bytes] = {}
    odd: dict[Path, Path] = {}
    for name, content in contents.items():
        path = _below(folder, name)
        written[path] = content
        found = look(path)
        old = found.content
        if found.odd:
            odd[path] = _unused(path)
        if old is None or old == content:
            continue
        versions = [version.content for version in known.versions(name)]
        wrote = record.get(name)
        if name.startswith(EXERCISES) and (is_solution or content in versions):
            wrote = record.get(f"{name}{SOLUTION}")
        if old not in versions and _hash(old) != wrote:
            kept[_unused(path)] = old
    noted = dict(record)
    for name, content in contents.items():
        if is_solution:
            name = f"{name}{SOLUTION}"
        noted[name] = _hash(content)
    private = {}
    if noted != record:
        private[home / RECORD] = json.dumps(noted, indent=1, sort_keys=True)
    # An interrupt between them would make a file the learner's.
    with held(), moved_aside(odd):
        write_together(private=private, public={**kept, **written})
    return [path.name for path in (*odd.values(), *kept)]


def begun_functions(folder: Path, section: str) -> Path:
    """Return the folder of the learner's functions, in which something has been written.

    Args:
        folder: That folder.
        section: The section that needs them.

    Raises:
        SetupError: There are none yet.
    """
    if not (folder / "host.json").is_file():
        hint = f'workshop.catch_up("{section}") makes what comes before section {section}.'
        if not course_choice.is_tutorial():  # other courses number otherwise
            hint = "Its host.json is missing, which a cell of a notebook writes with %%chatfile."
        raise SetupError(f"There is no function app in {folder}.", hint=hint)
    return folder


def check_movable(folder: Path) -> None:
    """Look whether the learner's app can be put aside, for those who do first what cannot be done
    twice.

    Raises:
        NotWritten: A folder takes no writes.
    """
    if not folder.is_dir():
        return
    inside = [path for path in folder.iterdir() if path.is_dir() and not path.is_symlink()]
    # A folder notes where it is: that is written, too, when it is moved.
    for one in (folder.parent, folder, *inside):
        check_writable(one)


def put_aside(folder: Path, *, home: Path) -> str:
    """Move the learner's app to a folder beside, and forget what the kit wrote there.

    Copies of notebooks stay: kernels run in their folder.

    Returns:
        The new folder's name, empty when there was no app.
    """
    kept = ""
    if (folder / notebooks.FOLDER).is_dir():
        kept = _move_all_but_notebooks(folder)
    elif os.path.lexists(folder):
        kept = rename(folder, _unused(folder)).name
    # Last: without it, what the kit wrote in the folder would count as the learner's.
    remove(home / RECORD)
    return kept


def _move_all_but_notebooks(folder: Path) -> str:
    app = [path for path in sorted(folder.iterdir()) if path.name != notebooks.FOLDER]
    if not app:
        return ""
    aside = _unused(folder)
    aside.mkdir()
    for path in app:
        # Not `rename`: my-chat may be a link to another disk.
        move(path, aside / path.name)
    return aside.name


def _below(folder: Path, name: str) -> Path:
    path = PurePosixPath(name)
    if not name or "\\" in name or ":" in name or path.is_absolute() or ".." in path.parts:
        raise SetupError(
            f"{name!r} is not a path inside my-chat.",
            hint="Write it like %%chatfile functions/host.json.",
        )
    below = folder.joinpath(*path.parts)
    if leads_out(folder, below):
        raise SetupError(
            f"{below} is not inside {folder.name}: a folder on the way is a link to elsewhere.",
            hint="Give that link another name, and run the cell once more.",
        )
    return below


def template(name: str) -> str:
    """A file as the kit's notebooks write it first.

    Raises:
        SetupError: No notebook writes it.
    """
    for version in _sections().versions(name):
        return version.content.decode()
    raise SetupError(
        f"No notebook of the kit writes {name}.", hint="Run this in a checkout of chatkit."
    )


def bring_forward(section: str, *, folder: Path, home: Path) -> str:
    """Bring functions of an earlier section to the start of one, as far as it was done before.

    Somebody has gone back, and goes on where they were. Files that the learner has edited are kept
    beside.

    Returns:
        A sentence that says which; empty when there was nothing to do.

    Raises:
        NotWritten: The disk is full, or takes no writes.
    """
    move = _sections().forward(section, _functions(folder), _done(home))
    if move is None:
        return ""
    kept = replace(move.files, folder=folder, home=home)
    note = f" What you edited is kept as {enumerated(kept)}." if kept else ""
    return f"{_told(move, '')}{note}"


def section_of(folder: Path) -> str:
    """The section that has left the learner's functions as they are; empty when none has."""
    return _sections().of(_functions(folder))


def _sections() -> AppSections:
    return AppSections(course_choice.folder() / "notebooks", _hub(settings.home()))


def _functions(folder: Path) -> dict[str, bytes]:
    """Those of the learner's functions that notebooks write, by their names."""
    found = {name: look(_below(folder, name)).content for name in _sections().functions}
    return {name: content for name, content in found.items() if content is not None}


def _done(home: Path) -> tuple[str, ...]:
    """The completed sections; none in a damaged home: a cell's file is written all the same."""
    with suppress(HomeUnusable):
        return settings.load(home).facts.completed
    return ()


def _hub(home: Path) -> str:
    """The hub that the app uses; the usual one in a damaged home."""
    with suppress(HomeUnusable):
        return settings.load(home).hub
    return settings.HUB


def _keep(app: Mapping[str, bytes], folder: Path) -> str:
    """Keep functions beside the learner's, once; return the folder's name."""
    files = {name.removeprefix(app_sections.FOLDER): content for name, content in app.items()}
    wanted = _unused(folder / "functions")
    for known in folder.glob(f"functions{KEPT}*"):
        if known.is_dir() and {one.name: look(one).content for one in known.iterdir()} == files:
            return known.name
    write_together(public={wanted / name: content for name, content in files.items()})
    return wanted.name


def _told(move: Move, kept: str) -> str:
    """What became of the other files."""
    changed = _names(move.files)
    if not move.is_back:
        was = f"that of section {move.before}" if move.before else "of several sections"
        return f"my-chat/functions was {was}; brought forward: {changed}."
    along = []
    if changed:
        along.append(f"{changed} went back, too")
    if move.added:
        along.append(f"not in it yet: {_names(move.added)}")
    again = f"my-chat/functions is that of section {move.section} again"
    if along:
        again = f"{again}: {'; '.join(along)}"
    onward = f"{int(move.before) + 1:02}"
    return (
        f"{again}.\nAs it was in section {move.before} it is kept in my-chat/{kept};"
        f' workshop.catch_up("{onward}") goes forward.'
    )


def _names(files: Iterable[str]) -> str:
    return enumerated([name.removeprefix(app_sections.FOLDER) for name in files])


def _unused(path: Path) -> Path:
    return unused(path, keeps_suffix=False)


def read_record(home: Path) -> dict[str, str]:
    """The hash of each file that the kit wrote; empty when nothing readable is there."""
    known = records.read_record(home / RECORD, lost=LOST)
    return {name: str(known_hash) for name, known_hash in known.items()}


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
