"""The copies of the notebooks that JupyterLab opens, in `my-chat/notebooks`.

Strategy: `notebooks.json` of the home has, for each copy, the fingerprints of the versions that the
kit has written there. A copy that has one of them is the kit's, and follows it; one that was only
run is kept beside, with its outputs. Any other is the learner's: only `renew` takes its place, and
keeps it beside. The record is written first; whoever is stopped after that has copies whose
fingerprints are known all the same.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chatkit.core.errors import SetupError
from chatkit.core.file_lock import FileLock
from chatkit.core.files import discard, private_folder, write_together
from chatkit.core.home import records
from chatkit.core.results import enumerated
from chatkit.core.settings import FILE as SETTINGS
from chatkit.core.work.edited_in_place import edited_in_place
from chatkit.core.work.fingerprints import of_bytes, of_cells

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
    """

    new: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()

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
        SetupError: A file has the folder's name.
    """
    folder = _folder(work)
    if not _is_behind(kit, folder, read_record(home)):
        return Brought()
    with _alone(home, folder):
        return _bring(kit, folder, home)


def renew(kit: Path, work: Path, home: Path) -> list[str] | None:
    """Replace every copy by the kit's; what the learner has edited is kept beside.

    The notebook whose kernel this is stays: it is open, and its front end would ask whose it is.

    Returns:
        Names of what is kept; None where there are no copies.

    Raises:
        NotWritten: The disk is full, or takes no writes; all copies are as they were.
    """
    folder = work / FOLDER
    if not folder.is_dir():
        return None
    with _alone(home, folder):
        record = read_record(home)
        kept: dict[Path, bytes] = {}
        written: dict[Path, bytes] = {}
        for name, content in _contents(kit).items():
            path = folder / name
            if path.resolve() == _running():
                continue
            old = _content(path)
            if old == content:
                continue
            if old is not None and not _is_kits(old, [*record.get(name, ()), of_cells(content)]):
                kept[_unused(path)] = old
            written[path] = content
            record = _noted(record, name, content)
        _write(home, record, {**kept, **written})
    return [path.name for path in kept]


def _is_behind(kit: Path, folder: Path, record: Record) -> bool:
    """Whether there is something to write. A start that has nothing to do needs no space."""
    contents = _contents(kit)
    for name, content in contents.items():
        if _is_news(_content(folder / name), content, record.get(name, [])):
            return True
    return any(name not in contents and (folder / name).exists() for name in record)


def _is_news(old: bytes | None, content: bytes, known: Sequence[str]) -> bool:
    """Whether a kit's notebook has to be looked at: there is no copy, or one of another version."""
    if old is None:
        return True
    return old != content and (of_bytes(old) in known or of_bytes(content) not in known)


def _bring(kit: Path, folder: Path, home: Path) -> Brought:
    record = read_record(home)
    is_first = not (home / RECORD).exists()
    # What somebody has edited in the kit's folder is theirs in the copy, too: no fingerprint is it.
    edited = edited_in_place(
        kit, set(_contents(kit)), is_used=is_first and (home / SETTINGS).exists()
    )
    record = {**dict.fromkeys(edited, []), **record}
    written: dict[Path, bytes] = {}
    aside: dict[Path, bytes] = {}
    kept: list[str] = []
    for name, content in _contents(kit).items():
        path = folder / name
        old = _content(path)
        known = record.get(name, [])
        if not _is_news(old, content, known):
            continue
        if old is None or of_bytes(old) in known:
            written[path] = content
        elif of_cells(old) in known and of_cells(old) != of_cells(content):
            written[path] = content
            aside[_unused(path)] = old
        elif of_cells(old) != of_cells(content):
            kept.append(name)
        # Noted in any case, so that it is said once; but what somebody has edited is no version.
        if path not in written or (name not in edited and record.get(name) != []):
            record = _noted(record, name, content)
    _write(home, record, {**aside, **written})
    _remove_former(kit, folder, record)
    new = [path.name for path in written if not is_first and path.name not in edited]
    return Brought(
        new=tuple(new),
        kept=tuple(kept),
        aside=tuple(path.name for path in aside),
        edited=tuple(sorted(edited)),
    )


def _remove_former(kit: Path, folder: Path, record: Record) -> None:
    """Take away copies that nobody has changed of notebooks that the kit has no more."""
    for name in record.keys() - _contents(kit).keys():
        content = _content(folder / name)
        if content is not None and of_bytes(content) in record[name]:
            discard([folder / name])


def _contents(kit: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(kit.glob("[0-9][0-9]-*.ipynb"))}


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SetupError(
            f"{path} cannot be read as a notebook: {error.strerror}.",
            hint="Give it another name, or take it back if it belongs to somebody else.",
        ) from error


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
        if path.exists() and not path.is_dir():
            raise SetupError(
                f"{path} is a file, and the notebooks are to lie there.",
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


def _running() -> Path | None:
    """The notebook whose kernel this process is, as Jupyter tells it."""
    path = os.environ.get("JPY_SESSION_NAME")
    return Path(path).resolve() if path else None


def _unused(path: Path) -> Path:
    number = 1
    while (kept := path.with_name(f"{path.stem}.before-{number}{path.suffix}")).exists():
        number += 1
    return kept


def _listed(names: Sequence[str]) -> str:
    return enumerated([name.removesuffix(".ipynb") for name in names])
