"""The files that administrators copy: what they name is there, and scripts do what they say."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from chatkit.setup.version import VERSION
from tests.jupyterhub.hub import SETUP
from tests.wheel.installed import ROOT

pytestmark = pytest.mark.skipif(os.name == "nt", reason="hubs run on Linux")
SERVER = "jupyter_server_config.d/chatkit.json"
PYTHON = """#!/bin/sh
case "$1" in -c) echo {prefix} ;; *) echo "$@" >>{prefix}/asked ;; esac
"""


def script(path: Path, text: str) -> Path:
    """Write a program."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a script in the checkout."""
    environment = {**os.environ, **variables}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, encoding="utf-8"
    )


def test_the_server_loads_an_extension_that_is_there() -> None:
    """Jupyter's server says of one that is not only a line in its log."""
    config = json.loads((SETUP / "etc" / "jupyter" / SERVER).read_text(encoding="utf-8"))
    (name,) = config["ServerApp"]["jpserver_extensions"]
    extension = importlib.import_module(name)
    assert extension._jupyter_server_extension_points() == [{"module": name}]
    assert callable(extension._load_jupyter_server_extension)


def test_every_hub_starts_servers_alike() -> None:
    """With the kernels that have cards, at the first notebook."""
    values: dict[str, Any] = yaml.safe_load((SETUP / "values.yaml").read_text(encoding="utf-8"))
    ours = (SETUP / "jupyterhub_config.d" / "chatkit.py").read_text(encoding="utf-8")
    assert f'"{values["singleuser"]["cmd"][1]}"' in ours
    assert f'"{values["singleuser"]["defaultUrl"]}"' in ours
    first = values["singleuser"]["defaultUrl"].rpartition("/")[2]
    assert (ROOT / "notebooks" / first).exists()


def test_the_image_copies_what_is_there() -> None:
    """All but the wheel, which is built before."""
    text = (SETUP / "Dockerfile").read_text(encoding="utf-8")
    copied = re.findall(r"^COPY (\S+) \S+$", text, re.M)
    assert copied and [name for name in copied if not name.startswith("dist/")] == [
        name for name in copied if (ROOT / name).exists()
    ]


@pytest.mark.parametrize("home", ["kept", "of the image"])
def test_binder_gets_what_the_server_reads(tmp_path: Path, home: str) -> None:
    """And where homes are kept a package, which keeps what somebody makes in their home."""
    python = script(tmp_path / "bin" / "python", PYTHON.format(prefix=tmp_path))
    where = str(ROOT) if home == "of the image" else str(tmp_path)
    done = run("./postBuild", HOME=where, PATH=f"{python.parent}:{os.environ['PATH']}")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "etc" / "jupyter" / SERVER).exists()
    asked = tmp_path / "asked"
    assert (home == "kept") == (
        asked.exists() and "pip install" in asked.read_text(encoding="utf-8")
    )


def test_a_machine_without_tljh_is_told_so(tmp_path: Path) -> None:
    """And nothing is written there."""
    wheel = tmp_path / "chatkit.whl"
    wheel.touch()
    prefix = tmp_path / "tljh"
    done = run(str(SETUP / "tljh.sh"), str(wheel), TLJH_INSTALL_PREFIX=str(prefix))
    assert done.returncode == 1 and "no JupyterHub of TLJH" in done.stderr
    assert not prefix.exists()
    assert run(str(SETUP / "tljh.sh"), "no.whl").returncode == 2


def test_tljh_has_limits_that_a_workshop_fits_into(tmp_path: Path) -> None:
    """The script sets memory and idle time by TLJH's own command, and reloads the hub last."""
    python = script(tmp_path / "user" / "bin" / "python", PYTHON.format(prefix=tmp_path))
    script(tmp_path / "hub" / "bin" / "tljh-config", python.read_text(encoding="utf-8"))
    wheel = tmp_path / "chatkit-0-py3-none-any.whl"
    wheel.touch()
    done = run(str(SETUP / "tljh.sh"), str(wheel), TLJH_INSTALL_PREFIX=str(tmp_path))
    assert done.returncode == 0, done.stderr
    asked = (tmp_path / "asked").read_text(encoding="utf-8").splitlines()
    assert asked[0].endswith(f" {wheel}[proxy]") and asked[1].endswith(f" {wheel}")
    assert asked[2:] == ["set limits.memory 1G", "set services.cull.timeout 3600", "reload"]
    assert (tmp_path / "config" / "jupyterhub_config.d" / "chatkit.py").exists()


def test_images_and_wheels_are_named_by_this_version() -> None:
    """Whoever copies a line gets what is described."""
    for name in ("docs/jupyterhub.md", "docs/jupyterhub/Dockerfile", "docs/jupyterhub/values.yaml"):
        text = (ROOT / name).read_text(encoding="utf-8")
        named = re.findall(r'chatkit(?::|-)(\d+\.\d+\.\d+)|tag: "([\d.]+)"', text)
        assert {version for pair in named for version in pair if version} == {VERSION}, name
