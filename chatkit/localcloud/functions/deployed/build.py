"""The build step of a deployment.

What requirements.txt names is there already, or gets installed beside the app.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import importlib.util
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from chatkit.core.files import write_private
from chatkit.core.processes import run_child
from chatkit.core.reading import texts
from chatkit.localcloud.functions.host.errors import PackageRejected
from chatkit.setup import packs
from chatkit.setup.installers import only_from

PACKAGES = Path(".python_packages") / "lib" / "site-packages"
LIMIT_S = 300.0
Log = Callable[[str], None]


async def install_requirements(folder: Path, log: Log) -> list[Requirement]:
    """Make sure that everything in an app's requirements.txt can be imported.

    What this environment satisfies costs nothing; where it lacks anything, all goes to
    `.python_packages`, as a remote build does it.

    Returns:
        What the app gets of this environment.

    Raises:
        PackageRejected: The file is malformed or the installation failed; the installer's output is
            in the log.
    """
    path = folder / "requirements.txt"
    if not path.is_file():
        return []
    satisfied, missing = await asyncio.to_thread(compare, path)
    if not missing:
        log("Every requirement is satisfied by the environment.")
        return satisfied
    log(f"Installing {', '.join(missing)} ...")
    target = folder / PACKAGES
    _as_utf8(path)
    command = installer(target, path)
    if await _is_in_pack(command, log):
        return []
    code = await _run(command, log)
    if code != 0:
        raise PackageRejected(
            "requirements.txt could not be installed; the log has the installer's output.",
            hint="Check the names and versions, and the network.",
        )
    return []


async def _is_in_pack(command: list[str], log: Log) -> bool:
    """Whether the pack that this environment came in has all that is wanted; then it is installed.

    It may have been the only source, and an index that nobody reaches takes its time to say so.
    """
    wheels = packs.wheels()
    if wheels is None:
        return False
    log(f"Looking in the pack's packages, {wheels} ...")
    if await _run([*command, *only_from(wheels)], log) == 0:
        return True
    log("They are not all there; asking the package index ...")
    return False


def _as_utf8(path: Path) -> None:
    """Write a file with a byte order mark anew: pip reads UTF-16, which PowerShell writes, uv not.

    A constraints file that it names is not looked at.
    """
    content = path.read_bytes()
    text = texts.decode(content, errors="replace").encode()
    if text != content:
        write_private(path, text)


def compare(path: Path) -> tuple[list[Requirement], list[str]]:
    """What of a requirements.txt this environment satisfies, and the lines that it does not.

    Lines for pip itself count among these; one for another system counts among neither.

    Raises:
        PackageRejected: A line is no requirement.
    """
    satisfied = list[Requirement]()
    missing = list[str]()
    for number, line in enumerate(texts.read(path, errors="replace").splitlines(), start=1):
        text = line.split(" #")[0].strip()
        if not text or text.startswith("#"):
            continue
        if text.startswith("-"):
            missing.append(text)
            continue
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            raise PackageRejected(
                f"Line {number} of requirements.txt is not a requirement: '{text[:100]}'."
            ) from None
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        if _is_satisfied(requirement):
            satisfied.append(requirement)
        else:
            missing.append(text)
    return satisfied, missing


def _is_satisfied(requirement: Requirement) -> bool:
    if requirement.url or requirement.extras:
        return False
    try:
        version = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return requirement.specifier.contains(version, prereleases=True)


def installer(target: Path, requirements: Path) -> list[str]:
    """The command that installs: uv where it is found, else pip, else the environment's own uv.

    Raises:
        PackageRejected: Neither is there.
    """
    common = ["--target", str(target), "-r", str(requirements)]
    uv = shutil.which("uv")
    has_pip = importlib.util.find_spec("pip") is not None
    if not uv and not has_pip:  # an environment from a pack
        uv = shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv:
        return [uv, "pip", "install", "--python", sys.executable, *common]
    if has_pip:
        return [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--disable-pip-version-check",
            "--no-input",
            *common,
        ]
    raise PackageRejected(
        "requirements.txt names packages that are not here, and there is neither uv nor pip to"
        " install them with. Install uv (https://docs.astral.sh/uv/), then `chatkit local down`"
        " and `chatkit local up`."
    )


async def _run(command: list[str], log: Log) -> int:
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "NO_COLOR": "1"}
    try:
        async with asyncio.timeout(LIMIT_S):
            return await run_child(command, environment=environment, on_line=log)
    except TimeoutError:
        log(f"The installation took longer than {LIMIT_S:.0f} s and was ended.")
        return 1
