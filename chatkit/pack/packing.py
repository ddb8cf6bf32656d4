"""Writes a pack: whole at its place, or not at all.

Strategy: everything is collected in a folder beside the place, `.NAME.part`. What an attempt has
brought stays there for the next one. When nothing is missing, and every file has its hash, the
folder gets the pack's name; a pack that was there before goes then.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from chatkit.core import settings
from chatkit.core.errors import SetupError
from chatkit.core.file_lock import FileLock
from chatkit.core.files import (
    check_can_be_made,
    check_writable,
    private_folder,
    replacing,
    write_public,
    writing,
)
from chatkit.core.system.moving import discard_tree, remove, rename
from chatkit.core.system.programs import python_of
from chatkit.core.work import course_folder
from chatkit.pack import kit_wheel, locks
from chatkit.pack.platforms import Target
from chatkit.pack.wheelhouse import Wheelhouse
from chatkit.setup import installers, packs
from chatkit.setup.installers import SetupFailed
from chatkit.setup.version import VERSION

STARTERS = ("start.py", "start.sh", "start.cmd")
README = "README.txt"
NOTEBOOKS = "notebooks"
OF_A_PACK = (*STARTERS, README, NOTEBOOKS, packs.WHEELS, packs.LOCK, packs.RECORD, packs.SUMS)
SHOWN = 3
Step = Callable[[str, int, int], object]
"""Takes for which machine packages came, how many are there, and of how many."""


@dataclass(frozen=True)
class Packed:
    """A pack that was made.

    Attributes:
        wheels: How many packages are in it.
    """

    folder: Path
    wheels: int
    size_bytes: int


def pack(folder: Path, targets: Sequence[Target], step: Step) -> Packed:
    """Make a pack, or make one anew.

    Args:
        folder: Its place; a pack or an empty folder may be there.
        targets: The machines that it is for, each with a Python.
        step: Is told of each part of the packages that has come.

    Raises:
        SetupError: It cannot be made, or something else has its place.
        NotWritten: The disk is full, or takes no writes.
    """
    place = check_place(folder)
    private_folder(settings.home())
    with FileLock(settings.home() / "pack.lock") as lock:
        if not lock.try_acquire():
            raise SetupError("Another `chatkit pack` is running.", hint="Wait until it has ended.")
        draft = place.with_name(f".{place.name}.part")
        with replacing(place):
            (draft / packs.WHEELS).mkdir(parents=True, exist_ok=True)
            _take_over(place / packs.WHEELS, draft / packs.WHEELS)
        try:
            _collect(draft, targets, step)
        except SetupFailed as error:
            raise SetupError(f"The pack is not made: {error.elsewhere}") from error
        finally:
            with suppress(OSError):  # all but a folder in which nothing is
                (draft / packs.WHEELS).rmdir()
                draft.rmdir()
        packed = _measured(draft, place)
        with replacing(place):
            _put_in_place(draft, place)
    return packed


def check_place(folder: Path) -> Path:
    """Make sure that a pack can be made there, and that nothing of somebody's is in its place.

    Returns:
        The place, without links.

    Raises:
        SetupError: Something is.
        NotWritten: The folder above takes no writes.
    """
    place = Path(os.path.realpath(folder))  # `Path.resolve` ends at a link that leads to itself
    if os.path.islink(place):
        raise SetupError(f"{place} is a link that leads to itself.", hint="Choose another name.")
    if os.path.exists(place) and not place.is_dir():
        raise SetupError(f"{place} is a file.", hint="Choose another name.")
    if os.path.ismount(place):
        raise SetupError(
            f"{place} is a whole disk.", hint=f"Name a folder on it: {place / 'chatkit-pack'}."
        )
    check_can_be_made(place)
    strange = _strange(place)
    if strange:
        names = ", ".join(strange[:SHOWN])
        raise SetupError(
            f"{place} has files that are not a pack's: {names}.",
            hint="Choose another folder, or move them away.",
        )
    for there in (place, place / packs.WHEELS, place / NOTEBOOKS):
        if there.is_dir():
            check_writable(there)  # it goes when the new one is whole
    return place


def _strange(place: Path) -> list[str]:
    """What is in a folder and was not written by `chatkit pack`."""
    there = [path for path in place.rglob("*") if not path.is_dir()]
    names = {path.relative_to(place).as_posix() for path in there}
    try:
        known = {packs.SUMS, *(name for name, _ in packs.listed(place))} if names else set()
    except SetupFailed:
        known = set()
    return sorted(names - known)


def _take_over(former: Path, wheels: Path) -> None:
    """Use the wheels of the pack that was there before: their hashes say whether they fit."""
    for path in former.glob("*.whl"):
        if not (wheels / path.name).exists():
            try:
                os.link(path, wheels / path.name)
            except OSError:  # a disk without links
                shutil.copyfile(path, wheels / path.name)


def _collect(draft: Path, targets: Sequence[Target], step: Step) -> None:
    """Write everything of a pack into a folder, and take out what does not belong to it."""
    with _work() as (work, python):
        wheelhouse = Wheelhouse(draft / packs.WHEELS, python)
        for target in targets:
            wheelhouse.fill(locks.read(course_folder.lock()), target, partial(step, str(target)))
        uv = _bring_uv(wheelhouse, targets)
        wheelhouse.check_complete()
        kit = kit_wheel.make(work, python)
        with writing(draft):
            # It may be the very file of the pack that is there, which stays as it is until then.
            remove(wheelhouse.folder / kit.name)
            shutil.copyfile(kit, wheelhouse.folder / kit.name)
    wheelhouse.leave_only({*wheelhouse.used, kit.name})
    _write_texts(draft, targets, kit.name, uv)
    _leave_out_others(draft)
    _write_sums(draft)


@contextmanager
def _work() -> Iterator[tuple[Path, str]]:
    """A folder for a while, and an interpreter that has pip; one of its own where this has none."""
    with tempfile.TemporaryDirectory(prefix="chatkit-pack-", ignore_cleanup_errors=True) as made:
        (work := Path(made, "kit")).mkdir()
        if all(importlib.util.find_spec(name) for name in ("pip", "hatchling")):
            yield work, installers.base_python()
            return
        tools = Path(made, "tools")
        installers.create(tools, None)
        yield work, str(python_of(tools))


def _bring_uv(wheelhouse: Wheelhouse, targets: Sequence[Target]) -> dict[str, str]:
    """Bring the installer for each machine; returns the names of its wheels."""
    entries = locks.read(course_folder.uv_lock())
    found: dict[str, str] = {}
    for target in targets:
        wheelhouse.fill(entries, target, lambda _there, _wanted: None)
        wheel = wheelhouse.wheel(entries[0], target)
        if wheel is not None:
            found[target.platform.name] = wheel
    return found


def _write_texts(draft: Path, targets: Sequence[Target], kit: str, uv: dict[str, str]) -> None:
    """Write what says what is in the pack, and what starts it."""
    platforms = [*dict.fromkeys(target.platform.name for target in targets)]
    pythons = [*dict.fromkeys(target.version for target in targets)]
    digest = packs.sha256(draft / packs.WHEELS / kit)
    lock = course_folder.lock().read_text(encoding="utf-8")
    write_public(draft / packs.LOCK, f"{lock}chatkit=={VERSION} --hash=sha256:{digest}\n")
    said = {
        "version": VERSION,
        "kit": kit,
        "kit_sha256": digest,
        "platforms": platforms,
        "pythons": pythons,
        "uv": uv,
    }
    write_public(draft / packs.RECORD, f"{json.dumps(said, indent=1)}\n")
    ours = Path(__file__).parent
    readme = (ours / README).read_text(encoding="utf-8")
    names = {"pythons": " or ".join(pythons), "platforms": ", ".join(platforms)}
    write_public(draft / README, readme.format(version=VERSION, **names))
    for name in STARTERS:
        text = (ours / name).read_text(encoding="utf-8")
        # cmd looks for its labels in lines that end as Windows' do.
        content = text.replace("\n", "\r\n") if name.endswith(".cmd") else text
        write_public(draft / name, content.encode())
    with suppress(OSError):  # a disk without such rights
        (draft / "start.sh").chmod(0o755)
    for path in (settings.kit() / NOTEBOOKS).glob("*.ipynb"):
        write_public(draft / NOTEBOOKS / path.name, path.read_bytes())


def _leave_out_others(draft: Path) -> None:
    """Delete what an attempt of another version has left."""
    notebooks = {path.name for path in (settings.kit() / NOTEBOOKS).glob("*.ipynb")}
    for path in [*draft.iterdir(), *(draft / NOTEBOOKS).iterdir()]:
        is_ours = path.name in (OF_A_PACK if path.parent == draft else notebooks)
        if not is_ours:
            remove(path)


def _write_sums(draft: Path) -> None:
    lines = [
        f"{packs.sha256(path)}  {path.relative_to(draft).as_posix()}\n"
        for path in sorted(draft.rglob("*"))
        if path.is_file() and path.name != packs.SUMS
    ]
    write_public(draft / packs.SUMS, "".join(lines))


def _measured(draft: Path, place: Path) -> Packed:
    sizes = [path.stat().st_size for path in draft.rglob("*") if path.is_file()]
    return Packed(place, len([*(draft / packs.WHEELS).iterdir()]), sum(sizes))


def _put_in_place(draft: Path, place: Path) -> None:
    """Give a pack its name; one that has it goes."""
    former = place.with_name(f".{place.name}.old")
    discard_tree(former)
    if place.exists():
        rename(place, former)
    rename(draft, place)
    discard_tree(former)
