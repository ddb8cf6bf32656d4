"""What an author may get wrong, and hears in a sentence with file and line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chatkit.classroom.board.columns import columns
from chatkit.core.errors import CheckFailed, NoSuchChoice, SetupError
from chatkit.core.work import course_choice
from chatkit.lesson import courses
from chatkit.workshop import Workshop
from tests.cli.typing_verbs import Chatkit
from tests.homes import switch_off
from tests.lesson.courses.conftest import Install
from tests.lesson.courses.making import CHECKS, GOOD, HEAD, ONE, lay, notebook

LOOK = "small_course.checks:look"


def described(body: str) -> dict[str, str]:
    """The file of a description whose third line is the one in question."""
    return {"__init__.py": f"{HEAD}COURSE = (\n{body}\n)\n"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            '    Course("Small", (Section("00"),))',
            "missing 1 required positional argument: 'check'",
        ),
        ('    Course("Small", (Section("0", "a.b:c"),))', "'0' is not two digits"),
        ('    Course("Small", (Section("00", "a.b.c"),))', "'a.b.c' names no function"),
        ('    Course("Small", ())', "at least one section"),
        (
            '    Course("Small", (Section("00", "a:b"), Section("00", "a:c")))',
            "Two sections have the number 00",
        ),
        (
            '    Course("Small", (Section("01", "a:b"), Section("00", "a:c")))',
            "Section 00 stands after 01",
        ),
        (
            '    Course("Small", (Section("00", "a:b"),), (Exercise("01", "a:c", "1"),))',
            "an exercise 01, and no such section",
        ),
        (
            '    Course("Small", (Section("00", "a:b"),), probes={"gone": "a:c"})',
            "looks for gone, and no problem is that",
        ),
        (
            '    Course("S", (Section("00", "a:b"),), problems=(Problem(key="bad", title="", '
            'cause="", fix="", links=(), says=("(",)),))',
            "A pattern of the problem bad cannot be read",
        ),
        (
            '    Course("Small", (Section("00", "a:b", starts="function"),))',
            "and not 'function'",
        ),
        (
            '    Course("Small", (Section("00", "a:b", leaves=("a.html")),))',
            "leaves is no tuple of texts",
        ),
        (
            '    Course("Small", (Section("00", "a:b", answers="POST count"),))',
            "answers is no tuple of texts",
        ),
        (
            '    Course("Small", (Section("00", "a:b", answers=("POST",)),))',
            "answers is a method and a route",
        ),
        ('    Course("S", (Section("00", "a:b", shows_page="no"),))', "shows_page is True or"),
        ('    Course("S", (Section("00", "a:b", leaves=("../a",)),))', "is not below my-chat"),
        (
            '    Course("S", (Section("00", "a:b", answers=("POST", "/api/count")),))',
            "a route without /api",
        ),
        (
            '    Course("S", (Section("00", "a:b"),), (Exercise("00", "a:c", 1),))',
            "fill is a text",
        ),
        ('    Course("S", (Section("00", "a:b"),), probes=["odd"])', "probes is like"),
        (
            '    Course("S", (Section("00", "a:b"),), problems=(Problem(key="odd", title="", '
            'cause="", fix="", links=(), says=("is odd")),))',
            "says of the problem odd is no tuple of texts",
        ),
        (
            '    Course("S", (Section("00", "a:b"),), problems=(Problem(key="odd", title="", '
            'cause="", fix="", links=(), says=("",)),))',
            "fits every text",
        ),
        ('    Course("S", (Section("00", "a:b", is_appendix=True),))', "No section builds"),
        ("    exit(3)", "SystemExit: 3"),
        ('    Course("Small", (Section("00", "a:b"),)', "'(' was never closed"),
        ("    Cuorse()", "name 'Cuorse' is not defined"),
    ],
)
def test_a_wrong_description_is_named_with_its_line(
    install: Install, chatkit: Chatkit, tmp_path: Path, line: str, said: str
) -> None:
    """And nothing is laid out."""
    package = install(described(line))
    done = chatkit("new", str(tmp_path / "try"), "--course", "small", "--no-lock")
    number = 2 if "never closed" in said else 3
    assert done.code == 1 and said in done.err
    assert f"{package / '__init__.py'}, line {number}: " in done.err
    assert not (tmp_path / "try").exists()


def test_a_section_without_a_notebook_is_named_with_its_line(
    install: Install, chatkit: Chatkit, tmp_path: Path
) -> None:
    """So is a notebook without a section, one that checks nothing, and one that is cut off."""
    sections = "".join(f'Section("0{number}", "small_course.checks:one"),\n' for number in range(3))
    package = install({"__init__.py": f'{HEAD}COURSE = Course("Small", (\n{sections}))\n'})
    folder = package / "notebooks"
    (folder / "01-none.ipynb").write_text(notebook("1 + 1"), encoding="utf-8")
    (folder / "07-more.ipynb").write_text(notebook("1 + 1"), encoding="utf-8")
    done = chatkit("new", str(tmp_path / "try"), "--course", "small", "--no-lock")
    assert f"{package / '__init__.py'}, line 5: there is no 02-" in done.err
    assert '01-none.ipynb: no cell runs workshop.check("01")' in done.err
    assert "07-more.ipynb: the course has no section 07" in done.err
    (folder / "00-one.ipynb").write_text("{", encoding="utf-8")
    done = chatkit("new", str(tmp_path / "try"), "--course", "small", "--no-lock")
    assert done.code == 1 and "00-one.ipynb: this is no notebook" in done.err


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"checks.py": "x = 1\n"}, "small_course.checks:one cannot be loaded: AttributeError"),
        ({"checks.py": "1 / 0\n"}, "small_course.checks:one cannot be loaded: ZeroDivisionError"),
        ({"checks.py": "one = 1\n"}, "small_course.checks:one is no function"),
    ],
)
def test_a_check_that_cannot_be_loaded_is_named_with_its_line(
    install: Install, chatkit: Chatkit, tmp_path: Path, files: dict[str, str], said: str
) -> None:
    """Before anybody learns with it."""
    package = install(files)
    done = chatkit("new", str(tmp_path / "try"), "--course", "small", "--no-lock")
    assert done.code == 1 and f"{package / '__init__.py'}, line 2: {said}" in done.err


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("gone_course:COURSE", "in the package gone_course, and there is no such package"),
        (":COURSE", "in the package without a name"),
        ("my-course:COURSE", "in the package my-course, and there is no such package"),
        ("small_course:COURS", "has no attribute 'COURS'"),
        ("small_course", "is no Course"),
    ],
)
def test_an_entry_point_that_leads_nowhere_is_named(
    install: Install, chatkit: Chatkit, tmp_path: Path, value: str, said: str
) -> None:
    """A mistake in pyproject.toml."""
    install(value=value)
    done = chatkit("new", str(tmp_path / "try"), "--course", "small", "--no-lock")
    assert done.code == 1 and said in done.err


def test_a_course_that_is_not_installed_is_none(chatkit: Chatkit, tmp_path: Path) -> None:
    """Those that are there are named."""
    done = chatkit("new", str(tmp_path / "try"), "--course", "tutoral", "--no-lock")
    assert done.code == 2 and "There is no course tutoral" in done.err
    assert "the nearest is tutorial" in done.err


def test_a_folder_cannot_bring_code_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names an installed course, or none: what lies in it is not imported."""
    (tmp_path / "evil").mkdir()
    (tmp_path / "evil" / "__init__.py").write_text("raise SystemExit('it ran')", encoding="utf-8")
    (tmp_path / "notebooks").mkdir()
    record = {"version": "1", "course": "evil", "files": {}}
    (tmp_path / "notebooks" / "kit.json").write_text(json.dumps(record), encoding="utf-8")
    monkeypatch.delenv("CHATKIT_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SetupError, match="for the course evil, which is not installed"):
        courses.current()


@pytest.mark.parametrize("course", [7, None, ["small"], {}])
def test_a_record_that_names_no_course_is_the_tutorials(tmp_path: Path, course: object) -> None:
    """As a folder's is that an older version has made."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "kit.json").write_text(
        json.dumps({"course": course}), encoding="utf-8"
    )
    assert course_choice.of_folder(tmp_path) == "tutorial"


def test_a_folder_is_for_one_course(install: Install, chatkit: Chatkit, tmp_path: Path) -> None:
    """Another one would take its notebooks away."""
    install()
    folder = str(tmp_path / "try")
    assert chatkit("new", folder, "--course", "small", "--no-lock").code == 0
    done = chatkit("new", folder, "--course", "tutorial", "--no-lock")
    assert done.code == 1 and "is for the course small" in done.err
    done = chatkit("new", folder, "--no-lock")
    assert done.code == 0 and "is up to date" in done.out


def test_titles_may_be_in_any_script_and_minutes_missing(
    install: Install, monkeypatch: pytest.MonkeyPatch, chatkit: Chatkit, tmp_path: Path
) -> None:
    """The board shows the title as it is, and no pace."""
    title = "Быстрый старт: 雲 & <b>Ärger</b>"
    package = install({"__init__.py": ONE.replace("Small", title)})
    path = package / "notebooks" / "00-one.ipynb"
    path.write_text(notebook('workshop.check("00")', title=title), encoding="utf-8")
    monkeypatch.setenv(course_choice.VARIABLE, "small")
    assert columns() == [{"number": "00", "title": title, "minutes": 0}]
    done = chatkit("new", str(tmp_path / "try"), "--course", "small", "--no-lock")
    assert done.code == 0 and title in done.out
    assert title in (tmp_path / "try" / "README.md").read_text(encoding="utf-8")


def test_a_course_of_one_notebook_may_build_nothing(
    install: Install, monkeypatch: pytest.MonkeyPatch, chatkit: Chatkit
) -> None:
    """It is checked, caught up with, looked at and cleaned up as any other."""
    install({"__init__.py": ONE.replace('one"', 'one", has_resources=False')})
    monkeypatch.setenv(course_choice.VARIABLE, "small")
    workshop = Workshop.open()
    try:
        assert repr(workshop.check("00")).startswith("Section 00 works:")
        assert "Sections done: 1 of 1" in repr(workshop.check(0))
        assert "Section 00 can begin" in repr(workshop.catch_up())
        assert workshop.status().completed == ["00"]
        with pytest.raises(SetupError, match="no exercises"):
            workshop.exercise("00")
        with pytest.raises(NoSuchChoice, match="no section 01"):
            workshop.check("01")
        with pytest.raises(SetupError, match="not recorded"):
            workshop.plan()
        assert workshop.doctor().problems == ()
        assert workshop.clean_up().complete
        dry = chatkit("run", "--dry-run")
        assert dry.code == 0 and "Would run 1 notebook" in dry.out
    finally:
        switch_off(workshop)


def test_a_check_that_raises_is_the_authors_error(
    install: Install, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    """It is shown as it is, and the section is not done."""
    install({"checks.py": 'def one(session):\n    yield "first"\n    raise KeyError("x")\n'})
    monkeypatch.setenv(course_choice.VARIABLE, "small")
    workshop = Workshop.open()
    try:
        with pytest.raises(KeyError) as raised:
            workshop.check("00")
        assert not isinstance(raised.value, CheckFailed)
        assert "checks.py, line 3" in raised.value.__notes__[-1]
        assert workshop.status().completed == []
    finally:
        switch_off(workshop)


def test_a_probe_that_raises_has_not_looked(
    install: Install, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    """The doctor says so, and what else there is."""
    problem = 'Problem(key="odd", title="Odd", cause="c", fix="f", links=(), says=("is odd",))'
    course = ONE.replace("),))", f"),), problems=({problem},), probes={{'odd': '{LOOK}'}})")
    checks = f"{CHECKS}def look(snapshot):\n    return 1 / 0\n"
    install({"__init__.py": course, "checks.py": checks})
    monkeypatch.setenv(course_choice.VARIABLE, "small")
    workshop = Workshop.open()
    try:
        report = workshop.doctor("This is odd")
        assert [one.problem.title for one in report.problems] == ["Odd"]
        assert any("look fails: ZeroDivisionError" in why for why in report.unknown)
    finally:
        switch_off(workshop)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"notebooks/00-two.ipynb": notebook('workshop.check("00")')},
            "a section has one notebook",
        ),
        ({"checks.py": "def one(session):\n    return None\n"}, "one has no `yield`"),
        (
            {
                "__init__.py": ONE.replace(
                    "),))", f"),), exercises=(Exercise('00', '{LOOK}', '1'),))"
                )
            },
            "no cell writes exercises/00/function_app.py with `...`",
        ),
        (
            {"__init__.py": ONE.replace("),))", ")))")},
            "line 2: sections is no tuple like (Section(",
        ),
        ({"__init__.py": ONE.replace('"Small"', "7")}, "line 2: title is a text"),
        ({"__init__.py": ONE.replace("),))", '),), makes="")')}, "line 2: makes is a text"),
        ({"__init__.py": ONE.replace("),))", "),), has_plan=True)")}, "is for the tutorial"),
        ({"checks.py": "def one():\n    yield 'a'\n"}, "one is given one argument"),
        (
            {"notebooks/00-one.ipynb": notebook('# workshop.check("00")')},
            'no cell runs workshop.check("00")',
        ),
    ],
)
def test_what_would_fail_for_learners_is_named_before(
    install: Install, chatkit: Chatkit, tmp_path: Path, changed: dict[str, str], said: str
) -> None:
    """While the author looks."""
    install(changed)
    done = chatkit("new", str(tmp_path / "try"), "--course", "small", "--no-lock")
    assert done.code == 1 and said in done.err


@pytest.mark.parametrize(
    ("app", "said"),
    [
        ("x = 1\ny = ...", "filled in, line 2 of exercises/00/function_app.py is no Python"),
        (
            '"""Fill in ... here."""\ny = ...',
            "exercises/00/function_app.py has `...` more than once",
        ),
    ],
)
def test_an_exercise_that_cannot_be_filled_in_is_named(
    install: Install, chatkit: Chatkit, tmp_path: Path, app: str, said: str
) -> None:
    """With the line that the learner would see."""
    exercise = f"), exercises=(Exercise('00', '{LOOK}', ')'),))"
    cell = f"%%chatfile exercises/00/function_app.py\n{app}"
    install(
        {
            "__init__.py": ONE.replace("),))", f"),{exercise}"),
            "checks.py": f"{CHECKS}def look(bench):\n    yield 'right'\n",
            "notebooks/00-one.ipynb": notebook(cell, 'workshop.check("00")'),
        }
    )
    done = chatkit("new", str(tmp_path / "try"), "--course", "small", "--no-lock")
    assert done.code == 1 and f"line 2: {said}" in done.err


def test_a_folder_without_its_course_can_be_cleaned_up(
    install: Install, monkeypatch: pytest.MonkeyPatch, chatkit: Chatkit, tmp_path: Path
) -> None:
    """Its package was uninstalled; what it has made is not left behind for that."""
    package = install()
    folder = tmp_path / "try"
    assert chatkit("new", str(folder), "--course", "small", "--no-lock").code == 0
    (package.parent / "small-1.0.dist-info" / "entry_points.txt").unlink()
    monkeypatch.setenv("CHATKIT_HOME", str(folder / ".chatkit"))
    done = chatkit("status")
    assert done.code == 1 and "for the course small, which is not installed here" in done.err
    try:
        done = chatkit("clean", "-y")
        assert done.code == 0 and "gone  resource group" in done.out
    finally:
        switch_off(Workshop.open())


def test_a_package_in_the_current_folder_is_not_installed(
    install: Install, monkeypatch: pytest.MonkeyPatch, chatkit: Chatkit, tmp_path: Path
) -> None:
    """Python looks there as well when somebody types `python -m chatkit`."""
    package = install({"__init__.py": "raise SystemExit('it ran')\n"})
    monkeypatch.chdir(package.parent)
    done = chatkit("new", str(tmp_path / "try"), "--course", "small", "--no-lock")
    assert done.code == 2 and "There is no course small" in done.err


def test_two_courses_of_one_name_are_refused(
    install: Install, monkeypatch: pytest.MonkeyPatch, chatkit: Chatkit, tmp_path: Path
) -> None:
    """Nobody could say which one is meant."""
    install()
    lay(tmp_path / "other", GOOD, value="other_course:COURSE", package="other")
    monkeypatch.syspath_prepend(tmp_path / "other")
    done = chatkit("new", str(tmp_path / "try"), "--course", "small", "--no-lock")
    assert done.code == 1 and "other_course:COURSE and small_course:COURSE" in done.err


def test_a_pack_of_another_course_is_refused(
    install: Install, monkeypatch: pytest.MonkeyPatch, chatkit: Chatkit, tmp_path: Path
) -> None:
    """It would have the tutorial in it, which nobody there wants."""
    install()
    monkeypatch.setenv(course_choice.VARIABLE, "small")
    done = chatkit("pack", str(tmp_path / "pack"))
    assert done.code == 2 and "this is the course small" in done.err
    assert not (tmp_path / "pack").exists()
