"""The tree of errors as the first page of its module draws it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import chatkit
from chatkit.core import errors

# Programs of their own, which run when they are imported or not at all here.
PROGRAMS = ("chatkit.__main__", "chatkit.localcloud.functions.worker_process.chatkit_worker")
INDENT = 4


def drawn() -> dict[str, str]:
    """Each class of the drawing with the class above it."""
    parents: dict[str, str] = {}
    path: list[str] = []
    lines = (errors.__doc__ or "").splitlines()
    for line in lines[lines.index("ChatkitError") :]:
        if not line.strip():
            continue
        depth = (len(line) - len(line.lstrip())) // INDENT
        name = line.split()[0]
        path = [*path[:depth], name]
        assert name not in parents, f"{name} is drawn twice"
        parents[name] = path[-2] if depth else ""
    return parents


def below(parent: type[errors.ChatkitError]) -> Iterator[type[errors.ChatkitError]]:
    """A class's subclasses in the package, and theirs."""
    for child in parent.__subclasses__():
        if child.__module__.startswith("chatkit."):
            yield child
            yield from below(child)


def test_the_drawing_is_the_tree() -> None:
    """Every error of the package stands in it, below its base, and nothing else does."""
    for module in pkgutil.walk_packages(chatkit.__path__, "chatkit."):
        if not module.name.startswith(PROGRAMS):
            importlib.import_module(module.name)
    known = {one.__name__: one.__bases__[0].__name__ for one in below(errors.ChatkitError)}
    assert drawn() == {"ChatkitError": "", **known}
