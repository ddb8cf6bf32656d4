"""pyproject, the locks and environment.yml say the same, and name no place to download from."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests import node_locks

ROOT = Path(__file__).resolve().parents[2]
RUN_LOCK, TEST_LOCK = LOCKS = ("requirements.lock", "requirements-test.lock")
HUB_LOCK = "docs/jupyterhub/requirements.lock"
CONDA_PYTHON = "3.13"


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def environment() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    return content


def locked(name: str) -> dict[str, set[str]]:
    """Versions of each package in a lock; one per Python version at most differs."""
    versions: dict[str, set[str]] = {}
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        match = re.match(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", line)
        if match:
            versions.setdefault(canonicalize_name(match[1]), set()).add(match[2])
    return versions


def satisfied(requirement: str, versions: dict[str, set[str]]) -> bool:
    wanted = Requirement(requirement)
    return any(
        Version(version) in wanted.specifier
        for version in versions.get(canonicalize_name(wanted.name), ())
    )


def test_every_dependency_is_locked(project: dict[str, Any]) -> None:
    """A dependency without a lock would be missing in the environment that sets itself up."""
    versions = locked("requirements.lock")
    assert [
        entry for entry in project["project"]["dependencies"] if not satisfied(entry, versions)
    ] == []


def test_every_test_dependency_is_locked(project: dict[str, Any]) -> None:
    """The test lock has the runtime's packages, the extras' and the test group's."""
    versions = locked("requirements-test.lock")
    extras = [
        entry for extra in project["project"]["optional-dependencies"].values() for entry in extra
    ]
    wanted = [*project["project"]["dependencies"], *extras, *project["dependency-groups"]["test"]]
    assert [entry for entry in wanted if not satisfied(entry, versions)] == []


def test_tests_run_on_the_versions_that_people_get() -> None:
    """Every package of the runtime lock has the same version in the test lock."""
    people, tests = (locked(name) for name in LOCKS)
    assert {
        name: versions for name, versions in people.items() if tests.get(name) != versions
    } == {}


def test_a_hub_has_the_versions_that_people_get(project: dict[str, Any]) -> None:
    """Its image has every package of the runtime lock and the proxy, and a JupyterHub besides.

    An older version that the others have for one system is not in it: a hub runs on Linux.
    """
    hub, people, tests = locked(HUB_LOCK), locked(RUN_LOCK), locked(TEST_LOCK)
    assert [name for name in people if not hub.get(name)] == []
    for others in (people, tests):
        assert [name for name in hub.keys() & others.keys() if not hub[name] <= others[name]] == []
    (proxy,) = project["project"]["optional-dependencies"]["proxy"]
    own = (ROOT / "docs/jupyterhub/requirements.in").read_text(encoding="utf-8").splitlines()[1:]
    assert [entry for entry in [proxy, *own] if not satisfied(entry, hub)] == []


@pytest.mark.parametrize("name", [*LOCKS, HUB_LOCK])
def test_locks_are_hashed_and_name_no_address(name: str) -> None:
    """Which registry somebody uses is theirs to choose; what they get is not."""
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    entries = re.split(r"\n(?=[a-z0-9])", text)
    assert [
        entry.splitlines()[0]
        for entry in entries
        if entry.strip() and "--hash=sha256:" not in entry
    ] == []


@pytest.mark.parametrize("lock", node_locks.LOCKS, ids=lambda lock: lock.parent.name)
def test_npms_locks_are_hashed_and_name_no_address(lock: Path) -> None:
    """The same for the JavaScript clients; `make locks` takes out what npm writes down besides."""
    assert "://" not in lock.read_text(encoding="utf-8")
    packages = node_locks.packages(lock)
    assert (
        packages
        and [
            name
            for name, package in packages.items()
            if not package["integrity"].startswith("sha512-")
        ]
        == []
    )


def test_conda_environment_brings_python_and_the_package(environment: dict[str, Any]) -> None:
    """Conda gives Python and pip; the package's own metadata says the rest."""
    assert environment["channels"] == ["conda-forge", "nodefaults"]
    *conda, pip = environment["dependencies"]
    assert {entry.split("=")[0] for entry in conda} == {"python", "pip"}
    assert pip == {"pip": ["-e .[proxy]"]}


def test_a_binder_finds_the_environment_and_its_proxy(
    environment: dict[str, Any], project: dict[str, Any]
) -> None:
    """repo2docker reads the root's environment.yml unless a folder for Binder hides it.

    Without the proxy no page is reached.
    """
    assert environment["name"] and environment["channels"]
    assert not [
        name for name in ("binder", ".binder", "Dockerfile", "Pipfile") if (ROOT / name).exists()
    ]
    assert [
        Requirement(entry).name for entry in project["project"]["optional-dependencies"]["proxy"]
    ] == ["jupyter-server-proxy"]


def test_conda_python_is_one_the_package_supports(
    environment: dict[str, Any], project: dict[str, Any]
) -> None:
    """The Python that conda brings satisfies requires-python."""
    entry = next(entry for entry in environment["dependencies"] if str(entry).startswith("python="))
    assert entry == f"python={CONDA_PYTHON}"
    assert (
        Version(CONDA_PYTHON) in Requirement(f"x{project['project']['requires-python']}").specifier
    )


def test_the_command_and_the_module_are_the_same(project: dict[str, Any]) -> None:
    """`chatkit VERB` in an environment does what `python3 -m chatkit VERB` does."""
    assert project["project"]["scripts"] == {"chatkit": "chatkit.__main__:main"}


def test_the_version_has_one_place_and_a_line_in_the_changelog(project: dict[str, Any]) -> None:
    """The build reads it from the package, and people read what changed."""
    import chatkit

    assert project["tool"]["hatch"]["version"] == {"path": "chatkit/setup/version.py"}
    assert f"## [{chatkit.__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
