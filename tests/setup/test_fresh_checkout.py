"""A fresh checkout and the system's Python: the first start sets itself up, the second needs
nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from chatkit.setup.environment import RUN_LOCK
from tests.setup.small_locks import COMMAND_LINE, lock_of

ROOT = Path(__file__).resolve().parents[2]
SYSTEM_PYTHON = str(getattr(sys, "_base_executable", sys.executable))
NOWHERE = "http://127.0.0.1:9"
OFFLINE = {
    name: NOWHERE
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy")
}
START_S = 3.0
"""Far more than a second start takes (0.6 s), far less than any set-up."""


def check_out(folder: Path) -> Path:
    """Copy what git tracks, as it is now: what somebody else gets."""
    names = subprocess.run(
        ["git", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    ).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def check_out_small(folder: Path) -> Path:
    """The same, with a lock that names no more than `chatkit status` needs."""
    check_out(folder)
    (folder / RUN_LOCK).write_text(lock_of(*COMMAND_LINE), encoding="utf-8")
    return folder


def variables(folder: Path, **more: str) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("VIRTUAL_ENV", "PYTHONPATH", "CHATKIT_HOME")
    }
    return {**kept, "CHATKIT_HOME": str(folder / "home"), **more}


def of_children_s() -> float:
    """Processor time of the processes started here so far, which no busy machine stretches."""
    spent = os.times()
    return spent.children_user + spent.children_system


def chatkit(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Type `python3 -m chatkit …` in a checkout."""
    command = [SYSTEM_PYTHON, "-m", "chatkit", *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        env=variables(folder, **more),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=580,
    )


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout after its first start."""
    folder = check_out(tmp_path_factory.mktemp("fresh"))
    first = chatkit(folder, "status", "--json")
    assert first.returncode == 0, first.stderr
    assert json.loads(first.stdout)["target"] == "local"
    return folder


def test_the_second_start_is_instant_and_needs_no_network(ready: Path) -> None:
    """No installer is called: there is none on the path, and no way out."""
    begin = of_children_s()
    second = chatkit(
        ready, "status", "--json", PATH=os.defpath, UV_OFFLINE="1", PIP_NO_INDEX="1", **OFFLINE
    )
    assert second.returncode == 0 and second.stderr == ""
    assert of_children_s() - begin < START_S


def test_a_kernel_imports_the_package_from_any_folder(ready: Path, tmp_path: Path) -> None:
    """The environment's Python knows the checkout."""
    python = (
        next(ready.glob(".venv/bin/python"))
        if os.name != "nt"
        else ready / ".venv" / "Scripts" / "python.exe"
    )
    command = [str(python), "-c", "from chatkit import Workshop; print(Workshop.__name__)"]
    assert (
        subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8"
        ).stdout
        == "Workshop\n"
    )


@pytest.mark.parametrize(
    ("arguments", "code"), [(["no-such-verb"], 2), (["run", "--until", "99"], 2), (["status"], 0)]
)
def test_exit_codes_come_through_the_self_setup(
    ready: Path, arguments: list[str], code: int
) -> None:
    """0 done, 1 failed, 2 bad usage; the sentence is on stderr and there is no traceback."""
    done = chatkit(ready, *arguments)
    assert done.returncode == code
    assert "Traceback" not in done.stderr and done.stderr.count("\n") == (code > 0)


@pytest.mark.long
def test_a_deleted_package_comes_back(tmp_path: Path) -> None:
    """An environment that lost a package is repaired by the next start."""
    folder = check_out_small(tmp_path)
    assert chatkit(folder, "status").returncode == 0
    shutil.rmtree(next(folder.glob(".venv/[Ll]ib/**/site-packages/typer")))
    assert chatkit(folder, "status").returncode == 0
    assert list(folder.glob(".venv/[Ll]ib/**/site-packages/typer"))


@pytest.mark.long
def test_set_up_with_pip_alone(tmp_path: Path) -> None:
    """Where no uv is on the path, the standard library's venv and pip do the same: nothing is
    missing that a package needs. The short form is in `test_environment.py`.
    """
    folder = check_out(tmp_path)
    first = chatkit(folder, "status", "--json", PATH=os.defpath)
    assert first.returncode == 0, first.stderr
    assert json.loads(first.stdout)["target"] == "local"
    python = next(folder.glob(".venv/[bS]*/python*"))
    found = subprocess.run(
        [python, "-m", "pip", "check"], capture_output=True, text=True, encoding="utf-8"
    )
    assert found.returncode == 0, found.stdout


@pytest.mark.long
def test_in_an_environment_of_ones_own_the_command_is_there(tmp_path: Path) -> None:
    """As conda does it: `pip install -e .`, then `chatkit VERB` from any folder, without a `.venv`
    in the checkout.
    """
    folder = check_out(tmp_path / "checkout")
    python, own = new_environment(tmp_path / "own"), variables(tmp_path)
    subprocess.run(
        [python, "-m", "pip", "install", "-q", "--no-deps", "-e", folder], env=own, check=True
    )
    command = [str(python.with_name("chatkit")), "status", "--json"]
    done = subprocess.run(
        command, cwd=tmp_path, env=own, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0 and json.loads(done.stdout)["target"] == "local"
    assert not (folder / ".venv").exists()


def new_environment(folder: Path) -> Path:
    """Make an environment that finds this one's packages, so that none is downloaded.

    Return its Python.
    """
    subprocess.run([SYSTEM_PYTHON, "-m", "venv", folder], check=True)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = subprocess.run(
        [python, "-c", code], capture_output=True, text=True, encoding="utf-8", check=True
    ).stdout.strip()
    Path(site, "borrowed.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return python
