"""Starts the course on a machine without internet, from a pack. Its `start.py` calls this.

Standard library only: it runs out of the kit's wheel, before anything is installed.

Strategy: nothing is written into the pack, which may lie on a read-only stick. The environment and
the course are in the person's own folder, `~/chatkit`. The first start checks the pack's hashes,
makes the environment and lays out the course; later ones find the stamp of the same lock there.
"""

from __future__ import annotations

import argparse
import errno
import os
import subprocess
import sys
from pathlib import Path

from chatkit.core.errors import SetupError
from chatkit.core.files import typed
from chatkit.core.settings import LAID_OUT
from chatkit.core.system.moving import remove
from chatkit.core.system.programs import become
from chatkit.setup import packs
from chatkit.setup.environment import Environment, one_at_a_time
from chatkit.setup.installers import SetupFailed, disk_sentence
from chatkit.setup.packs import Pack

FIRST = ["lab"]
ELSEWHERE = "`--in FOLDER` takes another folder."
DESCRIPTION = """\
Starts the course from this pack, without internet. The first start makes an environment and a
folder for your work; later ones take seconds. After it come a verb of chatkit and its options;
without a verb, `lab` opens JupyterLab."""


def main(folder: Path, arguments: list[str]) -> int:
    """Run a verb of the kit in its environment, making that first if need be.

    Args:
        folder: The pack.
        arguments: What was typed after the start script's name.

    Returns:
        The exit code, where this process is not replaced by the verb's.
    """
    asks_for_help = arguments[:1] in (["-h"], ["--help"])  # later ones are the verb's
    parser = argparse.ArgumentParser(
        prog="start", description=DESCRIPTION, add_help=asks_for_help, allow_abbrev=False
    )
    parser.add_argument(
        "--in",
        dest="course",
        default="~/chatkit",
        metavar="FOLDER",
        help="where environment and work are; default: chatkit in your home",
    )
    options, verb = parser.parse_known_args(arguments)
    try:
        course = typed(options.course)
    except SetupError as error:
        print(f"chatkit: {error}", file=sys.stderr)
        return 1
    try:
        python = prepared(Pack.read(folder), course)
        return _run(python, course, verb)
    except SetupFailed as error:
        print(f"chatkit: {error}", file=sys.stderr)
    except OSError as error:
        print(f"chatkit: {disk_sentence(error, course)}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nchatkit: interrupted; start again to go on.", file=sys.stderr)
    return 1


def prepared(pack: Pack, course: Path) -> Path:
    """Make environment and course where they are missing, or of another pack.

    Returns:
        The environment's interpreter.

    Raises:
        SetupFailed: With a sentence for a person.
    """
    environment = Environment(course, pack=pack)
    if not environment.is_ready(packs.LOCK):
        pack.check_serves(packs.this_python())
        pack.check_whole()
        _make(course)
    if not _is_laid_out(environment, course):
        with one_at_a_time(course / ".start.lock"):
            _lay_out(environment, course)
            packs.keep(pack, environment.folder)
    packs.keep(pack, environment.folder)  # where it is now
    return environment.python


def _is_laid_out(environment: Environment, course: Path) -> bool:
    """Whether nothing is left to do: the note of the pack is written when all is done."""
    done = (course / LAID_OUT, environment.folder / packs.KEPT)
    return environment.is_ready(packs.LOCK) and all(path.exists() for path in done)


def _make(course: Path) -> None:
    """Make the folder of the course.

    Raises:
        SetupFailed: Nothing can be written there.
    """
    reason = "it takes no writes"
    try:
        course.mkdir(parents=True, exist_ok=True)
        if os.access(course, os.W_OK | os.X_OK):
            return
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        reason = error.strerror or reason
    raise SetupFailed(f"{course} cannot hold the course: {reason}. {ELSEWHERE}")


def _lay_out(environment: Environment, course: Path) -> None:
    """Make the environment, and the course with its kit; another start may have done so meanwhile.

    A kit that is installed anew brings its notebooks, and keeps the person's work.
    """
    if _is_laid_out(environment, course):
        return
    remove(environment.folder / packs.KEPT)
    environment.prepare(packs.LOCK)
    command = [str(environment.python), "-m", "chatkit", "new", str(course), "--no-lock"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    if done.returncode != 0:
        raise SetupFailed(f"the course is not laid out in {course}. {ELSEWHERE}")
    lines = done.stdout.decode(errors="replace").splitlines()
    # What to type next comes by itself.
    print("\n".join(line for line in lines if not line.startswith("Next: ")), file=sys.stderr)


def _run(python: Path, course: Path, verb: list[str]) -> int:
    """Run the verb in the folder of the course."""
    if not verb or verb[0].startswith("-"):
        verb = [*FIRST, *verb]
    os.chdir(course)
    return become([str(python), "-m", "chatkit", *verb])
