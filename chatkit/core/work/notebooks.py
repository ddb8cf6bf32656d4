"""The copies of the notebooks that JupyterLab opens, in `my-chat/notebooks`.

Strategy: `notebooks.json` of the home has, for each copy, the fingerprints of the versions that the
kit has written there. A copy that has one of them is the kit's, and follows it; one that was only
run is kept beside, with its outputs. Any other is the learner's: only `renew` takes its place, and
keeps it beside. What is no notebook (a folder, a pipe, a file that is cut off) gets another name,
and a copy takes its place. The record is written first; whoever is stopped after that has copies
whose fingerprints are known all the same.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from chatkit.core.errors import SetupError
from chatkit.core.file_lock import FileLock
from chatkit.core.files import check_writable, private_folder, write_together
from chatkit.core.home import records
from chatkit.core.results import enumerated
from chatkit.core.settings import FILE as SETTINGS
from chatkit.core.system.moving import discard
from chatkit.core.work.edited_in_place import edited_in_place
from chatkit.core.work.fingerprints import is_notebook, of_bytes, of_cells
from chatkit.core.work.in_the_way import Found, leads_out, look, moved_aside, unused

FOLDER = "notebooks"
RECORD = "notebooks.json"
LOCK = "notebooks.lock"
LOST = "copies of notebooks count as yours, and stay as they are when newer ones come"
Record = dict[str, list[str]]


@dataclass(frozen=True)
class Brought:
    """What bringing the copies up to date did, in names of notebooks.

    Attributes:
        new: Copies that are newer than before, or had not been there.
        kept: The learner's, of which the kit has a newer version now.
        aside: New files, with copies that were run before they were renewed.
        edited: Copies of what the learner has changed in the kit's own folder.
        odd: New names of what was no notebook, each with what it is.
    """

    new: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    odd: tuple[tuple[str, str], ...] = ()

    def sentence(self) -> str:
        """One line about it; empty when there is nothing to say."""
        said: list[str] = []
        if self.new:
            said.append(f"new in my-chat/{FOLDER}: {_listed(self.new)}")
        if self.aside:
            said.append(f"as you ran them: {_listed(self.aside)}")
        if self.kept:
            said.append(
                f"yours stay as they are: {_listed(self.kept)} (rename one to get the new one)"
            )
        if self.odd:
            kept = enumerated([f"{name} ({what})" for name, what in self.odd])
            said.append(f"not to be read as notebooks, and kept beside the new ones: {kept}")
        if self.edited:
            said.append(f"what you changed in {FOLDER} is in the copies in my-chat/{FOLDER}")
        return "; ".join(said)


def bring_up_to_date(kit: Path, work: Path, home: Path) -> Brought:
    """Make the copies that are missing, and renew those that are as the kit has written them.

    Args:
        kit: The folder that holds the kit's notebooks.
        work: The learner's work, `my-chat`.
        home: Where the record is.

    Raises:
        NotWritten: The disk is full, or takes no writes; all copies are as they were.
        SetupError: Something else has the folder's name.
    """
    folder = _folder(work)
    if not _is_behind(kit, folder, read_record(home)):
        return Brought()
    with _alone(home, folder):
        return _bring(kit, folder, home)


def check_renewable(work: Path) -> None:
    """Look whether copies can be renewed, for those who do first what cannot be done twice.

    Raises:
        NotWritten: Their folder takes no writes.
        SetupError: Something else has the folder's name, or this user may not look into it.
    """
    folder = _folder(work)
    if folder.is_dir():
        check_writable(folder)


def renew(kit: Path, work: Path, home: Path) -> list[str] | None:
    """Replace every copy by the kit's; what the learner has edited is kept beside.

    The notebook whose kernel this is stays: it is open, and its front end would ask whose it is.

    Returns:
        Names of what is kept; None where there are no copies.

    Raises:
        NotWritten: The disk is full, or takes no writes; all copies are as they were.
        SetupError: As for `check_renewable`.
    """
    folder = _folder(work)
    if not folder.is_dir():
        return None
    with _alone(home, folder):
        record = read_record(home)
        kept: dict[Path, bytes] = {}
        written: dict[Path, bytes] = {}
        odd: dict[Path, Path] = {}
        for name, content in _contents(kit).items():
            path = folder / name
            if os.path.realpath(path) == _running():
                continue
            found = look(path)
            old = found.content
            if old == content:
                continue
            if found.odd:
                odd[path] = _unused(path)
            known = [*record.get(name, ()), of_cells(content)]
            if old is not None and not _is_kits(old, known):
                kept[_unused(path)] = old
            written[path] = content
            record = _noted(record, name, content)
        with moved_aside(odd):
            _write(home, record, {**kept, **written})
    return [path.name for path in (*odd.values(), *kept)]


def _is_behind(kit: Path, folder: Path, record: Record) -> bool:
    """Whether there is something to write. A start that has nothing to do needs no space."""
    contents = _contents(kit)
    for name, content in contents.items():
        if _is_news(look(folder / name), content, record.get(name, [])):
            return True
    return any(name not in contents and (folder / name).exists() for name in record)


def _is_news(found: Found, content: bytes, known: Sequence[str]) -> bool:
    """Whether a kit's notebook has to be looked at: there is no copy, or one of another version."""
    old = found.content
    if old is None:
        return True
    if old == content:
        return False
    return bool(_oddity(found)) or of_bytes(old) in known or of_bytes(content) not in known


def _oddity(found: Found) -> str:
    """What is there that is no notebook; empty where there is one, or nothing."""
    if found.content is None or is_notebook(found.content):
        return found.odd
    return "a file that is no notebook" if found.content else "an empty file"


