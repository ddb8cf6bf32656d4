"""Fixtures of the kit's own tests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatkit.cloud import local_cloud, targets
from chatkit.cloud.calls import Calls
from chatkit.cloud.connection import Cloud
from chatkit.cloud.stack import Stack
from chatkit.core.settings import Names
from tests.cloud.fake_azure import FakeAzure, cloud_over
from tests.localcloud.resource_manager.watching import Watch, watching


@pytest.fixture
def azure() -> FakeAzure:
    """A stand-in that answers 404 until told otherwise."""
    return FakeAzure()


@pytest.fixture
def cloud(azure: FakeAzure) -> Cloud:
    """A cloud whose SDK clients send to the stand-in."""
    return cloud_over(azure)


@pytest.fixture
def calls() -> Calls:
    """Calls nobody watches."""
    return Calls()


@pytest.fixture
def stack(cloud: Cloud, calls: Calls) -> Stack:
    """A chat room in that cloud, with names that fit into a line."""
    names = Names(
        resource_group="g",
        signalr="chatkit-x",
        storage_account="account",
        function_app="site",
        plan="plan",
    )
    return Stack(cloud, calls, names)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home of the kit."""
    monkeypatch.setenv("CHATKIT_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def running_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with a running local cloud, and with nothing left running at the end."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHATKIT_HOME", str(folder))
        local_cloud.start(folder / "local")
        yield folder
        local_cloud.stop(folder / "local")


@pytest.fixture(scope="module")
def watch(running_home: Path) -> Iterator[Watch]:
    """Whatever goes to Resource Manager goes by here, and is compared with Azure's models."""
    known = dict(local_cloud.read(running_home / "local"))
    with watching(known) as made, pytest.MonkeyPatch.context() as patch:
        patch.setattr(targets, "read", lambda _: {**known, "resource_manager": made.url})
        yield made


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """The smallest function app."""
    folder = tmp_path / "app"
    folder.mkdir()
    bundle = {"id": "Microsoft.Azure.Functions.ExtensionBundle", "version": "[4.*, 5.0.0)"}
    (folder / "host.json").write_text(
        json.dumps({"version": "2.0", "extensionBundle": bundle}), encoding="utf-8"
    )
    (folder / "requirements.txt").write_text("azure-functions\n", encoding="utf-8")
    (folder / "function_app.py").write_text("import azure.functions\n", encoding="utf-8")
    return folder
