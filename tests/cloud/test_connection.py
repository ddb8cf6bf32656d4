"""The connection to a cloud, and its clients."""

from __future__ import annotations

from dataclasses import replace

from chatkit.cloud.connection import Cloud
from tests.cloud.fake_azure import Credential


def test_azure_is_reached_at_its_own_addresses_with_system_trust() -> None:
    """Endpoints, scope and authority are the SDKs' defaults."""
    kwargs = Cloud(
        target="azure", subscription_id="s", tenant_id="t", credential=Credential()
    ).client_kwargs()
    assert kwargs["base_url"] == "https://management.azure.com"
    assert kwargs["credential_scopes"] == ["https://management.azure.com/.default"]
    assert "connection_verify" not in kwargs
    assert kwargs["polling_interval"] == 5


def test_clients_are_made_once(cloud: Cloud) -> None:
    """Some take a second to load."""
    assert cloud.web() is cloud.web()


def test_a_changed_connection_has_clients_of_its_own(cloud: Cloud) -> None:
    """Those of the old one would go on to its addresses, as whom it was."""
    client = cloud.web()
    assert replace(cloud, tenant_id="another").web() is not client
    assert cloud.web() is client
