"""The machines that a pack can be for: their wheels' tags, and how their markers are evaluated."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from packaging.requirements import Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.utils import parse_wheel_filename

from chatkit.core.errors import NoSuchChoice, NotOffered

OLDEST_PYTHON = (3, 11)
PATCHES = range(40)
"""A machine's Python 3.11 may be any 3.11.x: a marker that one of them fulfils counts."""
MACOS = (13, 0)
"""Wheels for it run there and on what is newer."""


@dataclass(frozen=True)
class Platform:
    """A system on a processor.

    Attributes:
        name: As `chatkit.setup.packs.here` gives it.
        tags: Of its wheels, the best first.
        os_name: The markers' values (PEP 508).
    """

    name: str
    tags: tuple[str, ...]
    os_name: str
    sys_platform: str
    platform_system: str
    platform_machine: str


def _manylinux(machine: str, oldest: int) -> tuple[str, ...]:
    """From glibc 2.28, which Debian 10 and RHEL 8 have, down to what manylinux began with."""
    versions = range(28, oldest - 1, -1)
    former = {12: f"manylinux2010_{machine}", 17: f"manylinux2014_{machine}"}
    tags: list[str] = []
    for version in versions:
        tags.append(f"manylinux_2_{version}_{machine}")
        if version in former:
            tags.append(former[version])
    return (*tags, f"manylinux1_{machine}") if oldest == 5 else tuple(tags)


def _linux(machine: str, oldest: int) -> Platform:
    tags = _manylinux(machine, oldest)
    return Platform(f"linux-{machine}", tags, "posix", "linux", "Linux", machine)


def _macos(machine: str) -> Platform:
    tags = tuple(mac_platforms(MACOS, machine))
    return Platform(f"macos-{machine}", tags, "posix", "darwin", "Darwin", machine)


PLATFORMS = {
    platform.name: platform
    for platform in (
        _linux("x86_64", oldest=5),
        _linux("aarch64", oldest=17),
        _macos("arm64"),
        _macos("x86_64"),
        Platform("windows-amd64", ("win_amd64",), "nt", "win32", "Windows", "AMD64"),
    )
}


@dataclass(frozen=True)
class Target:
    """A platform with a Python.

    Attributes:
        python: Its version: major and minor.
    """

    platform: Platform
    python: tuple[int, int]

    def __str__(self) -> str:
        return f"{self.platform.name} with Python {self.version}"

    @property
    def version(self) -> str:
        """The Python, as `3.12`."""
        return f"{self.python[0]}.{self.python[1]}"

    @property
    def abi(self) -> str:
        """The tag of wheels that are compiled for this Python alone."""
        return f"cp{self.python[0]}{self.python[1]}"

    def needs(self, requirement: Requirement) -> bool:
        """Whether a line of the lock counts there."""
        marker = requirement.marker
        return marker is None or any(marker.evaluate(self._environment(patch)) for patch in PATCHES)

    def takes(self, wheel: str) -> bool:
        """Whether its installers accept a wheel of this file name."""
        return not self._tags.isdisjoint(parse_wheel_filename(wheel)[3])

    @cached_property
    def _tags(self) -> frozenset[Tag]:
        platforms = self.platform.tags
        own = cpython_tags(self.python, [self.abi], platforms)
        return frozenset((*own, *compatible_tags(self.python, self.abi, platforms)))

    def _environment(self, patch: int) -> dict[str, str]:
        return {
            "implementation_name": "cpython",
            "os_name": self.platform.os_name,
            "platform_machine": self.platform.platform_machine,
            "platform_python_implementation": "CPython",
            "platform_system": self.platform.platform_system,
            "python_full_version": f"{self.version}.{patch}",
            "python_version": self.version,
            "sys_platform": self.platform.sys_platform,
        }


def targets(platforms: Iterable[str], pythons: Iterable[str]) -> list[Target]:
    """Every platform with every Python.

    Raises:
        NoSuchChoice: There is no such platform.
        NotOffered: That is no version, or one that the kit does not run on.
    """
    versions = [_version(text) for text in dict.fromkeys(pythons)]
    found: list[Target] = []
    for name in dict.fromkeys(platforms):
        if name not in PLATFORMS:
            raise NoSuchChoice("platform", name, tuple(PLATFORMS))
        found += [Target(PLATFORMS[name], version) for version in versions]
    return found


def _version(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d)\.(\d{1,2})", text)
    if match is None:
        raise NotOffered(f"{text!r} is no version of Python.", hint="Give it as 3.12.")
    version = int(match[1]), int(match[2])
    if version < OLDEST_PYTHON or version[0] > OLDEST_PYTHON[0]:
        raise NotOffered(f"chatkit does not run on Python {text}.", hint="It needs 3.11 or newer.")
    return version
