"""Where the SDKs go, on either target."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chatkit.cloud import local_cloud, targets
from chatkit.cloud.connection import Cloud
from chatkit.core.errors import NotStarted, SetupError
from tests.cloud.fake_azure import Credential, FakeAzure, cloud_over

SUBSCRIPTIONS = [
    {"subscriptionId": "1111", "displayName": "Class", "tenantId": "t1", "state": "Enabled"},
    {"subscriptionId": "2222", "displayName": "Private", "tenantId": "t2", "state": "Enabled"},
]


@pytest.fixture
def signed_in(azure: FakeAzure, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeAzure:
    """Somebody who is signed in to Azure, with two subscriptions and no default."""
    make: Callable[..., Cloud] = Cloud

    def over(**fields: Any) -> Cloud:
        return cloud_over(azure) if not fields["subscription_id"] else make(**fields)

    monkeypatch.setattr(targets, "Cloud", over)
    monkeypatch.setattr("azure.identity.ChainedTokenCredential", lambda *chain: Credential())
    monkeypatch.setenv("AZURE_CONFIG_DIR", str(tmp_path))
    monkeypatch.delenv("CHATKIT_SUBSCRIPTION", raising=False)
    azure.on("GET", "subscriptions[?]", (200, {"value": SUBSCRIPTIONS}, {}))
    return azure


@pytest.mark.parametrize("wanted", ["2222", "private"])
def test_the_environment_names_the_subscription(
    signed_in: FakeAzure, monkeypatch: pytest.MonkeyPatch, wanted: str
) -> None:
    """By id or by name."""
    monkeypatch.setenv("CHATKIT_SUBSCRIPTION", wanted)
    cloud = targets.connect_azure()
    assert (cloud.subscription_id, cloud.tenant_id) == ("2222", "t2")


def test_the_default_of_az_counts(signed_in: FakeAzure, tmp_path: Path) -> None:
    """Its profile is a file with a byte order mark."""
    profile = {
        "subscriptions": [{"id": "2222", "isDefault": False}, {"id": "1111", "isDefault": True}]
    }
    (tmp_path / "azureProfile.json").write_text(json.dumps(profile), encoding="utf-8-sig")
    assert targets.connect_azure().subscription_id == "1111"


def test_the_only_subscription_is_taken(signed_in: FakeAzure) -> None:
    """No question without a choice."""
    signed_in.on("GET", "subscriptions[?]", (200, {"value": SUBSCRIPTIONS[:1]}, {}))
    assert targets.connect_azure().subscription_id == "1111"


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [("", "2 subscriptions"), ("nobody", "0 subscriptions .* called nobody")],
)
def test_a_choice_that_cannot_be_made_is_said(
    signed_in: FakeAzure, monkeypatch: pytest.MonkeyPatch, wanted: str, sentence: str
) -> None:
    """Resources that cost money never go where nobody expects them."""
    monkeypatch.setenv("CHATKIT_SUBSCRIPTION", wanted)
    with pytest.raises(SetupError, match=sentence):
        targets.connect_azure()


def test_the_local_cloud_is_reached_where_its_file_says(tmp_path: Path) -> None:
    """Nothing else differs."""
    at = {
        "tenant_id": "00000000-0000-0000-0000-000000000001",
        "client_id": "c",
        "client_secret": "s3cret",
        "authority": "https://localhost:1",
        "subscription_id": "sub",
        "resource_manager": "https://localhost:2",
        "graph": "https://localhost:3",
        "ca_file": str(tmp_path / "ca.pem"),
    }
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "cloud.json").write_text(json.dumps(at), encoding="utf-8")
    cloud = targets.connect_local(tmp_path)
    assert cloud.client_kwargs()["base_url"] == "https://localhost:2"
    assert cloud.client_kwargs()["connection_verify"] == str(tmp_path / "ca.pem")
    assert cloud.app_scheme == "http"
    assert "s3cret" not in repr(cloud)


@pytest.mark.parametrize("text", [None, "", "{"])
def test_a_local_cloud_that_does_not_run_is_said(tmp_path: Path, text: str | None) -> None:
    """With the command that starts it."""
    (tmp_path / "local").mkdir()
    if text is not None:
        (tmp_path / "local" / "cloud.json").write_text(text, encoding="utf-8")
    with pytest.raises(NotStarted, match="chatkit local up"):
        targets.connect_local(tmp_path)
    assert local_cloud.running(tmp_path / "local") is None
