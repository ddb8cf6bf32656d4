"""Of which section the learner's functions are, and the way to those of another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatkit.core.settings import kit
from chatkit.core.work.app_sections import FOLDER, AppSections, Move
from tests.app_versions import write_app

SECTIONS = AppSections(kit() / "notebooks")
DONE = tuple(f"{number:02}" for number in range(11))
HOMES = Path(__file__).parents[2] / "data/homes"
WRITING = ("03", "04", "05", "06", "09", "10")


def app_of(section: str) -> dict[str, bytes]:
    """The functions as a section leaves them."""
    return {name: version.content for name, version in SECTIONS.at_end_of(section).items()}


def after(app: dict[str, bytes], name: str, content: bytes, move: Move | None) -> dict[str, bytes]:
    """The functions after a cell, and what it has set off."""
    app = app | {name: content}
    if move is not None:
        app = {one: text for one, text in (app | dict(move.files)).items() if one not in move.added}
    return app


@pytest.mark.parametrize("section", WRITING)
def test_the_functions_of_a_section_are_those_that_its_notebook_leaves(
    section: str, tmp_path: Path
) -> None:
    """The same bytes, whoever reads the notebooks; they are recognised, edited or not."""
    write_app(tmp_path, until=section)
    files = sorted((tmp_path / FOLDER).iterdir())
    app = {f"{FOLDER}{path.name}": path.read_bytes() for path in files}
    assert app == app_of(section) and SECTIONS.of(app) == section
    edited = {name: content + b"# mine\n" for name, content in app.items()}
    assert SECTIONS.of(edited) == section
    assert SECTIONS.of({name: b"mine" for name in app}) in WRITING
    assert SECTIONS.of({}) == ""


@pytest.mark.parametrize("late", WRITING)
@pytest.mark.parametrize("early", WRITING)
def test_a_cell_of_an_earlier_section_brings_the_others_back(early: str, late: str) -> None:
    """And a cell of a later one brings them forward: after each cell of a section it is whole."""
    if early >= late:
        return
    app = app_of(late)
    for name, version in SECTIONS.at_end_of(early).items():
        if version.section == early:
            move = SECTIONS.set_off(name, version.content, app, DONE)
            if move is not None:
                assert (move.section, move.before, move.is_back) == (early, late, True)
            app = after(app, name, version.content, move)
    assert app == app_of(early) and SECTIONS.of(app) == early
    for name, version in SECTIONS.at_end_of(late).items():
        if version.section == late:
            move = SECTIONS.set_off(name, version.content, app, DONE)
            app = after(app, name, version.content, move)
    assert app == app_of(late)


@pytest.mark.parametrize("section", WRITING)
def test_the_first_way_through_moves_nothing(section: str) -> None:
    """Each cell finds what the section before has left."""
    app = {name: version.content for name, version in SECTIONS.at_start_of(section).items()}
    for name in app_of(section):
        for version in SECTIONS.versions(name):
            if version.section == section:
                assert SECTIONS.set_off(name, version.content, app, DONE) is None
                app[name] = version.content


def test_the_same_text_moves_nothing() -> None:
    """A cell of an early section that writes what is there leaves a finished app as it is."""
    app = app_of("10")
    name = f"{FOLDER}answers.py"
    assert SECTIONS.set_off(name, app[name], app, DONE) is None


def test_an_edited_cell_is_of_the_section_that_it_is_most_like() -> None:
    """A learner changes the cell of 06, and the other files go back all the same."""
    name = f"{FOLDER}send_message.py"
    mine = app_of("06")[name].replace(b'"stored": stored', b'"kept": stored')
    move = SECTIONS.set_off(name, mine, app_of("10"), DONE)
    assert move is not None and move.section == "06" and f"{FOLDER}chat_message.py" in move.files


def test_only_what_was_done_comes_forward() -> None:
    """Who skips sections gets nothing of them."""
    app = app_of("05")
    assert SECTIONS.forward("10", app, ("00", "03", "04", "05")) is None
    gap = {name: content for name, content in app.items() if not name.endswith("host.json")}
    assert SECTIONS.forward("05", gap, DONE) is None
    move = SECTIONS.forward("10", app, DONE)
    assert move is not None and app | dict(move.files) == app_of("09")


def test_the_app_of_another_version_of_the_kit_stays() -> None:
    """Its files are like ours, and none of ours may come among them by itself."""
    folder = HOMES / "0.1.0/home/my-chat/functions"
    app = {f"{FOLDER}{path.name}": path.read_bytes() for path in sorted(folder.glob("*.py"))}
    assert len(app) > 9 and SECTIONS.forward("11", app, DONE) is None
