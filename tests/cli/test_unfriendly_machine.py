"""A home with spaces, other people's letters and a path of more than 260 characters, on a machine
without UTF-8, without links, and with a console that cannot show everything.

In this, too, Python warns of every file that is opened in the encoding of the locale; what it says
of the kit's own modules is a failure.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# As on a Windows where nobody has switched UTF-8 on. Python would do that by itself for LC_ALL=C.
LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "cp1252"}
WITHOUT_LINKS = """
import os
def symlink(*_arguments, **_options):
    raise OSError(1, "A required privilege is not held by the client")
os.symlink = symlink
"""
OWN_WARNING = re.compile(r"[^\n]*/(?:chatkit|functions)/[^\n]*EncodingWarning[^\n]*")
WINDOWS_LIMIT = 260


class Machine:
    """Types verbs.

    Attributes:
        home: The home.
        said: What the verbs printed to stderr.
    """

    def __init__(self, folder: Path) -> None:
        place = folder / "Ünï cödé 学习"
        while len(str(place)) < WINDOWS_LIMIT:
            place = place / "a folder in a föld"
        self.home = place / "home"
        self.said: list[str] = []
        without_links = folder / "without links"
        without_links.mkdir()
        (without_links / "sitecustomize.py").write_text(WITHOUT_LINKS, encoding="utf-8")
        self._variables = {
            **os.environ,
            **LOCALE,
            "PYTHONPATH": str(without_links),
            "PYTHONWARNDEFAULTENCODING": "1",
            "CHATKIT_HOME": str(self.home),
        }

    def type(self, *words: str, code: int = 0) -> str:
        """What a verb prints; nothing ends it that cannot be printed."""
        command = [sys.executable, "-m", "chatkit", *words]
        done = subprocess.run(command, cwd=ROOT, env=self._variables, capture_output=True)
        said = done.stderr.decode("cp1252")
        assert done.returncode == code, said
        assert "UnicodeEncodeError" not in said
        self.said.append(said)
        return done.stdout.decode("cp1252")

    def own_warnings(self) -> list[str]:
        """What Python had to say about the kit's own files, in every log and every notebook."""
        logs = [path for path in self.home.rglob("*") if path.suffix in (".log", ".out", ".ipynb")]
        texts = [*self.said, *(path.read_text(encoding="utf-8") for path in logs)]
        return [found[0] for text in texts for found in OWN_WARNING.finditer(text)]


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """Such a machine, on which nothing is left running."""
    made = Machine(tmp_path)
    yield made
    made.type("stop")


def test_the_verbs_work_there(machine: Machine) -> None:
    """And say what they have to say; only what cannot be true in cp1252 is refused."""
    assert "The local cloud runs" in machine.type("local", "up")
    assert r"\udcc3\udc9cn" in machine.type("local", "status")
    known = json.loads(machine.type("local", "status", "--json"))
    assert Path(os.fsdecode(os.fsencode(known["ca_file"]))).is_file()
    assert json.loads(machine.type("status", "--json"))["target"] == "local"
    machine.type("local", "env", code=1)
    assert "PYTHONUTF8=1" in machine.said[-1]
    assert machine.own_warnings() == []


def test_a_result_that_the_console_cannot_show_is_spelled_out(machine: Machine) -> None:
    """A check says what it has proven with a tick, which cp1252 does not have."""
    machine.type("run", "--until", "01")
    assert "\\u2713" in machine.type("check", "01")
    assert machine.own_warnings() == []


@pytest.mark.long
def test_the_whole_tutorial_runs_there(machine: Machine) -> None:
    """Sections 00 to 10, with functions and page deployed, and the app as it should be."""
    assert "The chat page: http" in machine.type("run")
    assert json.loads(machine.type("status", "--json"))["completed"][-1] == "10"
    work = machine.home.parent / "my-chat"
    made = next(path for path in (work, machine.home / "my-chat") if path.is_dir())
    for path in (ROOT / "functions").glob("*.py"):
        assert (made / "functions" / path.name).read_bytes() == path.read_bytes()
    assert machine.own_warnings() == []
