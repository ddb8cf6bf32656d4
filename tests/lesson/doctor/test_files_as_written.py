"""The doctor reads the learner's files as the Functions host does."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chatkit.lesson.doctor.probes import PROBES
from chatkit.lesson.doctor.snapshot.folder import Folder

BUNDLE = "Microsoft.Azure.Functions.ExtensionBundle"
HOST = '// mine\n{"version": "2.0", "extensionBundle": {"id": "%s", "version": "[4.*, 5.0.0)"},}'


def probe(key: str, folder: Folder) -> str:
    """What a problem's probe says of a folder."""
    snapshot: Any = SimpleNamespace(folder=folder, facts=SimpleNamespace(signalr="chat"))
    return PROBES[key](snapshot)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """An empty function app and page."""
    return Folder(tmp_path, tmp_path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("channel", ["", ".Preview", ".Experimental"])
def test_a_bundle_is_found_in_a_file_with_comments(
    folder: Folder, channel: str, encoding: str
) -> None:
    """Previews have the SignalR bindings, too."""
    text = HOST % f"{BUNDLE}{channel}"
    (folder.functions / "host.json").write_text(text, encoding=encoding)
    assert probe("bundle-missing", folder) == ""


def test_another_bundle_is_none(folder: Folder) -> None:
    """Workflows' has no SignalR bindings."""
    (folder.functions / "host.json").write_text(HOST % f"{BUNDLE}.Workflows", encoding="utf-8")
    assert "does not name" in probe("bundle-missing", folder)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("AzureSignalRConnectionString__serviceUri", ""),
        ("AzureSignalRConnectionString:serviceUri", ""),
        ("AzureSignalRConnectionString__clientId", "has no AzureSignalRConnectionString, but"),
        ("AzureSignalRConnection", "has no AzureSignalRConnectionString, but"),
    ],
)
def test_an_address_without_a_key_is_no_missing_connection_string(
    folder: Folder, name: str, said: str
) -> None:
    """Functions sign in to it, here and in Azure."""
    values = json.dumps({"Values": {name: "http://localhost:8888"}})
    (folder.functions / "local.settings.json").write_text(values, encoding="utf-8")
    found = probe("connection-string-missing", folder)
    assert said in found and bool(said) == bool(found)


def test_settings_of_a_file_with_comments_are_read(folder: Folder) -> None:
    """And those of one with a comma too many."""
    text = '{"Values": {"A": "1", /* mine */},}'
    (folder.functions / "local.settings.json").write_text(text, encoding="utf-8")
    assert folder.values == {"A": "1"}
