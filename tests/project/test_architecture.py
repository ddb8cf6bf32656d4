"""The house keeps its shape: which room imports which, who may do what, how big a room is."""

from __future__ import annotations

import ast
import re
import sys
from functools import cache

import pytest

from tests.project import structure
from tests.project.structure import Module

ROOT = structure.ROOT
MODULES = structure.read()
TABLE = ROOT / "docs" / "architecture.md"
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
MOST_PARAMETERS = 5
MOST_LOOSE = 8
MOST_SIDE_BY_SIDE = 16
SERVICES = ("easy_auth", "entra", "functions", "resource_manager", "signalr", "storage")
NETWORK = {
    "asyncio",
    "socket",
    "ssl",
    "aiohttp",
    "http",
    "urllib.request",
    "websockets",
    "threading",
}


def rooms() -> dict[str, set[str]]:
    """The rooms from the ground up, each with those it may import, as docs/architecture.md says."""
    table = TABLE.read_text(encoding="utf-8").partition("<!-- rooms: begin -->")[2]
    rows = table.partition("<!-- rooms: end -->")[0].strip().splitlines()[2:]
    found = {}
    for row in rows:
        room, _, may_import = (cell.strip() for cell in row.strip("|").split("|"))
        found[room.strip("`")] = set(re.findall(r"`([^`]+)`", may_import))
    return found


@cache
def arrows() -> dict[str, set[str]]:
    """Which room imports which."""
    return structure.room_arrows(MODULES)


