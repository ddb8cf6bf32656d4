"""For which machine which lines of the lock and which wheels count."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from packaging import tags
from packaging.requirements import Requirement

from chatkit.core.errors import NoSuchChoice, NotOffered
from chatkit.pack import locks
from chatkit.pack.platforms import PLATFORMS, Target, targets
from chatkit.setup import packs

ROOT = Path(__file__).resolve().parents[2]


def one(platform: str, python: str = "3.12") -> Target:
    return targets([platform], [python])[0]


@pytest.mark.parametrize(
    ("platform", "names"),
    [
        ("linux-x86_64", {"pexpect", "ptyprocess"}),
        ("macos-arm64", {"appnope", "pexpect", "ptyprocess"}),
        ("windows-amd64", {"colorama", "pywinpty"}),
    ],
)
def test_markers_are_those_of_the_other_machine(platform: str, names: set[str]) -> None:
    """pip would evaluate them for this one."""
    lock = locks.read(ROOT / "requirements.lock")
    needed = {entry.name for entry in lock if one(platform).needs(entry.requirement)}
    for_some = {"appnope", "colorama", "pexpect", "ptyprocess", "pywinpty"}
    assert needed & for_some == names and len(needed) > 100


def test_every_patch_of_a_python_counts() -> None:
    """The other machine's 3.11 may be older or newer than 3.11.5."""
    old, new = (Requirement(f"a; python_full_version {sign} '3.11.5'") for sign in ("<", ">="))
    assert one("linux-x86_64", "3.11").needs(old) and one("linux-x86_64", "3.11").needs(new)
    assert not one("linux-x86_64", "3.12").needs(old)


@pytest.mark.parametrize(
    ("wheel", "takers"),
    [
        ("a-1.0-py3-none-any.whl", {*PLATFORMS}),
        ("a-1.0-cp312-cp312-win_amd64.whl", {"windows-amd64"}),
        ("a-1.0-cp312-cp312-win32.whl", set()),
        ("a-1.0-cp311-abi3-macosx_11_0_arm64.whl", {"macos-arm64"}),
        ("a-1.0-cp312-cp312-macosx_10_9_universal2.whl", {"macos-arm64", "macos-x86_64"}),
        ("a-1.0-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", {"linux-x86_64"}),
        ("a-1.0-cp312-cp312-manylinux1_x86_64.whl", {"linux-x86_64"}),
        ("a-1.0-cp312-cp312-manylinux_2_39_x86_64.whl", set()),
        ("a-1.0-cp312-cp312-musllinux_1_2_x86_64.whl", set()),
        ("a-1.0-py3-none-manylinux_2_28_aarch64.whl", {"linux-aarch64"}),
        ("a-1.0-cp313-cp313-win_amd64.whl", set()),
        ("a-1.0-cp312-cp312t-win_amd64.whl", set()),
    ],
)
def test_a_machine_takes_its_own_wheels(wheel: str, takers: set[str]) -> None:
    """As packaging's tags say for it, and as old a system as the pack is for."""
    assert {name for name in PLATFORMS if one(name).takes(wheel)} == takers


def test_this_machine_installs_what_it_takes() -> None:
    """What a pack has for this machine, this interpreter's own tags have, too."""
    if packs.here() not in PLATFORMS:
        pytest.skip(f"chatkit packs nothing for {packs.here()}")
    own = {*tags.sys_tags()}
    assert {tag for tag in one(packs.here(), packs.this_python())._tags} <= own


@pytest.mark.parametrize(
    ("system", "built_for", "machine", "name"),
    [
        ("win32", "win-amd64", "AMD64", "windows-amd64"),
        ("win32", "win-arm64", "ARM64", "windows-arm64"),
        ("darwin", "macosx-11.0-universal2", "arm64", "macos-arm64"),
        ("darwin", "macosx-10.9-universal2", "x86_64", "macos-x86_64"),
        ("linux", "linux-aarch64", "aarch64", "linux-aarch64"),
    ],
)
def test_a_machine_knows_its_name(
    monkeypatch: pytest.MonkeyPatch, system: str, built_for: str, machine: str, name: str
) -> None:
    """On Windows by what its Python was built for, which a processor may only imitate."""
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr("sysconfig.get_platform", lambda: built_for)
    monkeypatch.setattr("platform.machine", lambda: machine)
    monkeypatch.setattr("sysconfig.get_config_var", lambda _name: "cpython-312-linux-gnu")
    assert packs.here() == name


def test_every_platform_comes_with_every_python_once() -> None:
    """In the order in which they were typed."""
    found = targets(["macos-arm64", "linux-x86_64", "macos-arm64"], ["3.13", "3.12", "3.13"])
    assert [str(target) for target in found] == [
        "macos-arm64 with Python 3.13",
        "macos-arm64 with Python 3.12",
        "linux-x86_64 with Python 3.13",
        "linux-x86_64 with Python 3.12",
    ]


def test_a_platform_that_is_none_is_named() -> None:
    """With the nearest that is one."""
    with pytest.raises(NoSuchChoice, match=r"no platform windows-x86_64.*windows-amd64"):
        targets(["windows-x86_64"], ["3.12"])


@pytest.mark.parametrize("version", ["3", "3.12.1", "three", "3.10", "2.7", "4.0", ""])
def test_a_python_that_chatkit_has_not_is_refused(version: str) -> None:
    """Before anything is fetched."""
    with pytest.raises(NotOffered):
        targets(["linux-x86_64"], [version])
