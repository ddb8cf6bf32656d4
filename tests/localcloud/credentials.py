"""Credentials that a person makes from what `chatkit local status --json` shows.

They are azure-identity's own, unmodified. Whoever makes one closes it.
"""

from __future__ import annotations

from collections.abc import Mapping

from azure.identity import ClientSecretCredential
from azure.identity.aio import ClientSecretCredential as AioClientSecretCredential


def credential_of(known: Mapping[str, str]) -> ClientSecretCredential:
    """The credential for blocking clients.

    Args:
        known: `tenant_id`, `client_id`, `client_secret`, `authority` and `ca_file`.
    """
    return ClientSecretCredential(
        known["tenant_id"],
        known["client_id"],
        known["client_secret"],
        authority=known["authority"],
        disable_instance_discovery=True,
        connection_verify=known["ca_file"],
    )


def aio_credential_of(known: Mapping[str, str]) -> AioClientSecretCredential:
    """The credential for awaited clients, from the same entries."""
    return AioClientSecretCredential(
        known["tenant_id"],
        known["client_id"],
        known["client_secret"],
        authority=known["authority"],
        disable_instance_discovery=True,
        connection_verify=known["ca_file"],
    )
