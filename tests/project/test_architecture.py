"""The house keeps its shape: which room may import which, how big a room is, what runs on an old Python."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "chatkit"
GROUND = {"errors", "files", "display", "public_urls"}
KIT = GROUND | {"settings", "cloud", "calls", "hints", "wire"}
ALLOWED: dict[str, set[str]] = {
    "wire": {"errors"},
    "chat": GROUND | {"wire"},
    "provision": KIT | {"publish"},
    "publish": KIT | {"provision"},
    "localcloud": {"errors", "files", "wire", "public_urls"},
    "localcloud.entra": {"errors", "files", "wire"},
    "localcloud.storage": {"errors", "files", "wire", "localcloud.entra"},
    "localcloud.signalr": {"errors", "files", "wire"},
    "localcloud.functions": {
        "errors",
        "files",
        "wire",
        "localcloud.entra",
        "localcloud.easy_auth",
        "localcloud.storage",
    },
    "localcloud.easy_auth": {"errors", "files", "wire", "localcloud.entra"},
    "localcloud.resource_manager": {
        *("errors", "files", "wire"),
        *("localcloud.entra", "localcloud.storage", "localcloud.signalr", "localcloud.functions"),
    },
}
GROUND_OF_THE_LOCAL_CLOUD = {
    "platform",
    "store",
    "listeners",
    "trace",
    "web",
    "tls",
    "lock",
    "either",
}
SOCKETS = {
    "asyncio",
    "socket",
    "ssl",
    "aiohttp",
    "http",
    "urllib.request",
    "requests",
    "websockets",
    "threading",
}
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
MOST_PARAMETERS = 5


def sources(folder: Path = PACKAGE) -> list[Path]:
    return [path for path in sorted(folder.rglob("*.py")) if "__pycache__" not in path.parts]


def imports(path: Path) -> Iterator[str]:
    """Names of imported modules; `from chatkit import errors` counts as chatkit.core.errors."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(module: str) -> str:
    """The room of a dotted name below chatkit: `wire`, `localcloud.entra`, `localcloud` for its ground, `errors`."""
    parts = module.split(".")[1:]
    if (
        parts[:1] == ["localcloud"]
        and len(parts) > 1
        and (PACKAGE / "localcloud" / parts[1]).is_dir()
    ):
        return ".".join(parts[:2])
    return parts[0] if parts else ""


def room_of(path: Path) -> str:
    return room(".".join(path.relative_to(ROOT).with_suffix("").parts))


def is_room(name: str) -> bool:
    parts = name.split(".")
    return (PACKAGE.joinpath(*parts)).is_dir() or (
        PACKAGE.joinpath(*parts).with_suffix(".py")
    ).is_file()


@pytest.mark.parametrize("name", sorted(ALLOWED))
def test_a_room_imports_only_what_it_may_know(name: str) -> None:
    """The directions of the design hold: wire knows nobody, provision knows the cloud only, services know their ground."""
    ground = {"localcloud"} if name.startswith("localcloud") else set()
    for path in sources():
        if room_of(path) != name or path.name in ("cloud.py", "daemon.py"):
            continue
        for module in imports(path):
            if module.startswith("chatkit.") and is_room(room(module)):
                assert room(module) in ALLOWED[name] | {name} | ground, (
                    f"{path.relative_to(ROOT)} imports {module}"
                )


def test_services_stand_on_the_ground_of_the_local_cloud_only() -> None:
    """No service imports the daemon, the composition or the control endpoint."""
    for path in sources(PACKAGE / "localcloud"):
        if path.parent == PACKAGE / "localcloud":
            continue
        for module in imports(path):
            parts = module.split(".")
            if (
                parts[:2] == ["chatkit", "localcloud"]
                and len(parts) > 2
                and room(module) == "localcloud"
            ):
                assert parts[2] in GROUND_OF_THE_LOCAL_CLOUD, (
                    f"{path.relative_to(ROOT)} imports {module}"
                )


def test_nothing_but_the_command_line_imports_the_local_cloud() -> None:
    """What works against the local cloud is what the clients really sent: it is reached over the network only."""
    for path in sources():
        if room_of(path).split(".")[0] not in ("cli", "localcloud"):
            assert not [m for m in imports(path) if m.startswith("chatkit.localcloud")], (
                path.relative_to(ROOT)
            )


def test_nothing_imports_the_command_line() -> None:
    """Verbs are the top of the house."""
    for path in sources():
        if room_of(path) not in ("cli", "environment", "__main__"):
            assert not [m for m in imports(path) if m.startswith("chatkit.cli")], path.relative_to(
                ROOT
            )


def test_the_wire_opens_no_socket() -> None:
    """Protocol code is fed bytes and returns events."""
    for path in sources(PACKAGE / "wire"):
        assert not SOCKETS & set(imports(path)), path.relative_to(ROOT)


def test_self_setup_imports_the_standard_library_only() -> None:
    """Before the environment is there, nothing else can be imported."""
    import sys

    for name in ("__main__.py", "environment.py", "installers.py"):
        for module in imports(PACKAGE / name):
            top = module.split(".")[0]
            assert top in sys.stdlib_module_names or top in ("__future__", "chatkit"), (
                f"{name} imports {module}"
            )


@pytest.mark.parametrize("name", ["__init__.py", "__main__.py"])
def test_the_first_files_parse_on_an_old_python(name: str) -> None:
    """An old Python reads these two before it can be told that it is too old."""
    source = (PACKAGE / name).read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source, feature_version=(3, 4))):
        assert not isinstance(node, ast.JoinedStr | ast.AnnAssign | ast.NamedExpr), ast.unparse(
            node
        )
        assert not (isinstance(node, ast.ImportFrom) and node.module == "__future__")
        assert not (isinstance(node, ast.FunctionDef) and node.returns), "annotate in a comment"
        assert not (isinstance(node, ast.arg) and node.annotation), "annotate in a comment"


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_small(path: Path) -> None:
    """A file over 400 lines, a function over 60 or with more than five parameters is two things."""
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, f"{node.name} is long"
            assert positional(node) <= MOST_PARAMETERS, f"{node.name} takes many parameters"


def positional(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    names = [
        argument.arg
        for argument in (*node.args.posonlyargs, *node.args.args)
        if argument.arg not in ("self", "cls")
    ]
    return len(names)
