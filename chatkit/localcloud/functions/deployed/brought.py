"""Which packages a deployed app has: those that it brings, and those of Microsoft's Python worker.

What requirements.txt names and this environment has is not installed once more. It is written down,
and the app's process finds that alone: on Azure there is nothing else.
"""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from chatkit.core.files import private_folder, write_private
from chatkit.localcloud.functions.worker_process.chatkit_worker.brought import FILE

OF_THE_WORKER = (
    *("azure-functions", "azurefunctions-extensions-base", "grpcio", "grpcio-tools"),
    *("protobuf", "python-dateutil", "pip", "setuptools", "wheel"),
)
"""What an app finds on Azure without bringing it: the dependencies of azure-functions-worker 4
(pyproject.toml of https://github.com/Azure/azure-functions-python-worker), and what the image's
Python has.
"""


def write_down(folder: Path, requirements: Iterable[Requirement]) -> None:
    """Write down which of this environment's packages an app finds.

    Args:
        folder: The app.
        requirements: What it gets of this environment.
    """
    wanted = [*map(Requirement, OF_THE_WORKER), *requirements]
    packages = {*_with_what_they_need(wanted)}
    modules = {module for name in packages for module in _modules(name)}
    found = {"packages": sorted(packages), "modules": sorted(modules)}
    path = folder / FILE
    private_folder(path.parent)
    write_private(path, json.dumps(found))


def _with_what_they_need(requirements: Iterable[Requirement]) -> Iterator[str]:
    """The names of packages, and of those that they need; those that are not here are none."""
    left = [*requirements]
    seen = set[tuple[str, str]]()
    while left:
        requirement = left.pop()
        name = canonicalize_name(requirement.name)
        for extra in ("", *requirement.extras):
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            left += _needed(name, extra)
        yield name


def _needed(package: str, extra: str) -> Iterator[Requirement]:
    """What a package needs on this machine, by itself or for an extra."""
    try:
        lines = importlib.metadata.requires(package) or ()
    except importlib.metadata.PackageNotFoundError:
        return
    for line in lines:
        with suppress(InvalidRequirement):  # old packages have such
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                yield requirement


def _modules(package: str) -> Iterator[str]:
    """The names under which a package's modules are imported: `jwt`, `azure.storage.blob`.

    Of a package with all below it there is one name, in a namespace such as `azure` not its name.
    """
    try:
        distribution = importlib.metadata.distribution(package)
    except importlib.metadata.PackageNotFoundError:
        return
    if not distribution.files:  # a Linux distribution's packages tell their outermost names at best
        yield from (distribution.read_text("top_level.txt") or package.replace("-", "_")).split()
    paths = {PurePosixPath(file.as_posix()) for file in distribution.files or ()}
    for path in paths:
        if path.suffix in (".py", ".so", ".pyd") and ".." not in path.parts:
            folders = [*path.parents][-2::-1]  # from the outermost one; the last is "."
            whole = [one for one in folders if one / "__init__.py" in paths]
            root = whole[0] if whole else path.with_name(path.name.split(".")[0])
            yield ".".join(root.parts)
