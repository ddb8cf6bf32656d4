"""The structure of `chatkit/` in figures: `python -m tests.project.structure` prints them.

A room is a folder with modules in it, or a module that stands alone on top. An arrow is an import
from one room to another, type-only and lazy ones included.
"""

from __future__ import annotations

import ast
import json
import statistics
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "chatkit"
TOP = ("__init__", "__main__")
"""Files of the package itself: they belong to no room."""

Graph = Mapping[str, set[str]]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One file of the package.

    Attributes:
        name: Dotted, without the package: `wire.framing`; a folder's own file is named as
            its folder.
        room: Where it is: `wire`, `localcloud/signalr`, `workshop`; empty for the package's
            own two files.
    """

    name: str
    room: str
    path: Path

    @cached_property
    def tree(self) -> ast.Module:
        """What stands in it."""
        return ast.parse(self.path.read_text(encoding="utf-8"))

    @cached_property
    def lines(self) -> int:
        """How many there are."""
        return self.path.read_text(encoding="utf-8").count("\n")


def read(root: Path = ROOT) -> dict[str, Module]:
    """Every module of the package, by its name."""
    folder = root / PACKAGE
    found = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        dotted = parts[:-1] if parts[-1] == "__init__" else parts
        name = ".".join(dotted)
        found[name] = Module(name, _room(parts), path)
    return found


def _room(parts: tuple[str, ...]) -> str:
    if len(parts) == 1:
        return "" if parts[0] in TOP else parts[0]
    return "/".join(parts[:-1])


def imports(module: Module, known: Mapping[str, Module]) -> Iterator[str]:
    """Names of the package's modules that a module imports, wherever in it the import stands."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = list(_imported(node, module, known))
        else:
            continue
        for name in names:
            if name == PACKAGE or name.startswith(f"{PACKAGE}."):
                yield name.removeprefix(PACKAGE).removeprefix(".")


def _imported(node: ast.ImportFrom, module: Module, known: Mapping[str, Module]) -> Iterator[str]:
    """`from a.b import c` names the module a.b.c when there is one, else a.b."""
    source = node.module or ""
    if node.level:
        at = list(module.path.relative_to(ROOT).parts[: -node.level])
        source = ".".join([*at, *filter(None, [source])])
    for alias in node.names:
        full = f"{source}.{alias.name}"
        yield full if full.removeprefix(f"{PACKAGE}.") in known else source


def file_arrows(modules: Mapping[str, Module]) -> dict[str, set[str]]:
    """Which module imports which."""
    return {
        name: {other for other in imports(module, modules) if other in modules and other != name}
        for name, module in modules.items()
    }


def room_arrows(modules: Mapping[str, Module]) -> dict[str, set[str]]:
    """Which room imports which. An import of the package's own two files goes to the empty name.

    A folder whose only file is a docstring holds other rooms and is none itself.
    """
    arrows: dict[str, set[str]] = {
        module.room: set()
        for module in modules.values()
        if module.room and len(module.tree.body) > 1
    }
    for name, others in file_arrows(modules).items():
        here = modules[name].room
        if here in arrows:
            arrows[here] |= {modules[other].room for other in others} - {here}
    return arrows


def circles(graph: Graph) -> list[list[str]]:
    """Groups of nodes that all reach each other (Tarjan's strongly connected components)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in graph.get(node, set()):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            at = stack.index(node)
            group = stack[at:]
            del stack[at:]
            if len(group) > 1:
                found.append(sorted(group))

    for node in graph:
        if node not in index:
            visit(node)
    return sorted(found)


def functions(modules: Mapping[str, Module]) -> Iterator[tuple[str, Function]]:
    """Every function, with its module's name."""
    for name, module in modules.items():
        for node in ast.walk(module.tree):
            if isinstance(node, Function):
                yield name, node


def length(function: Function) -> int:
    """Lines from `def` to its end."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def _count(modules: Mapping[str, Module], kind: type[ast.AST]) -> int:
    return sum(
        isinstance(node, kind) for module in modules.values() for node in ast.walk(module.tree)
    )


def _packed(modules: Mapping[str, Module]) -> int:
    """Assignments of a tuple to a tuple: `a, b = x, y`."""
    return sum(
        isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Tuple)
        and isinstance(node.value, ast.Tuple)
        for module in modules.values()
        for node in ast.walk(module.tree)
    )


def _any(modules: Mapping[str, Module]) -> int:
    return sum(
        isinstance(node, ast.Name) and node.id == "Any"
        for module in modules.values()
        for node in ast.walk(module.tree)
    )


def measure(root: Path = ROOT) -> dict[str, object]:
    """All figures, by their names."""
    modules = read(root)
    arrows = room_arrows(modules)
    lines = sum(module.lines for module in modules.values())
    importers = Counter(other for others in file_arrows(modules).values() for other in others)
    flat: dict[str, int] = defaultdict(int)
    for module in modules.values():
        if module.path.name != "__init__.py":
            flat[str(module.path.parent.relative_to(root))] += 1
    largest = max(flat, key=lambda folder: flat[folder])
    lengths = {f"{name}.{node.name}": length(node) for name, node in functions(modules)}
    longest = max(lengths, key=lambda name: lengths[name])
    return {
        "modules": len(modules),
        "rooms": len(arrows),
        "arrows between rooms": sum(len(others) for others in arrows.values()),
        "circles among files": [len(group) for group in circles(file_arrows(modules))],
        "circles among folders": circles(arrows),
        "loose modules": sum(
            module.room == name and module.path.stem == name for name, module in modules.items()
        ),
        "largest flat folder": f"{largest}: {flat[largest]}",
        "modules with one importer": sum(count == 1 for count in importers.values()),
        "lines": lines,
        "median function, lines": statistics.median(length(node) for _, node in functions(modules)),
        "longest function": f"{longest}: {lengths[longest]}",
        "conditional expressions per 1,000 lines": round(
            1000 * _count(modules, ast.IfExp) / lines, 1
        ),
        "packed assignments per 1,000 lines": round(1000 * _packed(modules) / lines, 1),
        "Any": _any(modules),
    }


def main() -> None:
    """Print the figures, as JSON with --json."""
    figures = measure()
    if "--json" in sys.argv:
        print(json.dumps(figures, indent=1))
        return
    width = max(len(name) for name in figures)
    for name, figure in figures.items():
        print(f"{name:<{width}}  {figure}")


if __name__ == "__main__":
    main()