def names(tree: ast.AST) -> set[str]:
    """What a module imports, by top names and full ones."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def importers(name: str) -> set[str]:
    """Modules of the package that import something."""
    return {module for module, read in MODULES.items() if name in names(read.tree)}


def test_every_room_has_a_row() -> None:
    """And no row is about a room that is gone."""
    assert set(rooms()) == set(arrows())


@pytest.mark.parametrize("room", rooms())
def test_a_room_imports_what_its_row_says(room: str) -> None:
    """An arrow more loses the order of the house; a row more tells what is no longer so."""
    assert arrows()[room] == rooms()[room]


def test_a_room_imports_only_rooms_above_its_row() -> None:
    """The table itself is an order."""
    table = rooms()
    order = list(table)
    wrong = [
        (room, other)
        for room, others in table.items()
        for other in others
        if order.index(other) >= order.index(room)
    ]
    assert wrong == []


def test_no_circle_among_files() -> None:
    """Whoever reads a file can read what it stands on first."""
    assert structure.circles(structure.file_arrows(MODULES)) == []


def test_the_package_does_not_import_its_own_top() -> None:
    """`from chatkit import ...` is for notebooks."""
    assert [room for room, others in arrows().items() if "" in others] == []


def test_few_modules_are_loose_and_no_folder_is_flat() -> None:
    """A reader finds a line's room from the folder's name."""
    loose = [name for name, module in MODULES.items() if module.room == name == module.path.stem]
    assert len(loose) <= MOST_LOOSE
    for folder in {module.path.parent for module in MODULES.values()}:
        assert len([*folder.glob("*.py")]) - 1 <= MOST_SIDE_BY_SIDE, folder


def test_nothing_but_the_command_line_imports_the_local_cloud() -> None:
    """It is reached over the network, so that what works there is what clients really sent."""
    for room, others in arrows().items():
        if room != "cli" and not room.startswith("localcloud"):
            assert not [other for other in others if other.startswith("localcloud")], room


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_does_not_know_how_the_cloud_is_put_together(service: str) -> None:
    """The composition and the daemon stand above all services."""
    for room, others in arrows().items():
        if room.startswith(f"localcloud/{service}"):
            assert "localcloud" not in others


def test_the_wire_opens_no_socket() -> None:
    """Protocol code is fed bytes and returns events."""
    for name, module in MODULES.items():
        if module.room == "wire":
            assert not NETWORK & names(module.tree), name


def test_set_up_imports_the_standard_library_only() -> None:
    """Before the environment is there, nothing else can be imported."""
    waiting = ["start", "__main__"]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        for imported in _at_the_top(MODULES[name]):
            own = imported.removeprefix("chatkit.")
            if own != imported:
                if own in MODULES and own not in seen:
                    waiting.append(own)
                continue
            top = imported.partition(".")[0]
            assert top in sys.stdlib_module_names or top in ("__future__", "chatkit"), (name, top)
    assert {"setup.environment", "setup.installers"} <= seen


def _at_the_top(module: Module) -> set[str]:
    """Imports that are carried out when the module is, not later in a function."""
    found: set[str] = set()
    for node in module.tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= names(node)
    return found


@pytest.mark.parametrize("name", ["__init__.py", "__main__.py", "pack/start.py"])
def test_the_first_files_parse_on_an_old_python(name: str) -> None:
    """An old Python reads these two before it can be told that it is too old."""
    source = (ROOT / "chatkit" / name).read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source, feature_version=(3, 4))):
        assert not isinstance(node, ast.JoinedStr | ast.AnnAssign | ast.NamedExpr), ast.unparse(
            node
        )
        assert not (isinstance(node, ast.ImportFrom) and node.module == "__future__")
        assert not (isinstance(node, ast.FunctionDef) and node.returns), "annotate in a comment"
        assert not (isinstance(node, ast.arg) and node.annotation), "annotate in a comment"


@pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)
def test_files_and_functions_stay_small(module: Module) -> None:
    """A file over 400 lines, a function over 60 or with more than five parameters is two things."""
    assert module.lines <= LONGEST_FILE
    for _, function in structure.functions({module.name: module}):
        assert structure.length(function) <= LONGEST_FUNCTION, f"{function.name} is long"
        assert positional(function) <= MOST_PARAMETERS, f"{function.name} takes many parameters"


def positional(function: structure.Function) -> int:
    """How many parameters can be given without a name, `self` apart."""
    arguments = [*function.args.posonlyargs, *function.args.args]
    return len([one for one in arguments if one.arg not in ("self", "cls")])


def test_one_module_knows_sockets() -> None:
    """Services are factories of protocols; ports.py asks the machine, accepting.py serves.

    The chat client shuts down its own connection, to play a lost one. The page's server stands on
    Python's own, and ends connections of it. The tunnel of az passes bytes on, before anything of
    the local cloud is imported. Linux says by a socket of its own who listens on a port.
    """
    assert importers("socket") <= {
        "core.accepting",
        "core.listeners",
        "core.ports",
        "core.peers.connecting_user",
        "core.peers.listening_users",
        "chat.client.link",
        "cloud.tools.tunnel",
        "steps.page_server",
    }


def test_one_module_starts_processes_that_run_beside_this_one() -> None:
    """The others run a command to its end, before the environment is there or in its place."""
    in_front = {
        *("core.system.programs", "setup.environment", "setup.installers", "setup.uv_by_pip"),
        *("pack.start", "setup.from_pack", "setup.packs", "pack.kit_wheel"),
        *("cli.test", "cloud.tools.azure_cli", "core.work.edited_in_place"),
        "testing.plugin",
    }
    no_more_than_a_constant = {"lesson.notebooks.execution"}
    assert importers("subprocess") <= {"core.processes"} | in_front | no_more_than_a_constant


def test_one_module_makes_certificates() -> None:
    """So one place decides about keys."""
    assert importers("trustme") == {"core.tls"}


def test_every_path_that_the_pages_name_exists() -> None:
    """A page that sends a reader to a file that is gone is worse than none."""
    for page in ("docs/architecture.md", "docs/contributing.md", "README.md", "CHANGELOG.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        named = re.findall(
            r"(?<![\w/.])((?:chatkit|tests|docs|content|functions|notebooks|\.ci|\.github)/[\w./-]*\w)",
            text,
        )
        assert named or page == "CHANGELOG.md"
        missing = [path for path in named if not (ROOT / path).exists()]
        assert missing == [], page
