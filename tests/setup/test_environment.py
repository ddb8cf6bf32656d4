"""Self-setup, with a small lock: made, repaired, shared, and refused with a sentence."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatkit.setup import environment, installers, uv_by_pip
from chatkit.setup.environment import Environment
from chatkit.setup.installers import SetupFailed
from chatkit.setup.uv_by_pip import Uv
from tests.setup.small_locks import lock_of

ROOT = Path(__file__).resolve().parents[2]
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose locks name one small package: segno has no dependencies."""
    folder = tmp_path / "check out"
    folder.mkdir()
    (folder / environment.RUN_LOCK).write_text(lock_of("segno"), encoding="utf-8")
    (folder / environment.TEST_LOCK).write_text(lock_of("segno"), encoding="utf-8")
    return folder


def without_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installers, "find_uv", lambda: None)
    monkeypatch.setattr(uv_by_pip, "fetched", lambda *_: None)


@pytest.fixture
def each_tool(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install with uv, and once more with venv and pip."""
    if request.param == "pip":
        without_uv(monkeypatch)
    elif shutil.which("uv") is None:
        pytest.skip("uv is not installed on this machine")


uv_and_at_length_pip = pytest.mark.parametrize(
    "each_tool", ["uv", pytest.param("pip", marks=pytest.mark.long)], indirect=True
)


def imports_segno(made: Environment) -> bool:
    return subprocess.run([made.python, "-c", "import segno"], capture_output=True).returncode == 0


@uv_and_at_length_pip
@pytest.mark.usefixtures("each_tool")
def test_set_up_makes_an_environment_that_has_the_packages(checkout: Path) -> None:
    """uv where there is one, else venv and pip: the result is the same."""
    made = Environment(checkout)
    assert not made.is_ready(environment.RUN_LOCK)
    made.prepare(environment.RUN_LOCK)
    assert made.is_ready(environment.RUN_LOCK) and imports_segno(made)


@uv_and_at_length_pip
@pytest.mark.usefixtures("each_tool")
def test_nothing_but_the_lock_is_looked_up(checkout: Path) -> None:
    """A package's own wishes are not followed: they can ask for what is newer than the lock."""
    (checkout / environment.RUN_LOCK).write_text(lock_of("markdown-it-py"), encoding="utf-8")
    made = Environment(checkout)
    made.prepare(environment.RUN_LOCK)
    installed = {path.name for path in made.folder.glob("lib/*/site-packages/m*")}
    assert "markdown_it" in installed and "mdurl" not in installed


@pytest.mark.long
def test_without_uv_pip_fetches_it(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And it installs the rest."""
    monkeypatch.setattr(installers, "find_uv", lambda: None)
    shutil.copy(ROOT / environment.UV_LOCK, checkout)
    made = Environment(checkout)
    used: list[Uv | None] = []

    def install(python: Path, lock: Path, uv: Uv | None, *, again: bool) -> None:
        used.append(uv)
        by_hand(python, lock, uv, again=again)

    by_hand = installers.install
    monkeypatch.setattr(installers, "install", install)
    made.prepare(environment.RUN_LOCK)
    assert imports_segno(made)
    assert [uv and Path(uv.path).parent for uv in used] == [made.python.parent]


@pytest.mark.parametrize("found", [None, Uv("uv")], ids=["fetched", "on the path"])
def test_what_uv_cannot_do_pip_does(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, found: Uv | None
) -> None:
    """Who has set up pip has a mirror or a proxy that only pip knows: a uv that fails is nobody's
    fault.
    """
    monkeypatch.setattr(installers, "find_uv", lambda: found)
    monkeypatch.setattr(uv_by_pip, "fetched", lambda *_: Uv("uv"))
    monkeypatch.setattr(uv_by_pip, "is_set_up", lambda _: True)
    tried: list[Uv | None] = []

    def install(_python: Path, _lock: Path, uv: Uv | None, **_options: bool) -> None:
        tried.append(uv)
        if uv is not None:
            raise SetupFailed("no such index")

    monkeypatch.setattr(installers, "install", install)
    monkeypatch.setattr(installers, "create", lambda folder, _uv: folder.mkdir())
    monkeypatch.setattr(installers, "compile_package", lambda *_: None)
    monkeypatch.setattr(Environment, "_put_checkout_on_path", lambda _self: None)
    Environment(checkout).prepare(environment.RUN_LOCK)
    assert tried == [Uv("uv"), None]


@pytest.mark.long
def test_the_checkout_is_on_the_path_of_every_kernel(checkout: Path, tmp_path: Path) -> None:
    """A kernel imports the package whatever its folder is."""
    (checkout / "only_here.py").write_text("", encoding="utf-8")
    made = Environment(checkout)
    made.prepare(environment.RUN_LOCK)
    subprocess.run([made.python, "-c", "import only_here"], cwd=tmp_path, check=True)


def test_a_changed_lock_is_installed(checkout: Path) -> None:
    """After an update of the checkout the stamp no longer fits."""
    made = Environment(checkout)
    made.prepare(environment.RUN_LOCK)
    (checkout / environment.RUN_LOCK).write_text(lock_of("segno", "tqdm"), encoding="utf-8")
    assert not made.is_ready(environment.RUN_LOCK)
    made.prepare(environment.RUN_LOCK)
    subprocess.run([made.python, "-c", "import tqdm"], check=True)


@pytest.mark.long
def test_the_test_lock_counts_for_the_verbs_too(checkout: Path) -> None:
    """The test environment has everything the verbs need; the reverse is not so."""
    made = Environment(checkout)
    made.prepare(environment.TEST_LOCK)
    assert made.is_ready(environment.RUN_LOCK)
    shutil.rmtree(made.folder)
    made.prepare(environment.RUN_LOCK)
    assert not made.is_ready(environment.TEST_LOCK)


@pytest.mark.long
def test_an_interrupted_set_up_is_repaired(checkout: Path) -> None:
    """What a killed set-up left behind is thrown away."""
    made = Environment(checkout)
    made.prepare(environment.RUN_LOCK)
    (made.folder / environment.STAMP).unlink()
    (made.folder / environment.STARTED).touch()
    leftover = made.folder / "half-a-package"
    leftover.touch()
    made.prepare(environment.RUN_LOCK)
    assert made.is_ready(environment.RUN_LOCK) and imports_segno(made) and not leftover.exists()


@pytest.mark.long
def test_an_environment_whose_python_is_gone_is_made_anew(checkout: Path) -> None:
    """An upgrade of the system's Python leaves links to nothing."""
    made = Environment(checkout)
    made.prepare(environment.RUN_LOCK)
    for link in made.python.parent.glob("python*"):
        link.unlink()
        link.symlink_to(checkout / "no-such-python")
    assert not made.is_ready(environment.RUN_LOCK)
    made.prepare(environment.RUN_LOCK)
    assert imports_segno(made)


@pytest.mark.long
def test_a_moved_checkout_is_set_up_anew(checkout: Path, tmp_path: Path) -> None:
    """The environment's scripts and path file name the old place."""
    Environment(checkout).prepare(environment.RUN_LOCK)
    moved = checkout.rename(tmp_path / "moved")
    made = Environment(moved)
    assert not made.is_ready(environment.RUN_LOCK)
    made.prepare(environment.RUN_LOCK)
    assert "check out" not in (made.python.parent / "activate").read_text(encoding="utf-8")


@pytest.mark.long
def test_a_damaged_package_is_installed_again(checkout: Path) -> None:
    """A deleted package folder comes back although its metadata says it is there."""
    made = Environment(checkout)
    made.prepare(environment.RUN_LOCK)
    shutil.rmtree(next(made.folder.glob("lib/*/site-packages/segno")))
    assert not imports_segno(made)
    made.repair()
    assert imports_segno(made)


@pytest.mark.long
def test_two_set_ups_at_once_end_with_one_good_environment(checkout: Path) -> None:
    """Two terminals on a fresh checkout: one installs, the other waits for it."""
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); from pathlib import Path; from"
        " chatkit.setup.environment import *;"
    )
    code += f"Environment(Path({str(checkout)!r})).prepare(RUN_LOCK)"
    with ThreadPoolExecutor() as pool:
        ends = list(
            pool.map(
                lambda _: subprocess.run(
                    [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8"
                ),
                range(3),
            )
        )
    assert [end.returncode for end in ends] == [0, 0, 0]
    assert sum("setting up" in end.stderr for end in ends) == 1
    assert imports_segno(Environment(checkout))


@contextmanager
def refused() -> Iterator[list[str]]:
    """Collect the sentence of a refused set-up."""
    sentences: list[str] = []
    with pytest.raises(SetupFailed) as caught:
        yield sentences
    sentences.append(str(caught.value))


@uv_and_at_length_pip
@pytest.mark.usefixtures("each_tool")
def test_no_network_is_said_in_a_sentence(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first set-up needs the internet, and says so."""
    offline = {"HTTPS_PROXY": NOWHERE, "HTTP_PROXY": NOWHERE, "ALL_PROXY": NOWHERE, "NO_PROXY": ""}
    offline |= {name.lower(): value for name, value in offline.items()}
    for name, value in {
        **offline,
        "UV_CACHE_DIR": str(tmp_path / "cache"),
        "UV_HTTP_RETRIES": "0",
    }.items():
        monkeypatch.setenv(name, value)
    for name, value in {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_CACHE_DIR": "1",
        "PIP_RETRIES": "0",
        "PIP_FIND_LINKS": "",
    }.items():
        monkeypatch.setenv(name, value)
    with refused() as sentences:
        Environment(checkout).prepare(environment.RUN_LOCK)
    assert "first set-up needs the internet once" in sentences[0]


def test_a_wrong_hash_is_refused(checkout: Path) -> None:
    """A package that is not the one the lock means is not installed."""
    lock = checkout / environment.RUN_LOCK
    lock.write_text(
        re.sub("sha256:[0-9a-f]+", f"sha256:{'0' * 64}", lock.read_text(encoding="utf-8")),
        encoding="utf-8",
    )
    with refused() as sentences:
        Environment(checkout).prepare(environment.RUN_LOCK)
    assert "hash differs" in sentences[0]
    assert not Environment(checkout).is_ready(environment.RUN_LOCK)


def test_a_python_without_venv_is_named(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Debian ships Python without venv; the sentence has the package's name."""
    without_uv(monkeypatch)
    bare = tmp_path / "python"
    bare.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    bare.chmod(0o755)
    monkeypatch.setattr(sys, "_base_executable", str(bare))
    with refused() as sentences:
        Environment(checkout).prepare(environment.RUN_LOCK)
    assert "python3-venv" in sentences[0]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EROFS, "cannot be written"),
        (errno.EACCES, "cannot be written"),
        (errno.ENOSPC, "disk is full"),
    ],
)
def test_a_disk_that_takes_nothing_is_said_in_a_sentence(
    checkout: Path, number: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read-only and full disks end the set-up with what to do."""

    def fail(path: Path) -> object:
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(environment, "FileLock", fail)
    with refused() as sentences:
        Environment(checkout).prepare(environment.RUN_LOCK)
    assert words in sentences[0]


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("error: Failed to write: No space left on device (os error 28)", "disk is full"),
        (
            "ERROR: Could not install packages due to an OSError: [Errno 30] Read-only file system",
            "cannot be written",
        ),
        (
            (
                "  Caused by: dns error: failed to lookup address information: Temporary failure"
                " in name resolution"
            ),
            "Without internet, `chatkit pack FOLDER` on a machine that has it",
        ),
        (
            "  cause: client error (Connect)\n  cause: invalid peer certificate: UnknownIssuer",
            "Set SSL_CERT_FILE",
        ),
        ("something new\nhappened", "(happened)"),
        ("", "no reason given"),
    ],
)
def test_a_tools_output_becomes_one_sentence(output: str, words: str) -> None:
    """Whatever uv or pip print, a person reads one sentence."""
    sentence = installers.tool_sentence(output)
    assert words in sentence and "\n" not in sentence


def test_a_damaged_stamp_is_not_trusted(checkout: Path) -> None:
    """Anything but what the kit wrote means: install."""
    made = Environment(checkout)
    made.folder.mkdir()
    for text in ("", "[]", "{", json.dumps({"checkout": str(checkout), "locks": []})):
        (made.folder / environment.STAMP).write_text(text, encoding="utf-8")
        assert not made.is_ready(environment.RUN_LOCK)
