"""The az CLI, unmodified, on a real local cloud: only its endpoints and its CA bundle are set.

Install it outside the project (`python -m venv … && pip install azure-cli`) and put it on the PATH
or into CHATKIT_AZ.
"""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import certifi
import pytest

from tests.localcloud.resource_manager.watching import Watch, watching
from tests.tools import Tools

ROOT = Path(__file__).parents[4]


@dataclass
class Az:
    """az, signed in to a local cloud of its own."""

    executable: str
    folder: Path
    known: dict[str, Any]
    watch: Watch

    def __call__(self, *words: str) -> Any:
        """Run one command and return its JSON."""
        done = subprocess.run(
            [self.executable, *words, "-o", "json"],
            env=self.environment(),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=300,
            cwd=self.folder,
        )
        assert done.returncode == 0, f"az {' '.join(words[:3])}: {done.stderr[-2000:]}"
        return json.loads(done.stdout) if done.stdout.strip() else None

    def environment(self) -> dict[str, str]:
        """The variables that az runs with."""
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("AZURE_")},
            # az imports many modules for each command; from the second on they are compiled.
            "PYTHONDONTWRITEBYTECODE": "",
            "AZURE_CONFIG_DIR": str(self.folder / "az"),
            "AZURE_CORE_COLLECT_TELEMETRY": "0",
            "AZURE_CORE_ONLY_SHOW_ERRORS": "1",
            "REQUESTS_CA_BUNDLE": str(self.folder / "bundle.pem"),
            # What reads the template of --template-uri; `chatkit az` sets both, too.
            "SSL_CERT_FILE": str(self.folder / "bundle.pem"),
        }


@pytest.fixture
def az(tmp_path: Path, tools: Tools) -> Iterator[Az]:
    """A local cloud in a process of its own, and az signed in to it with the service principal."""
    executable = os.environ.get("CHATKIT_AZ") or tools.program("az")
    process = subprocess.Popen(
        [sys.executable, "-m", "chatkit.localcloud.daemon", str(tmp_path / "local")], cwd=ROOT
    )
    try:
        file = tmp_path / "local" / "cloud.json"
        end = time.monotonic() + 60
        while not file.exists():
            assert process.poll() is None and time.monotonic() < end
            time.sleep(0.05)
        known = json.loads(file.read_text(encoding="utf-8"))
        public = Path(ssl.get_default_verify_paths().cafile or certifi.where()).read_bytes()
        (tmp_path / "bundle.pem").write_bytes(public + Path(known["ca_file"]).read_bytes())
        with watching(known) as watch:
            yield signed_in(Az(executable, tmp_path, known, watch))
    finally:
        process.terminate()
        process.wait(20)


def signed_in(made: Az) -> Az:
    """az, told where the cloud is and signed in with its service principal."""
    known = made.known
    at = f"{made.watch.url}/"  # az joins some of its addresses without a slash
    made(
        *("cloud", "register", "-n", "Local"),
        *("--endpoint-resource-manager", at, "--endpoint-management", at),
        *(
            "--endpoint-active-directory",
            known["authority"],
            "--endpoint-microsoft-graph-resource-id",
            known["graph"],
        ),
        *("--endpoint-active-directory-resource-id", "https://management.core.windows.net/"),
        *("--endpoint-active-directory-graph-resource-id", "https://graph.microsoft.com/"),
    )
    made("cloud", "set", "-n", "Local")
    made("config", "set", "core.instance_discovery=false")
    secret = (
        "-u",
        known["client_id"],
        "-p",
        known["client_secret"],
        "--tenant",
        known["tenant_id"],
    )
    made("login", "--service-principal", *secret)
    return made