def _bring(kit: Path, folder: Path, home: Path) -> Brought:
    record = read_record(home)
    is_first = not (home / RECORD).exists()
    # What somebody has edited in the kit's folder is theirs in the copy, too: no fingerprint is it.
    edited = edited_in_place(
        kit, set(_contents(kit)), is_used=is_first and (home / SETTINGS).exists()
    )
    update = _Update({**dict.fromkeys(edited, []), **record})
    for name, content in _contents(kit).items():
        update.look_at(folder / name, content, is_edited=name in edited)
    with moved_aside(update.odd):
        _write(home, update.record, {**update.aside, **update.written})
    _remove_former(kit, folder, update.record)
    new: list[str] = []
    if not is_first:
        new = [path.name for path in update.written if path.name not in edited]
    return Brought(
        new=tuple(new),
        kept=tuple(update.kept),
        aside=tuple(path.name for path in update.aside),
        edited=tuple(sorted(edited)),
        odd=tuple(update.oddities),
    )


@dataclass
class _Update:
    """What bringing the copies up to date is going to do.

    Attributes:
        record: The fingerprints, with those of what the kit has now.
        written: Contents of copies that are written.
        aside: Contents of new files, with copies that were run.
        odd: New paths of what is no notebook.
        oddities: Their names, each with what it is.
        kept: The learner's copies, of which the kit has a newer version.
    """

    record: Record
    written: dict[Path, bytes] = field(default_factory=dict)
    aside: dict[Path, bytes] = field(default_factory=dict)
    odd: dict[Path, Path] = field(default_factory=dict)
    oddities: list[tuple[str, str]] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)

    def look_at(self, path: Path, content: bytes, *, is_edited: bool) -> None:
        """Decide about one copy.

        Args:
            path: The copy's.
            content: The notebook in the kit's folder.
            is_edited: Somebody has edited that one.
        """
        found = look(path)
        known = self.record.get(path.name, [])
        if not _is_news(found, content, known):
            return
        oddity = _oddity(found)
        if oddity:
            self.odd[path] = _unused(path)
            self.oddities.append((_title(self.odd[path]), oddity))
            self.written[path] = content
        else:
            self._renew(path, found.content, content, known)
        # Noted in any case, so that it is said once; but what somebody has edited is no version.
        is_version = not is_edited and self.record.get(path.name) != []
        if is_version or path not in self.written:
            self.record = _noted(self.record, path.name, content)

    def _renew(self, path: Path, old: bytes | None, content: bytes, known: Sequence[str]) -> None:
        """Write a copy that is missing or the kit's; the learner's stays."""
        if old is None or of_bytes(old) in known:
            self.written[path] = content
        elif of_cells(old) == of_cells(content):
            return
        elif of_cells(old) in known:
            self.written[path] = content
            self.aside[_unused(path)] = old
        else:
            self.kept.append(path.name)


def _remove_former(kit: Path, folder: Path, record: Record) -> None:
    """Take away copies that nobody has changed of notebooks that the kit has no more."""
    for name in record.keys() - _contents(kit).keys():
        content = look(folder / name).content
        if content is not None and of_bytes(content) in record[name]:
            discard([folder / name])


def _contents(kit: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(kit.glob("[0-9][0-9]-*.ipynb"))}


def _is_kits(content: bytes, known: Sequence[str]) -> bool:
    """Whether a copy is one of the kit's, apart from what running it has changed."""
    return of_bytes(content) in known or of_cells(content) in known


def _noted(record: Record, name: str, content: bytes) -> Record:
    both = dict.fromkeys([*record.get(name, ()), of_bytes(content), of_cells(content)])
    return {**record, name: [*both]}


def read_record(home: Path) -> Record:
    """The fingerprints of each copy's versions; empty when nothing readable is there."""
    known = records.read_record(home / RECORD, lost=LOST)
    return {
        name: [str(one) for one in prints] if isinstance(prints, list) else []
        for name, prints in known.items()
    }


def _write(home: Path, record: Record, written: Mapping[Path, bytes]) -> None:
    text = json.dumps(record, indent=1, sort_keys=True)
    write_together(private={home / RECORD: text}, public=written)


def _folder(work: Path) -> Path:
    folder = work / FOLDER
    for path in (work, folder):
        if os.path.lexists(path) and not os.path.isdir(path):
            what = "a link that leads to no folder" if path.is_symlink() else "a file"
            raise SetupError(
                f"{path} is {what}, and the notebooks are to lie there.",
                hint="Give it another name.",
            )
    if leads_out(work, folder / RECORD):
        raise SetupError(
            f"{folder} is a link to {os.path.realpath(folder)}, and the kit writes in"
            f" {work.name} only.",
            hint="Give it another name.",
        )
    return folder


@contextmanager
def _alone(home: Path, folder: Path) -> Iterator[None]:
    """Let no other process change the copies meanwhile, and clear away what a killed one left."""
    private_folder(home)
    with FileLock(home / LOCK) as lock:
        lock.acquire()
        discard(folder.glob(".*.ipynb.*.tmp"))
        yield


def _running() -> str:
    """The notebook whose kernel this process is, as Jupyter tells it; empty elsewhere."""
    path = os.environ.get("JPY_SESSION_NAME")
    return os.path.realpath(path) if path else ""


def _unused(path: Path) -> Path:
    """A name beside a notebook that Lab opens, too."""
    return unused(path, keeps_suffix=True)


def _listed(names: Sequence[str]) -> str:
    return enumerated([_title(Path(name)) for name in names])


def _title(path: Path) -> str:
    return path.name.removesuffix(".ipynb")
