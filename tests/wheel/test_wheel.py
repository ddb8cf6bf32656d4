"""A wheel that teaches: what people have who install the package, and no checkout."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import chatkit
from tests.wheel.installed import ROOT, Installed, pip_install, uvx
from tests.wheel.lab import lab, opened

pytestmark = pytest.mark.slow
FIRST = ("00-start-here", "01-sign-in", "02-create-signalr", "03-initialise-the-function-app")
PASSED = re.compile(r"\b(\d+) passed\b")


def tracked(*folders: str) -> set[str]:
    names = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", *folders],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    return {name for name in names.stdout.split("\0") if name}


def test_the_wheel_has_what_the_course_needs_and_nothing_besides(wheel: Path) -> None:
    """The kit is data of the package: notebooks, app, page, template, sanitiser, locks."""
    with zipfile.ZipFile(wheel) as content:
        names = {name for name in content.namelist() if ".dist-info/" not in name}
    folders = ("notebooks", "functions", "content", "template")
    kit = {f"chatkit/kit/{name}" for name in tracked(*folders)}
    locks = {"chatkit/kit/requirements.lock", "chatkit/kit/requirements-uv.lock"}
    assert {name for name in names if name.startswith("chatkit/kit/")} == kit | locks | {
        "chatkit/kit/sanitize.cfg"
    }
    assert {name for name in names if not name.startswith("chatkit/")} == set()


def test_its_version_is_the_packages(wheel: Path, package: Installed) -> None:
    """One place says it: the file's name, the metadata and the command follow."""
    assert wheel.name.split("-")[1] == chatkit.__version__
    assert package.run("chatkit", "--version").stdout.strip() == f"chatkit {chatkit.__version__}"


def test_the_package_is_the_installed_one(package: Installed) -> None:
    """Else these tests would look at the checkout."""
    said = package.say("import chatkit, sys; print(chatkit.__file__.startswith(sys.prefix))")
    assert said == ["True"]


