"""The environment of a hub, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.jupyterhub.hub import tljh
from tests.tools import Tools
from tests.wheel import installed


@pytest.fixture(scope="session")
def user(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What our script has made of a TLJH: the environment of its users."""
    tools.node_package("jupyterhub", "configurable-http-proxy")
    wheel = installed.built(tmp_path_factory.mktemp("dist"))
    return tljh(tmp_path_factory.mktemp("tljh"), wheel)
