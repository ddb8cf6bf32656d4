"""What another user of this machine gets at the ports of somebody's local cloud."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatkit.cloud.local_cloud import Endpoints, folder
from chatkit.core import ports
from tests.attacks.other_users import PROGRAMS, SERVERS
from tests.wheel.installed import ROOT
from tests.wheel.strangers import answer, is_refused

pytestmark = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can be another user"
)


@pytest.fixture
def addresses(local_cloud: Endpoints) -> Mapping[str, str]:
    """Where the local cloud's servers are, by their names in `cloud.json`."""
    assert local_cloud
    known: dict[str, str] = json.loads((folder() / "cloud.json").read_text(encoding="utf-8"))
    return known


@pytest.mark.parametrize("server", SERVERS)
def test_another_user_gets_no_answer_of_the_cloud(
    server: str, addresses: Mapping[str, str]
) -> None:
    """Its owner gets one; a secret that everybody knows, or none, opens nothing to others."""
    address = addresses[SERVERS[server]]
    assert is_refused(answer(address))
    assert not is_refused(answer(address, user=0))


@pytest.mark.parametrize("program", PROGRAMS)
def test_another_user_gets_no_answer_of_a_program(program: str, tmp_path: Path) -> None:
    """Neither of one that stands in the place of Core Tools or of Microsoft's emulator."""
    with running(PROGRAMS[program], tmp_path) as address:
        assert is_refused(answer(address))
        assert not is_refused(answer(address, user=0))


@contextmanager
def running(words: tuple[str, ...], home: Path) -> Iterator[str]:
    """A verb that serves at a port, until the block ends; yields its address."""
    port = ports.any_free()
    command = [sys.executable, "-m", "chatkit", *words, "--port", str(port)]
    variables = {**os.environ, "CHATKIT_HOME": str(home)}
    with subprocess.Popen(
        command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as it:
        assert it.stdout is not None
        try:
            assert any(str(port) in line for line in it.stdout)
            yield f"http://localhost:{port}/"
        finally:
            it.terminate()
            it.wait(30)
            subprocess.run([*command[:3], "stop"], env=variables, check=True, capture_output=True)
