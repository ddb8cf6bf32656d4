"""The wheel, built once, and an environment that has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.wheel import installed
from tests.wheel.installed import Installed


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    return installed.built(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def package(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """An environment in which it is installed."""
    return installed.installed(wheel, tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="session")
def course(package: Installed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `chatkit new` has laid out with it."""
    folder = tmp_path_factory.mktemp("work") / "a course"
    package.run("chatkit", "new", str(folder))
    return folder