def test_new_says_what_is_whose_and_what_to_type(package: Installed, tmp_path: Path) -> None:
    """And makes the learner's copies of the notebooks."""
    said = package.run("chatkit", "new", "here", cwd=tmp_path).stdout
    assert f"Next: cd {tmp_path / 'here'} && chatkit lab" in said
    assert "the kit's, read-only" in said and "yours" in said
    names = {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    for folder in ("notebooks", "my-chat/notebooks"):
        assert {path.name for path in (tmp_path / "here" / folder).glob("*.ipynb")} == names
    assert (tmp_path / "here" / "conftest.py").exists()


def test_the_first_notebooks_pass_strictly_in_the_folder(package: Installed, course: Path) -> None:
    """The plugin brings sanitiser and home; the person's own home is not touched."""
    named = [f"notebooks/{name}.ipynb" for name in FIRST]
    done = package.run("pytest", "--nbval", *named, cwd=course, check=False)
    assert done.returncode == 0, done.stdout
    assert int(PASSED.findall(done.stdout)[-1]) >= 25
    assert not (course / ".chatkit" / "local").exists()
    assert not (package.person / "chatkit").exists()


def test_verbs_in_the_folder_work_on_it(package: Installed, course: Path) -> None:
    """Also from a folder below, where a kernel is."""
    code = "from chatkit.core import settings as s; print(s.home()); print(s.chat_folder())"
    said = package.say(code, cwd=course / "my-chat" / "notebooks")
    assert said == [str(course / ".chatkit"), str(course / "my-chat")]


def test_a_folder_of_an_older_version_gets_new_notebooks_and_keeps_work(
    package: Installed, tmp_path: Path
) -> None:
    """As after `pip install --upgrade chatkit`."""
    folder = tmp_path / "course"
    package.run("chatkit", "new", str(folder))
    record, book = folder / "notebooks" / "kit.json", folder / "notebooks" / f"{FIRST[0]}.ipynb"
    for path in (record, book):
        path.chmod(0o644)
    book.write_text("{}", encoding="utf-8")
    known = json.loads(record.read_text(encoding="utf-8"))
    known["files"][book.name] = [hashlib.sha256(b"{}").hexdigest()]
    record.write_text(json.dumps({**known, "version": "0.2.9"}), encoding="utf-8")
    (folder / "my-chat" / "notes.txt").write_text("mine", encoding="utf-8")
    said = package.run("chatkit", "new", ".", cwd=folder).stdout
    assert f"is brought from chatkit 0.2.9 to {chatkit.__version__}" in said
    assert book.read_bytes() == (ROOT / "notebooks" / book.name).read_bytes()
    assert (folder / "my-chat" / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_lab_opens_the_folders_notebooks(package: Installed, course: Path) -> None:
    """Lab serves the learner's folder, and asks nobody about news."""
    command = [str(package.python), "-m", "chatkit"]
    with lab(command, course, package.variables()) as address:
        assert "apputils-extension:announcements" in opened(address)
        assert "00-start-here" in opened(address.replace("/?", "/api/contents/notebooks?"))


def test_the_tests_of_another_repository_run_the_notebooks(
    package: Installed, course: Path, tmp_path: Path
) -> None:
    """Strictly, without a conftest.py; a notebook that has nothing of chatkit is left alone."""
    own = tmp_path / "tests"
    own.mkdir()
    book = (course / "notebooks" / f"{FIRST[0]}.ipynb").read_text(encoding="utf-8")
    (own / "course.ipynb").write_text(book, encoding="utf-8")
    (own / "differs.ipynb").write_text(
        book.replace("finds nothing wrong", "finds a lot"), encoding="utf-8"
    )
    (own / "ours.ipynb").write_text(
        json.dumps(notebook("print('localhost:1234')", "localhost:2")), encoding="utf-8"
    )
    done = package.run("pytest", "--nbval", "tests", cwd=tmp_path, check=False)
    failed = re.findall(r"^FAILED tests/(\w+)\.ipynb", done.stdout, re.M)
    assert {*failed} == {"differs", "ours"}, done.stdout


def notebook(source: str, output: str) -> dict[str, object]:
    """A notebook of one cell that has printed something."""
    printed = {"name": "stdout", "output_type": "stream", "text": [f"{output}\n"]}
    cell = {
        "cell_type": "code",
        "execution_count": 1,
        "id": "a1",
        "metadata": {},
        "outputs": [printed],
        "source": [source],
    }
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return {"cells": [cell], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}


def test_the_installed_package_gives_its_wheel_again(
    package: Installed, wheel: Path, tmp_path: Path
) -> None:
    """`chatkit pack` without a checkout puts the kit's wheel into the pack."""
    code = "import sys, pathlib; from chatkit.pack import kit_wheel;"
    code += f"kit_wheel.make(pathlib.Path({str(tmp_path)!r}), sys.executable)"
    package.say(code)
    again = tmp_path / wheel.name
    with zipfile.ZipFile(wheel) as built, zipfile.ZipFile(again) as made:
        record = next(name for name in built.namelist() if name.endswith("/RECORD"))
        names = {*built.namelist()}
        assert {*made.namelist()} == names
        assert [one for one in names - {record} if built.read(one) != made.read(one)] == []
        assert {*built.read(record).split()} == {*made.read(record).split()}
    pip_install(package.python, again)


@pytest.mark.long
def test_every_notebook_passes_strictly_in_the_folder(package: Installed, course: Path) -> None:
    """`pytest --nbval notebooks`, as people type it; `chatkit test` types it for them."""
    done = package.run("pytest", "--nbval", "notebooks", cwd=course, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.long
def test_uvx_opens_lab_with_nothing_installed(wheel: Path, tmp_path: Path) -> None:
    """`uvx --from WHEEL chatkit lab`: packages come from the index, the kit from the wheel."""
    command = [str(uvx(tmp_path / "uv")), "--from", str(wheel), "chatkit"]
    person = Installed(Path(sys.executable), tmp_path).variables()
    own = {name: value for name, value in person.items() if not name.startswith("JUPYTER")}
    with lab(command, tmp_path, {**own, "UV_PYTHON": sys.executable}) as address:
        assert "00-start-here" in opened(address.replace("/?", "/api/contents/notebooks?"))
    assert (tmp_path / "chatkit" / "my-chat" / "notebooks" / f"{FIRST[0]}.ipynb").exists()
