"""Versions of an app on disk: those that do not serve are removed, and no others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.functions.deployed.versions import Versions


async def test_a_deployment_that_begins_meanwhile_keeps_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A busy machine removes the versions before last while the next one is unpacked."""
    platform = Platform.open(tmp_path / "cloud")
    versions = Versions(platform.store, "site", tmp_path / "site")

    async def later(work: Callable[..., None], *arguments: object) -> None:
        versions.folder_of("third").mkdir()
        work(*arguments)

    for name in ("first", "second"):
        versions.folder_of(name).mkdir(parents=True)
    versions.activate("second")
    monkeypatch.setattr(asyncio, "to_thread", later)
    await versions.remove_inactive_aside()
    left = {folder.name for folder in (tmp_path / "site" / "versions").iterdir()}
    assert left == {"second", "third"}
    await platform.close()
