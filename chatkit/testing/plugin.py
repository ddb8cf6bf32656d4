"""pytest plugin: notebooks of the course under nbval, in any folder or repository.

For each notebook that loads chatkit, and for no other: outputs are sanitised as the kit's own are,
the kernel is that of the environment pytest runs in, and what the cells make goes into a home of
this test run, which is deleted at its end. One of the course's notebooks that is run alone begins
where the one before it ends.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import pytest

from chatkit.core.system.console import UTF8_OUTPUT
from chatkit.core.system.moving import discard_tree

HOME = "CHATKIT_HOME"
VARIABLE = "CHATKIT_COURSE"
MADE = pytest.StashKey[Path]()
"""The folder with the run's home, where the plugin has made it."""
BEGUN = pytest.StashKey[set[Path]]()
"""Notebooks of which a cell was to run."""
LOADS = ("%load_ext chatkit", "from chatkit import", "import chatkit")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option for a home that is kept."""
    parser.getgroup("chatkit", "chatkit's notebooks, with nbval").addoption(
        "--chatkit-home",
        metavar="DIR",
        help="Where their cells keep what they make; default: a folder that is deleted at the end.",
    )


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(
    file_path: Path,
) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """Give nbval's collector of a notebook that loads chatkit the kit's sanitiser."""
    collectors = yield
    for collector in collectors:
        patterns = getattr(collector, "sanitize_patterns", None)
        if patterns is not None and _loads_chatkit(file_path):
            # A file of the command line's `--nbval-sanitize-with` comes on top.
            patterns.update(_patterns(file_path))
    return collectors


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give the notebooks that are to run a home, and the kernel of this environment.

    Raises:
        pytest.UsageError: They are of two courses: a home is for one.
    """
    notebooks = [item.parent for item in items if _is_of_chatkit(item)]
    if not notebooks or config.option.collectonly:
        return
    paths = {item.path for item in items if _is_of_chatkit(item)}
    courses = sorted({_course_of(path) for path in paths} - {""})
    if len(courses) > 1:
        raise pytest.UsageError(f"One course a run, and these are of {' and '.join(courses)}.")
    _choose_home(config)
    if courses:
        os.environ[VARIABLE] = courses[0]
    if config.option.nbval_kernel_name is None:
        from nbval.kernel import CURRENT_ENV_KERNEL_NAME  # type: ignore[import-untyped]

        for notebook in notebooks:
            content: Any = getattr(notebook, "nb", None)
            content.metadata["kernelspec"] = {"name": CURRENT_ENV_KERNEL_NAME}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Bring the run's home to the start of a notebook that runs without the one before it."""
    begun = item.config.stash.setdefault(BEGUN, set())
    if item.path in begun or not _is_of_chatkit(item):
        return
    before = [other for other in _course(item.path) if other < item.path]
    if before and before[-1] not in begun:
        command = [sys.executable, "-m", "chatkit", "catch-up", item.path.name.partition("-")[0]]
        done = subprocess.run(command, capture_output=True, env={**os.environ, **UTF8_OUTPUT})
        assert done.returncode == 0, done.stderr.decode(errors="replace")
    begun.add(item.path)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """With `--dist loadfile`, give a folder's notebooks to one process: they are one program."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

    class Scheduling(LoadFileScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            if file.endswith(".ipynb"):
                return file.rpartition("/")[0]
            return str(super()._split_scope(nodeid))

    return Scheduling(config, log)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what still runs in the home that was made for the run, and delete that home."""
    made = config.stash.get(MADE, None)
    if made is not None:
        end_home(made / "home")
        discard_tree(made)


def end_home(home: Path) -> None:
    """Stop what runs in a home."""
    from chatkit.cloud import local_cloud
    from chatkit.steps.local_servers import LocalServers

    if home.exists():
        LocalServers(home).stop_both()
        local_cloud.stop(home / "local")


def _choose_home(config: pytest.Config) -> None:
    """Let kernels and programs use the run's home, and show the addresses of this machine."""
    from chatkit.core.public_urls import VARIABLES

    chosen = config.option.chatkit_home
    if chosen is None:
        made = Path(tempfile.mkdtemp(prefix="chatkit-notebooks-"))
        config.stash[MADE] = made
        chosen = str(made / "home")
    os.environ[HOME] = str(Path(chosen).absolute())
    for name in VARIABLES:  # on a JupyterHub or in a codespace, addresses look different
        os.environ.pop(name, None)


def _is_of_chatkit(item: pytest.Item) -> bool:
    """Whether an item is a cell of a notebook that loads chatkit, as nbval collects it."""
    return hasattr(item.parent, "sanitize_patterns") and _loads_chatkit(item.path)


def _loads_chatkit(path: Path) -> bool:
    if path.suffix != ".ipynb":
        return False
    text = path.read_text(encoding="utf-8", errors="replace")
    return any(words in text for words in LOADS)


def _course(path: Path) -> Sequence[Path]:
    """The course's notebooks beside one of them; none where it is not the course's."""
    course = _course_of(path)
    names = {other.name for other in _notebooks(course)} if course else set()
    if path.name not in names:
        return ()
    return sorted(other for other in path.parent.glob("*.ipynb") if other.name in names)


def _course_of(path: Path) -> str:
    """The course of a notebook: that of its folder, else one that has a notebook of this name;
    empty where it is no course's.
    """
    from chatkit.core.settings import LAID_OUT
    from chatkit.core.work import course_choice

    folder = path.parents[1]
    if os.environ.get(VARIABLE) or (folder / LAID_OUT).is_file():
        return course_choice.of_folder(folder)
    names = [course_choice.TUTORIAL.name, *sorted(course_choice.installed())]
    having = [name for name in names if path.name in {one.name for one in _notebooks(name)}]
    own = [name for name in having if course_choice.folder(name) == folder]
    return next(iter([*own, *having]), "")


def _notebooks(course: str) -> list[Path]:
    from chatkit.core.errors import SetupError
    from chatkit.core.work import course_choice

    try:
        return sorted((course_choice.folder(course) / "notebooks").glob("*.ipynb"))
    except SetupError:  # a course that is damaged is no notebook's of another one
        return []


def _patterns(path: Path) -> dict[str, str]:
    from nbval.plugin import get_sanitize_patterns  # type: ignore[import-untyped]

    from chatkit.core.work import course_choice
    from chatkit.core.work.course_folder import sanitiser_text

    kit = course_choice.folder(_course_of(path) or course_choice.TUTORIAL.name)
    found: dict[str, str] = get_sanitize_patterns(sanitiser_text(kit))
    return found
