"""The tutorial's job with Microsoft's JavaScript ARM packages, unmodified, over TLS."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from tests.localcloud.resource_manager.arm_cloud import LocalCloud
from tests.tools import Tools

FOLDER = Path(__file__).parents[3] / "node"


def test_the_javascript_packages_do_the_tutorials_job(
    cloud: LocalCloud, tools: Tools, tmp_path: Path
) -> None:
    """Group, SignalR with keys, storage, Flex app with settings and CORS; all deleted again."""
    node = tools.program("node")
    tools.node_package("node", "@azure/arm-signalr")
    known = tmp_path / "known.json"
    known.write_text(json.dumps(cloud.endpoints), encoding="utf-8")
    environment = {**os.environ, "NODE_EXTRA_CA_CERTS": cloud.endpoints["ca_file"]}
    done = subprocess.run(
        [node, "arm-tutorial.mjs", str(known)],
        cwd=FOLDER,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen.pop("types") == [
        "Microsoft.SignalRService/SignalR",
        "Microsoft.Storage/storageAccounts",
        "Microsoft.Web/serverFarms",
        "Microsoft.Web/sites",
    ]
    assert seen == {
        "signalr": "Succeeded",
        "connectionString": True,
        "blob": True,
        "keys": 2,
        "site": "blobcontainer",
        "settings": ["AzureSignalRConnectionString", "GREETING"],
        "cors": ["http://127.0.0.1:1"],
        "masterKey": True,
        "exists": False,
        "error": [404, "ResourceGroupNotFound"],
    }
    assert not (cloud.planes.instances or cloud.planes.accounts or cloud.planes.sites)
