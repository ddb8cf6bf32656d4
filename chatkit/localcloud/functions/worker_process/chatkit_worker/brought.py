"""Hides from a deployed app what its environment has and the app does not bring.

On this machine an app runs in the kit's Python, which has much more than requirements.txt names. On
Azure an app finds what it brings, and what the worker has; with the rest it would not load there.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

OWN = __name__.partition(".")[0]
FILE = Path(".python_packages") / "environment.json"


class Brought(MetaPathFinder):
    """Finds modules as Python does, but of the environment only some.

    Args:
        modules: The names that may be found there, each with what is below it.
        packages: Their packages, as `importlib.metadata` may tell of them.
    """

    def __init__(self, modules: Iterable[str], packages: Iterable[str]) -> None:
        self._modules = frozenset(modules)
        self._namespaces = frozenset(
            name.rsplit(".", depth)[0]
            for name in self._modules
            for depth in range(1, name.count(".") + 1)
        )
        self._packages = frozenset(packages)
        self._environment = frozenset(
            os.path.normpath(entry) for entry in sys.path if not _is_standard(entry)
        )

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Find a module; one that is hidden may still be the app's own."""
        if self._may_be_found(fullname):
            return PathFinder.find_spec(fullname, path, target)
        entries = sys.path if path is None else path
        rest = [entry for entry in entries if not self._is_below_one(entry, fullname.count("."))]
        return PathFinder.find_spec(fullname, rest, target)

    def find_distributions(self, *args: Any, **options: Any) -> Iterable[Any]:
        """What `importlib.metadata` is told."""
        from importlib.metadata import MetadataPathFinder

        for found in MetadataPathFinder.find_distributions(*args, **options):
            is_hidden = self._is_below_one(str(found.locate_file("")), 0)
            # One that was removed by halves has no name.
            if not is_hidden or _canonical(found.name or "") in self._packages:
                yield found

    def invalidate_caches(self) -> None:
        """Look at the folders anew."""
        PathFinder.invalidate_caches()

    def hides(self, name: str, spec: ModuleSpec) -> bool:
        """Whether a module is the environment's, and not one that the app brings."""
        if self._may_be_found(name):
            return False
        places = [*(spec.submodule_search_locations or ())]
        if not places and spec.has_location:
            places = [str(spec.origin)]
        return any(self._is_below_one(place, name.count(".") + 1) for place in places)

    def _may_be_found(self, name: str) -> bool:
        """Whether the environment's module of a name is not hidden."""
        words = name.split(".")
        if words[0] in sys.stdlib_module_names or name in self._namespaces:
            return True
        return any(".".join(words[:end]) in self._modules for end in range(1, len(words) + 1))

    def _is_below_one(self, place: str, depth: int) -> bool:
        """Whether a place is so many folders below an entry of the environment's path.

        Not at any depth: the app may lie below such an entry, in a checkout of the kit for example,
        and a package that the app finds may add a folder of its own to the path, as setuptools do.
        """
        for _ in range(depth):
            place = os.path.dirname(place)
        return os.path.normpath(place) in self._environment


def hide_the_rest(folder: str) -> None:
    """Hide what an app does not bring; an app that was not deployed has the whole environment.

    Call it before the app's own folders are put on the path.
    """
    try:
        found = json.loads((Path(folder) / FILE).read_text(encoding="utf-8"))
    except OSError:
        return
    finder = Brought({*found["modules"], OWN}, found["packages"])
    sys.meta_path[sys.meta_path.index(PathFinder)] = finder
    # azure-functions imports some that it can do without.
    for name, module in [*sys.modules.items()]:
        if (spec := getattr(module, "__spec__", None)) and finder.hides(name, spec):
            del sys.modules[name]


def is_hidden(name: str) -> bool:
    """Whether a module that was not found is in this Python, and is hidden."""
    if not any(isinstance(finder, Brought) for finder in sys.meta_path):
        return False
    words = name.split(".")
    path: Sequence[str] | None = None
    for end in range(1, len(words) + 1):
        spec = PathFinder.find_spec(".".join(words[:end]), path)
        if spec is None:
            return False
        path = spec.submodule_search_locations or ()
    return True


def _is_standard(entry: str) -> bool:
    """Whether an entry of the path is Python's own, or one of the app's settings."""
    library = os.path.dirname(os.__file__)
    return (
        entry.endswith(".zip")
        or entry in (library, os.path.join(library, "lib-dynload"))
        or entry in os.environ.get("PYTHONPATH", "").split(os.pathsep)
    )


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
