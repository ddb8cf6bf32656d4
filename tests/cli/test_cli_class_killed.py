"""`chatkit class` is killed in the middle of making a class, and of ending one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from chatkit.classroom import roster as rosters
from chatkit.classroom.roster import CLASS_TAG
from tests.classroom.resources.people import owner, signed_in
from tests.cloud.fixtures import running_home

__all__ = ["running_home"]
pytestmark = pytest.mark.long
PEOPLE = 16
LIMIT_S = 120
TYPED = """
import sys
from pathlib import Path
from chatkit.cli.app import main
from chatkit.cloud import targets
from tests.classroom.resources.people import owner
place = Path(sys.argv.pop(1))
targets.connect_azure = lambda: owner(place)
raise SystemExit(main())
"""


def start(running_home: Path, *arguments: str) -> subprocess.Popen[str]:
    """Type `chatkit class …`, with the local cloud in Azure's place."""
    command = [sys.executable, "-u", "-c", TYPED, str(running_home), "class", *arguments]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        cwd=Path(__file__).parents[2],
    )


def kill_after(process: subprocess.Popen[str], word: str) -> None:
    """Kill it as soon as a line begins with a word."""
    assert process.stdout is not None
    with process:
        assert any(line.startswith(word) for line in process.stdout)
        process.kill()


def finish(process: subprocess.Popen[str]) -> str:
    """What it writes until it ends by itself; it must end well."""
    written, _ = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0, written
    return written


def tagged(running_home: Path, class_id: str) -> int:
    """How many groups the class has."""
    groups = owner(running_home).resources().resource_groups.list()
    return sum(1 for group in groups if (group.tags or {}).get(CLASS_TAG) == class_id)


def test_a_kill_in_the_middle_loses_nothing(
    running_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made, killed, made again; ended, killed, ended again: nobody is left over, and no name."""
    home = tmp_path / "instructor"
    names = tmp_path / "names.csv"
    mails = [f"person{number}@example.org" for number in range(PEOPLE)]
    for mail in mails:
        signed_in(running_home, mail)
    rows = "".join(f"Person {number},{mail}\n" for number, mail in enumerate(mails))
    names.write_text(f"name,mail\n{rows}", encoding="utf-8")
    monkeypatch.setenv("CHATKIT_HOME", str(home))
    make = ("roster", str(names), "--target", "azure", "--make", "--yes")
    kill_after(start(running_home, *make), "ready")
    known = rosters.read(home)
    assert len(known.people) == PEOPLE and known.subscription_id
    assert finish(start(running_home, *make)).count("ready") == PEOPLE
    assert rosters.read(home).people == known.people
    assert tagged(running_home, known.id) == PEOPLE
    kill_after(start(running_home, "clean", "--yes"), "gone")
    ended = rosters.read(home)
    assert ended.has_ended() and tagged(running_home, known.id) < PEOPLE
    finish(start(running_home, "clean", "--yes"))
    assert tagged(running_home, known.id) == 0
    assert not rosters.path(home).exists()
