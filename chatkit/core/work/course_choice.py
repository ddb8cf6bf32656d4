"""Which course a folder is for, and where its files are. No code of the course runs for that.

A course is an installed package with an entry point in the group `chatkit.courses`: its name, and
where its description is. A folder only names one: what it says can run nothing else.
https://packaging.python.org/en/latest/specifications/entry-points/
"""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import Distribution, EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from unicodedata import normalize

from chatkit.core import settings
from chatkit.core.errors import HomeUnusable, NoSuchChoice, SetupError
from chatkit.core.settings import LAID_OUT, Known, Settings

GROUP = "chatkit.courses"
VARIABLE = "CHATKIT_COURSE"
WORK = ("functions", "content", "exercises")
"""Folders of `my-chat` that a learner's app is in."""
NAME = re.compile(r"\w[\w. -]{0,79}")
TUTORIAL = EntryPoint("tutorial", "chatkit.lesson.sections:TUTORIAL", GROUP)
"""The kit's own course, which is there without being installed."""


def chosen() -> str:
    """The course of this home, as far as it is told: by its folder, by `CHATKIT_COURSE`, or by what
    was begun in it.
    """
    folder = settings.home().parent
    if (folder / LAID_OUT).is_file() or os.environ.get(VARIABLE):
        return of_folder(folder)
    return begun(settings.home(), settings.chat_folder()) or TUTORIAL.name


def begun(home: Path, work: Path) -> str:
    """The course with which something was begun in a home; empty when nothing was.

    Args:
        home: The home.
        work: Its `my-chat`.
    """
    if not (home / settings.FILE).is_file():
        return ""
    try:
        known = settings.load(home)
    except HomeUnusable:  # who uses it says so
        return ""
    has_files = any(any((work / name).glob("*")) for name in WORK)
    if has_files or any(facts != Known() for facts in known.known.values()):
        return composed(known.course) or TUTORIAL.name
    return ""


def of_home() -> str:
    """The course of this home, when it is the one that was begun in it.

    Raises:
        SetupError: Another one was: what is done in one would count in both, have one set of names
            and folders, and be deleted together.
    """
    wanted = composed(chosen())
    known = other_begun()
    if not known:
        return wanted
    raise SetupError(
        f"{settings.home()} has the course {known}, and {VARIABLE} is {wanted}: one would write"
        " over what you made in the other, and clean it up.",
        hint=f"`chatkit new FOLDER --course {wanted}` makes a folder for {wanted}, and"
        f" CHATKIT_HOME=FOLDER a home. {VARIABLE}={known} goes on here; `chatkit reset` cleans up,"
        f" puts your work aside and begins {wanted} here.",
    )


def other_begun() -> str:
    """The course that was begun in this home when another one is chosen; else empty."""
    known = begun(settings.home(), settings.chat_folder())
    is_laid_out = (settings.home().parent / LAID_OUT).is_file()
    return "" if is_laid_out or known == composed(chosen()) else known


def claimed(known: Settings) -> Settings:
    """Settings of this home that note its course.

    Raises:
        SetupError: Another one was begun in it.
    """
    return _with_course(known, of_home())


def at_a_beginning(known: Settings) -> Settings:
    """Settings of this home to which something is added: with the first, its course is noted.

    While nothing was begun, somebody may have opened it with another one.
    """
    if begun(settings.home(), settings.chat_folder()):
        return known
    return _with_course(known, composed(chosen()))


def _with_course(known: Settings, course: str) -> Settings:
    return replace(known, course="" if course == TUTORIAL.name else course)


def of_folder(folder: Path) -> str:
    """The course that `chatkit new` has laid out a folder for; elsewhere `CHATKIT_COURSE`, else the
    tutorial.
    """
    if (folder / LAID_OUT).is_file():
        return named_in(folder) or TUTORIAL.name
    return os.environ.get(VARIABLE) or TUTORIAL.name


def is_tutorial() -> bool:
    """Whether this home is for the kit's own course."""
    return chosen() == TUTORIAL.name


def named_in(folder: Path) -> str:
    """The course that a folder was laid out for; empty when it says none, or what is no name."""
    try:
        name = json.loads((folder / LAID_OUT).read_text(encoding="utf-8")).get("course", "")
    except (OSError, ValueError, AttributeError, RecursionError):
        return ""
    return composed(name) if isinstance(name, str) and NAME.fullmatch(composed(name)) else ""


def composed(name: str) -> str:
    """A course's name with each accent in its letter: keyboards and editors differ there."""
    return normalize("NFC", name)


def installed() -> set[str]:
    """The names of the courses that packages bring."""
    return {one.name for one in _entries()}


def _entries() -> list[EntryPoint]:
    """The entry points of packages, but of none that lies in the current folder.

    Python looks for packages there, too, when somebody types `python -m chatkit`.
    """
    here = ""
    with suppress(OSError):  # the current folder may be gone
        here = os.path.realpath(Path.cwd())
    found = entry_points(group=GROUP)
    return [one for one in found if one.dist is None or _site(one.dist) != here]


def _site(dist: Distribution) -> str:
    return os.path.realpath(str(dist.locate_file("")))


def find(name: str) -> EntryPoint:
    """The installed course of a name.

    Raises:
        NoSuchChoice: None has it.
        SetupError: Two packages bring one of that name, or no folder could note that name.
    """
    name = composed(name)
    if name == TUTORIAL.name:
        return TUTORIAL
    # One that is installed in two places of the path is found twice.
    found = {one.value: one for one in _entries() if composed(one.name) == name}
    if found and not NAME.fullmatch(name):
        raise SetupError(
            f"A course cannot be called {name}.",
            hint="Its entry point's name has letters, digits, spaces, points and hyphens.",
        )
    own = begun(settings.home(), settings.chat_folder())
    if not found and name in (named_in(settings.home().parent), own):
        raise SetupError(
            f"This folder is for the course {name}, which is not installed here.",
            hint="Install the package that brings it, or choose another folder or home.",
        )
    if not found:
        raise NoSuchChoice("course", name, [TUTORIAL.name, *sorted(installed())])
    if len(found) > 1:
        raise SetupError(
            f"Two packages bring a course {name}: {' and '.join(sorted(found))}.",
            hint="Uninstall one of them.",
        )
    return next(iter(found.values()))


def module_of(entry: EntryPoint) -> str:
    """The module of an entry point, whatever its author has written: `EntryPoint.module` raises."""
    return entry.value.partition(":")[0].strip()


def folder(name: str = "") -> Path:
    """Where a course's files are: `notebooks`, and perhaps `functions` and `content`.

    Args:
        name: The course's; by default that of this home.

    Raises:
        SetupError: There is no such course, or its package is not there.
    """
    entry = find(name or chosen())
    if entry == TUTORIAL:
        return settings.kit()
    package = module_of(entry).partition(".")[0]
    spec = find_spec(package) if package else None
    if spec is None or not spec.submodule_search_locations:
        raise SetupError(
            f"The course {entry.name} is in the package {package or 'without a name'},"
            " and there is no such package.",
            hint="Its entry point in pyproject.toml names a folder with an __init__.py.",
        )
    return Path(next(iter(spec.submodule_search_locations)))
