"""The sentence of the README: after `eval "$(chatkit local env)"` the SDKs use the local cloud."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.homes import workshop_in
from tests.tools import TESTS, Tools

PYTHON = """
import json, os
from azure.identity import DefaultAzureCredential
from azure.mgmt.storage import StorageManagementClient
from azure.storage.blob import BlobServiceClient
with DefaultAzureCredential() as credential:
    with StorageManagementClient(
        credential,
        os.environ["AZURE_SUBSCRIPTION_ID"],
        base_url=os.environ["AZURE_RESOURCE_MANAGER"],
        credential_scopes=["https://management.azure.com/.default"],
    ) as client:
        (account,) = client.storage_accounts.list()
    with BlobServiceClient(account.primary_endpoints.blob, credential) as blobs:
        print(json.dumps([account.name, [one.name for one in blobs.list_containers()]]))
"""
# Another account in the shell: the lines take it away.
OTHER = {"AZURE_CLIENT_SECRET": "real", "AZURE_USERNAME": "alice", "AZURE_PASSWORD": "real"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home whose local cloud has a group and a storage account."""
    folder = tmp_path_factory.mktemp("env") / "home"
    with workshop_in(folder) as workshop:
        workshop.create_resource_group()
        workshop.create_storage_account()
        yield folder


def typed(home: Path, *program: str, cwd: Path | None = None) -> list[object]:
    """The JSON that a program prints in a shell that has evaluated the lines."""
    chatkit = shlex.join([sys.executable, "-m", "chatkit"])
    script = f'eval "$({chatkit} local env)" && exec {shlex.join(program)}'
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "ARM_"))
    }
    done = subprocess.run(
        ["sh", "-c", script],
        env={**environment, **OTHER, "CHATKIT_HOME": str(home)},
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    printed: list[object] = json.loads(done.stdout)
    return printed


def test_pythons_default_credential_needs_no_argument(home: Path) -> None:
    """Resource Manager and storage, with an unmodified SDK."""
    name, containers = typed(home, sys.executable, "-c", PYTHON)
    assert str(name).startswith("chatkit") and isinstance(containers, list)


@pytest.mark.tools
def test_javascripts_default_credential_needs_no_argument(home: Path, tools: Tools) -> None:
    """The same with Microsoft's packages for Node."""
    node = tools.program("node")
    tools.node_package("node", "@azure/identity")
    (group,) = typed(home, node, "default-credential.mjs", cwd=TESTS / "node")
    assert str(group).startswith("chatkit")


@pytest.mark.slow
@pytest.mark.tools
def test_the_az_of_that_shell_has_no_other_account(home: Path, tools: Tools) -> None:
    """It knows the local cloud alone, and nobody is signed in to anything else."""
    az = os.environ.get("CHATKIT_AZ") or tools.program("az")
    (cloud,) = typed(home, az, "cloud", "list", "--query", "[].name", "-o", "json")
    assert cloud == "ChatkitLocal"
    assert typed(home, az, "account", "list", "--only-show-errors", "-o", "json") == []
