"""Fixtures of the kit's own tests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chatkit.calls import Calls
from chatkit.cloud import Cloud
from tests.kit.fake_azure import FakeAzure, cloud_over


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
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home of the kit."""
    monkeypatch.setenv("CHATKIT_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """The smallest function app."""
    folder = tmp_path / "app"
    folder.mkdir()
    bundle = {"id": "Microsoft.Azure.Functions.ExtensionBundle", "version": "[4.*, 5.0.0)"}
    (folder / "host.json").write_text(json.dumps({"version": "2.0", "extensionBundle": bundle}))
    (folder / "requirements.txt").write_text("azure-functions\n")
    (folder / "function_app.py").write_text("import azure.functions\n")
    return folder
