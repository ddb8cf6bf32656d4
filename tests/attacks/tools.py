"""Attempts around the Azure CLI on the local cloud: its tunnel, and what it could reach."""

from __future__ import annotations

from tests.attacks.group import Group

# What another program of the machine asks the tunnel for, and how it is answered.
STRANGERS: dict[str, tuple[str, str]] = {
    "without the password": ("CONNECT localhost:{port} HTTP/1.1\r\n\r\n", "407"),
    "with another password": (
        "CONNECT localhost:{port} HTTP/1.1\r\nProxy-Authorization: Basic Y2hhdGtpdDp4\r\n\r\n",
        "407",
    ),
    "with a password that is not text": (
        "CONNECT localhost:{port} HTTP/1.1\r\nProxy-Authorization: Basic \xff\r\n\r\n",
        "407",
    ),
    "a request that is no CONNECT": ("GET http://localhost:{port}/ HTTP/1.1\r\n\r\n", "400"),
    "a port that is none": ("CONNECT localhost:99999 HTTP/1.1\r\n\r\n", "400"),
    "no HTTP at all": ("\x16\x03\x01\r\n\r\n", "400"),
    "a head that does not end": ("X" * 20_000, "400"),
}
# Where a local command must not arrive, whatever az has built its address from.
IN_AZURE = (
    "management.azure.com",
    "login.microsoftonline.com",
    "graph.microsoft.com",
    "prod.blob.core.windows.net",
    "PROD.BLOB.CORE.WINDOWS.NET.",
    "prod.vault.azure.net",
    "prod.azurewebsites.net",
    "prod.service.signalr.net",
    "dc.services.visualstudio.com",
)
# What the person's shell has for real Azure, and az must not get.
OF_THE_PERSON: dict[str, str] = {
    "AZURE_CLIENT_SECRET": "real",
    "AZURE_STORAGE_KEY": "cmVhbA==",
    "AZURE_STORAGE_SAS_TOKEN": "sv=2024&sig=real",
    "AZURE_STORAGE_CONNECTION_STRING": (
        "DefaultEndpointsProtocol=https;AccountName=prod;AccountKey=cmVhbA==;"
        "EndpointSuffix=core.windows.net"
    ),
    "AZURE_EXTENSION_DIR": "~/.azure/cliextensions-of-alice",
    "ARM_CLIENT_SECRET": "real",
    "HTTPS_PROXY": "http://alice:secret@proxy.example:3128",
    "NO_PROXY": "localhost,.azure.com",
}
GROUPS = (
    Group(
        "Other programs at the tunnel of an az that runs",
        "test_az_tunnel.py",
        "test_a_stranger_gets_nothing_through_the_tunnel",
        tuple(STRANGERS),
    ),
    Group(
        "Addresses in Azure that a local az could come to",
        "test_az_tunnel.py",
        "test_nothing_leaves_for_azure",
        IN_AZURE,
    ),
    Group(
        "Variables of a real account in the shell that types `chatkit az`",
        "test_cli_az.py",
        "test_nothing_of_the_persons_account_reaches_az",
        tuple(OF_THE_PERSON),
    ),
)
