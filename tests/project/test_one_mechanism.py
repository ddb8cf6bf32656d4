"""What systems do differently stands in one place each: nobody goes past it.

`core/system` has files that are open, names, signals, programs, shells and what is printed;
`core/file_lock.py`, `core/processes.py` and `core/ports.py` have locks, processes and ports. What
runs in somebody else's Python (the app's worker, the class's board, a pack's start script) cannot
call them.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import pytest

from tests.project import structure
from tests.project.structure import Module

ELSEWHERE = (
    "localcloud.functions.worker_process.chatkit_worker",
    "classroom.app.board_app",
    "pack.start",
)
MOVING = "core.system.moving"
PROGRAMS = "core.system.programs"
SIGNALS = "core.system.signals"


@dataclass(frozen=True)
class Raw:
    """A raw form, and who may use it.

    Attributes:
        instead: What everybody else calls.
        allowed: Modules that stand for it.
    """

    instead: str
    allowed: frozenset[str]


def only(*modules: str, instead: str = "") -> Raw:
    return Raw(instead or modules[0], frozenset(modules))


CALLS: Mapping[str, Raw] = {
    **dict.fromkeys(("os.replace", "os.rename", "os.remove", "os.unlink"), only(MOVING)),
    **dict.fromkeys(("shutil.move", "shutil.rmtree", ".unlink", ".rename"), only(MOVING)),
    **dict.fromkeys(("os.execv", "os.execve", "os.execvp", "os.spawnv"), only(PROGRAMS)),
    **dict.fromkeys(("os.fork", "os.system", "os.popen", "os.startfile"), only(PROGRAMS)),
    "os.killpg": only(PROGRAMS),
    "os.kill": only(SIGNALS),
    ".add_signal_handler": only(SIGNALS),
    "signal.pthread_kill": only(SIGNALS),
    # Ctrl+C that waits, and az, which ends with this process.
    "signal.signal": only(SIGNALS, "core.running.interrupts", "cloud.tools.azure_cli"),
    "signal.raise_signal": only(SIGNALS, "core.running.interrupts"),
    "os.symlink": only("nobody"),
    ".symlink_to": only("nobody"),
    # Blobs that never change, and wheels, share their bytes where the file system can do that.
    "os.link": only("localcloud.storage.state.contents", "pack.packing"),
    "os.sched_getaffinity": only(PROGRAMS),
    "os.umask": only("nobody"),
    "time.tzset": only("nobody"),
    "webbrowser.open": only("nobody", instead="JupyterLab"),
}
MODULES_OF_A_SYSTEM: Mapping[str, Raw] = {
    **dict.fromkeys(("fcntl", "msvcrt"), only("core.file_lock")),
    "resource": only("core.descriptors"),
    "pwd": only("core.home.access"),
    # The memory that glibc keeps.
    "ctypes": only("core.system.free_memory"),
    **dict.fromkeys(("winreg", "grp", "pty", "termios", "_winapi"), only("nobody")),
}
PLATFORM = {
    *(MOVING, "core.system.names", PROGRAMS, "core.system.shells", SIGNALS),
    # What is one thing each, and stands there alone.
    *("core.file_lock", "core.ports", "core.descriptors", "core.time.clock"),
    *("core.files", "core.home.access"),  # who owns a file
    *("core.peers.connecting_user", "core.peers.listening_users"),
    "setup.packs",  # for which system it has wheels
    "setup.environment",  # the launcher that Windows has in between
    "cloud.tools.azure_cli",  # exit codes of what a signal has ended
    "core.system.free_memory",  # what glibc keeps
    "stage.rehearsal.machine",  # what Linux alone tells of a process
    "cli.report.verb",  # tells which system it is
}


@cache
def modules() -> dict[str, Module]:
    found = structure.read()
    return {name: one for name, one in found.items() if not name.startswith(ELSEWHERE)}


def dotted(node: ast.expr) -> str:
    """`os.replace` of such a call; `.replace` of what is called of a value."""
    if not isinstance(node, ast.Attribute):
        return ""
    if isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}"
    return f".{node.attr}"


@dataclass(frozen=True)
class Read:
    """What a module mentions: read once for all tests.

    Attributes:
        names: Dotted names, called or passed on, and the attribute of whatever has another name.
        calls: Calls of such names.
        imports: Modules that it imports.
        texts: Its constant texts.
    """

    names: frozenset[str]
    calls: tuple[tuple[str, ast.Call], ...]
    imports: frozenset[str]
    texts: tuple[str, ...]


@cache
def read() -> dict[str, Read]:
    return {name: _read([*ast.walk(module.tree)]) for name, module in modules().items()}


def _read(nodes: list[ast.AST]) -> Read:
    attributes = [node for node in nodes if isinstance(node, ast.Attribute)]
    called = [node for node in nodes if isinstance(node, ast.Call)]
    imported = [node for node in nodes if isinstance(node, ast.Import)]
    texts = [node.value for node in nodes if isinstance(node, ast.Constant)]
    return Read(
        frozenset(map(dotted, attributes)) | {f".{node.attr}" for node in attributes},
        tuple((dotted(node.func), node) for node in called),
        frozenset(alias.name for node in imported for alias in node.names)
        | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)},
        tuple(text for text in texts if isinstance(text, str)),
    )


@pytest.mark.parametrize("form", CALLS)
def test_a_raw_form_stands_in_its_one_place(form: str) -> None:
    """Everybody else calls what knows every system."""
    users = {name for name, module in read().items() if form in module.names}
    assert users <= CALLS[form].allowed, f"call {CALLS[form].instead}"


@pytest.mark.parametrize("name", MODULES_OF_A_SYSTEM)
def test_a_module_of_one_system_is_imported_in_one_place(name: str) -> None:
    """The others have none of that name."""
    users = {user for user, module in read().items() if name in module.imports}
    assert users <= MODULES_OF_A_SYSTEM[name].allowed


def test_few_ask_which_system_it_is() -> None:
    """And all of them in the words that mypy understands: no branch is hidden from it."""
    asking = set()
    for name, module in read().items():
        assert "os.name" not in module.names, f"{name}: sys.platform, which mypy knows"
        if module.names & {"sys.platform", "platform.system"}:
            asking.add(name)
    assert asking == PLATFORM


def test_a_file_is_not_replaced_past_the_mechanism() -> None:
    """`Path.replace` takes one argument, `str.replace` two."""
    users = {
        name
        for name, module in read().items()
        for called, node in module.calls
        if called.endswith(".replace") and len(node.args) == 1 and not node.keywords
    }
    assert users == set()


TEXT = {"text", "universal_newlines"}


def test_the_output_of_a_program_is_read_in_a_named_encoding() -> None:
    """The locale of Windows is cp1252 where the program writes UTF-8. ruff looks at files."""
    for name, module in read().items():
        for called, node in module.calls:
            named = {keyword.arg for keyword in node.keywords}
            if called.startswith("subprocess.") and named & TEXT:
                assert "encoding" in named, f"{name}, line {node.lineno}"


def test_no_path_is_written_as_one_systems_own() -> None:
    """`/tmp` and `/dev/null` are not everywhere."""
    folders = ("/tmp", "/dev/", "/etc/", "/bin/", "/usr/")
    users = {
        name for name, module in read().items() for text in module.texts if text.startswith(folders)
    }
    assert users == set()
