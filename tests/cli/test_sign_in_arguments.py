"""Where a verb with sign-in in front looks for the local Entra."""

from __future__ import annotations

import json
import os
from pathlib import Path

from chatkit.cli.sign_in_arguments import Told

KNOWN = {
    "authority": "https://localhost:1",
    "graph": "https://localhost:2",
    "tenant_id": "t",
    "ca_file": "ca.pem",
    "client_id": "c",
    "client_secret": "s",
}


def test_the_entra_is_where_the_local_cloud_says_now(tmp_path: Path) -> None:
    """Each file that the cloud writes counts; while it is down or half-written, nothing is told."""
    told = Told(tmp_path)
    path = tmp_path / "cloud.json"
    found: list[str] = []
    for number, text in enumerate(
        ("", json.dumps(KNOWN), json.dumps({**KNOWN, "authority": "https://localhost:3"}), "{")
    ):
        if text:
            path.write_text(text, encoding="utf-8")
            os.utime(path, ns=(number, number))
        entra = told.entra()
        found.append(entra.authority if entra else "")
    assert found == ["", "https://localhost:1", "https://localhost:3", ""]
