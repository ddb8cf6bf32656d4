"""Makes a home as an older version left it, with keys and ports of its own (`tests/data/homes`)."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import sqlite3
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from chatkit.core.ports import any_free

HOMES = Path(__file__).parents[1] / "data" / "homes"
VENDOR = Path(__file__).parents[2] / "content" / "vendor"
PLACEHOLDER = re.compile(r"\{\{(\w+)(?: ([^ }]+))?(?: (\d+))?\}\}")
BLOBS = Path("local/blobs/chatkitusg4zs")
VENDORED = {
    "0c5848469236ce29385f71b8": "signalr.min.js",
    "4d3435747eb2b6c544201ee3": "vue.runtime.global.prod.js",
}


class Values:
    """What goes into the placeholders: the same text for the same one."""

    def __init__(self) -> None:
        self._ports: dict[str, int] = {}
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        self._pem = json.dumps(pem.decode())[1:-1]

    def fill(self, text: str) -> str:
        """The text with a value in each placeholder."""
        return PLACEHOLDER.sub(self._value, text)

    def _value(self, found: re.Match[str]) -> str:
        kind, name, size = found.groups()
        if kind == "pem":
            return self._pem
        if kind == "port":
            return str(self._ports.setdefault(name, any_free()))
        content = hashlib.shake_256(name.encode()).digest(int(size))
        if kind == "hex":
            return content.hex()
        if kind == "standard":
            return base64.b64encode(content).decode()
        secret = base64.urlsafe_b64encode(content)
        return hashlib.sha256(secret).hexdigest() if kind == "sha256" else secret.decode()


def make(version: str, home: Path) -> None:
    """Fill an empty folder with the home of a version."""
    values = Values()
    source = HOMES / version / "home"
    for path in sorted(source.rglob("*")):
        if path.is_file():
            target = home / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(values.fill(path.read_bytes().decode("latin-1")).encode("latin-1"))
    for blob, name in VENDORED.items():
        shutil.copy(VENDOR / name, home / BLOBS / blob)
    shutil.copytree(VENDOR, home / "my-chat" / "content" / "vendor")
    documents = json.loads(
        values.fill((HOMES / version / "state.json").read_text(encoding="utf-8"))
    )
    with sqlite3.connect(home / "local" / "state.db") as state:
        state.execute(
            "CREATE TABLE documents (collection TEXT, key TEXT, value TEXT,"
            " PRIMARY KEY (collection, key)) WITHOUT ROWID"
        )
        rows = [(collection, key, json.dumps(value)) for collection, key, value in documents]
        state.executemany("INSERT INTO documents VALUES (?, ?, ?)", rows)
    state.close()
