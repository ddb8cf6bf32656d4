"""A used home: one that 0.1.0 left after section 10, opened by this version, and not running."""

from __future__ import annotations

import asyncio
import json
import shutil
from contextlib import closing
from pathlib import Path

from chatkit.core import settings
from chatkit.core.home import state
from chatkit.localcloud.cloud import LocalCloud
from chatkit.localcloud.core.platform import PORTS
from chatkit.localcloud.core.store import Store
from chatkit.localcloud.storage.state.repository import BLOBS
from tests.steps import old_homes

SERVER = {
    "name": "functions",
    "pid": 2**22,
    "created": 1.0,
    "port": 7071,
    "folder": "/gone/my-chat/functions",
    "files": "",
}


def make(home: Path) -> None:
    """Fill an empty folder."""
    old_homes.make("0.1.0", home)
    open_and_close(home / "local")
    with closing(Store(home / "local" / "state.db")) as store:
        # Each copy chooses free ones when it starts.
        for owner, _ in [*store.items(PORTS)]:
            store.delete(PORTS, owner)
        # A port is in the page's configuration, which differs from the one that was uploaded.
        for key, document in [*store.items(BLOBS)]:
            if key.endswith("/config.json"):
                document["headers"].pop("Content-MD5")
                store.put(BLOBS, key, document)
        store.copy_to(home / "local" / state.COPY)
    settings.save(home, settings.load(home))
    (home / "timings.json").write_text('{"local": {"Signing in": 0.5}}', encoding="utf-8")
    (home / "steps.json").write_text('{"local": {}}', encoding="utf-8")
    (home / "notebooks.json").write_text('{"00-start-here.ipynb": []}', encoding="utf-8")
    (home / "servers").mkdir()
    (home / "servers" / "functions.json").write_text(json.dumps(SERVER), encoding="utf-8")
    (home / "logs").mkdir()
    (home / "logs" / "functions.log").write_text("started\n", encoding="utf-8")
    for name in ("lock", "cloud.log", "cloud.out"):
        (home / "local" / name).write_text("1\n", encoding="utf-8")


def copy(made: Path, home: Path) -> None:
    """Make another one like it."""
    shutil.copytree(made, home, dirs_exist_ok=True)


def open_and_close(where: Path) -> tuple[str, str]:
    """Start a local cloud's services without their ports; return its tenant and subscription.

    Raises:
        HomeUnusable: Its files cannot be used.
    """
    cloud = LocalCloud(where, on_stop=lambda: None)
    asyncio.run(cloud.platform.close())
    return cloud.entra.directory.tenant_id, cloud.resource_manager.context.subscription_id
