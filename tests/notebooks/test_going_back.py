"""Going back: each section runs again after each later one, and the way forward is there.

Files that later sections write anew would otherwise meet those of the earlier one.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from chatkit.core.settings import kit
from chatkit.core.work.app_sections import AppSections
from chatkit.lesson.notebooks.execution import execute
from chatkit.workshop import Workshop
from tests.homes import switch_off
from tests.notebooks.refresh import paths, read

pytestmark = [pytest.mark.slow, pytest.mark.long]
# After the last one, each; and those that write what a section in between has written anew.
PAIRS = [
    ("05", "06"),
    ("05", "09"),
    ("06", "09"),
    *((early, "10") for early in ("03", "04", "05", "06", "07", "08", "09")),
]


@dataclass
class Tutorial:
    """A home in which the notebooks run, and copies of it at the end of sections.

    Attributes:
        home: The home.
        copies: Section to the copy.
    """

    home: Path
    copies: dict[str, Path] = field(default_factory=dict)

    def at_end_of(self, section: str) -> Workshop:
        """Be where somebody is who has just done a section for the first time."""
        known = max((done for done in self.copies if done <= section), default="")
        if known:
            self._go_back_to(known)
        for path in paths():
            if known < path.name[:2] <= section:
                run(path.name[:2])
        if known != section:
            switch_off(Workshop.open())
            self.copies[section] = self.home.with_name(f"after-{section}")
            shutil.copytree(self.home, self.copies[section], symlinks=True)
        return Workshop.open()

    def _go_back_to(self, section: str) -> None:
        switch_off(Workshop.open())
        shutil.rmtree(self.home)
        shutil.copytree(self.copies[section], self.home, symlinks=True)


def run(section: str) -> None:
    """Run a notebook with all its cells; one that raises fails the test."""
    path = next(path for path in paths() if path.name.startswith(section))
    execute(read(path), path.name, path.parent, done=lambda _cell: None)


@pytest.fixture(scope="module")
def tutorial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tutorial]:
    """A home of its own."""
    home = tmp_path_factory.mktemp("tutorial") / "home"
    home.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHATKIT_HOME", str(home))
        yield Tutorial(home)
        switch_off(Workshop.open())


@pytest.mark.parametrize(("early", "late"), PAIRS)
def test_a_section_runs_again_after_a_later_one(tutorial: Tutorial, early: str, late: str) -> None:
    """Every cell of it; then one verb brings the app to where it was: the later check passes."""
    workshop = tutorial.at_end_of(late)
    sections = AppSections(kit() / "notebooks")
    run(early)
    onward = f"{int(late) + 1:02}"
    assert f"Section {onward} can begin" in repr(workshop.catch_up(onward))
    for name, version in sections.at_end_of(late).items():
        assert (workshop.folder / name).read_bytes() == version.content
    assert f"Section {late} works" in repr(workshop.check(late))


def test_a_later_section_runs_after_an_earlier_one_ran_again(tutorial: Tutorial) -> None:
    """Without catching up: the first cell that writes a file brings the others along."""
    workshop = tutorial.at_end_of("10")
    run("04")
    run("10")
    assert "Section 10 works" in repr(workshop.check("10"))
