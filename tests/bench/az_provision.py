"""The az CLI makes the tutorial's resources on a local cloud that runs.

One command after another, as a script does.
"""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
import time
from pathlib import Path

import certifi

GROUP = ("-g", "azbench")
REGION = ("-l", "eastus2")
COMMANDS = (
    ("group", "create", "-n", "azbench", *REGION),
    (
        "signalr",
        "create",
        "-n",
        "azbench-hub",
        *GROUP,
        *REGION,
        "--sku",
        "Free_F1",
        "--service-mode",
        "Serverless",
    ),
    (
        "storage",
        "account",
        "create",
        "-n",
        "azbenchstore",
        *GROUP,
        *REGION,
        "--sku",
        "Standard_LRS",
    ),
    (
        *(
            "functionapp",
            "create",
            "-n",
            "azbench-api",
            *GROUP,
            "-s",
            "azbenchstore",
            "--flexconsumption-location",
            "eastus2",
        ),
        *("--runtime", "python", "--runtime-version", "3.12", "--disable-app-insights"),
    ),
)


def duration_s(home: Path) -> float | None:
    """Seconds that az takes for all commands; None without az."""
    executable = os.environ.get("CHATKIT_AZ") or shutil.which("az")
    if not executable:
        return None
    environment = sign_in(executable, home)
    begin = time.perf_counter()
    for command in COMMANDS:
        run(executable, environment, command)
    duration = time.perf_counter() - begin
    run(executable, environment, ("group", "delete", "-n", "azbench", "--yes"))
    return duration


def sign_in(executable: str, home: Path) -> dict[str, str]:
    """Point az at the local cloud; returns its environment."""
    known = json.loads((home / "local" / "cloud.json").read_text(encoding="utf-8"))
    public = Path(ssl.get_default_verify_paths().cafile or certifi.where()).read_bytes()
    bundle = home / "bundle.pem"
    bundle.write_bytes(public + Path(known["ca_file"]).read_bytes())
    own = {
        "AZURE_CONFIG_DIR": str(home / "az"),
        "AZURE_CORE_COLLECT_TELEMETRY": "0",
        "REQUESTS_CA_BUNDLE": str(bundle),
    }
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AZURE_")},
        **own,
    }
    addresses = (
        *(
            "--endpoint-resource-manager",
            known["resource_manager"],
            "--endpoint-management",
            known["resource_manager"],
        ),
        *(
            "--endpoint-active-directory",
            known["authority"],
            "--endpoint-microsoft-graph-resource-id",
            known["graph"],
        ),
        *("--endpoint-active-directory-resource-id", "https://management.core.windows.net/"),
        *("--endpoint-active-directory-graph-resource-id", "https://graph.microsoft.com/"),
    )
    run(executable, environment, ("cloud", "register", "-n", "Local", *addresses))
    run(executable, environment, ("cloud", "set", "-n", "Local"))
    run(executable, environment, ("config", "set", "core.instance_discovery=false"))
    who = ("-u", known["client_id"], "-p", known["client_secret"], "--tenant", known["tenant_id"])
    run(executable, environment, ("login", "--service-principal", *who))
    return environment


def run(executable: str, environment: dict[str, str], words: tuple[str, ...]) -> None:
    """One command.

    Raises:
        RuntimeError: It failed; with what it said.
    """
    done = subprocess.run(
        [executable, *words, "-o", "none"],
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=600,
    )
    if done.returncode:
        raise RuntimeError(f"az {' '.join(words[:2])}: {done.stderr[-1000:]}")
