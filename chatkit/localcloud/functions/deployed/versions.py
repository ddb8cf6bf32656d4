"""What a site keeps: versions of its app on disk, which one is active, the functions it has."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path

from chatkit.core.system.moving import discard_tree, remove
from chatkit.localcloud.core.store import Document, Store
from chatkit.localcloud.functions.host.spec import FunctionInfo


class Versions:
    """The versions of one site's app, each named after the deployment that made it."""

    def __init__(self, store: Store, site: str, folder: Path) -> None:
        self._store = store
        self._site = site
        self._folder = folder

    @property
    def active(self) -> str:
        """The version that serves; empty before the first one."""
        return str(self._record().get("active", ""))

    @property
    def package(self) -> str:
        """Of which package address the active version is, as a fingerprint; empty of none."""
        return str(self._record().get("package", ""))

    @property
    def log_file(self) -> Path:
        """Where the app's console is kept."""
        return self._folder / "app.log"

    def folder_of(self, version: str) -> Path:
        """Where a version's files are, or will be."""
        return self._folder / "versions" / version

    def activate(self, version: str) -> None:
        """Let another version be the active one; nothing is known about its functions yet."""
        self._store.put("sites", self._site, {"active": version, "functions": []})

    def keep_package(self, fingerprint: str) -> None:
        """Remember of which package address the active version is."""
        self._store.put("sites", self._site, {**self._record(), "package": fingerprint})

    def remove_inactive(self) -> None:
        """Delete the files of versions that do not serve."""
        _remove(self._inactive())

    async def remove_inactive_aside(self) -> None:
        """Do the same on another thread: an app may have many files."""
        # Found here: the next deployment, which may begin meanwhile, makes a folder as well.
        await asyncio.to_thread(_remove, self._inactive())

    def _inactive(self) -> list[Path]:
        active = self.active
        folders = (self._folder / "versions").glob("*")
        return [folder for folder in folders if folder.name != active]

    def new_upload(self, name: str) -> Path:
        """A path for an incoming package."""
        return self._folder / f"{name}.upload"

    def remove_uploads(self) -> None:
        """Delete packages whose upload a stop of the local cloud interrupted."""
        for upload in self._folder.glob("*.upload"):
            remove(upload)

    def functions(self) -> list[FunctionInfo]:
        """The functions of the active version as last indexed."""
        known = self._record().get("functions", [])
        return [FunctionInfo(**{**item, "bindings": tuple(item["bindings"])}) for item in known]

    def keep_functions(self, functions: list[FunctionInfo]) -> None:
        """Remember what the active version has indexed."""
        documents = [asdict(info) for info in functions]
        self._store.put("sites", self._site, {**self._record(), "functions": documents})

    def forget(self) -> None:
        """Delete the record."""
        self._store.delete("sites", self._site)

    def _record(self) -> Document:
        return self._store.get("sites", self._site) or {}


def _remove(folders: list[Path]) -> None:
    for folder in folders:
        discard_tree(folder)
