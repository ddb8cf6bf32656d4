"""Environment variables with which programs that know nothing of chatkit use the local cloud.

`DefaultAzureCredential()` asks one source after the other. A client secret in the environment would
be its first, and its last: for the local authority it wants to hear login.microsoftonline.com, and
there is no variable against that. So the secret stays out, and the chain comes to the managed
identity, for which there are variables.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from chatkit.cloud.local_cloud import Endpoints, identity_variables
from chatkit.core import tls
from chatkit.core.errors import SetupError

CONFIG_FOLDER = "chatkit-azure-cli"
"""az also reads `config` in folders of this name above the working directory."""
CLOUD_NAME = "ChatkitLocal"
TRUSTED_FILE = "trusted.pem"
METADATA = "/metadata/endpoints?api-version=2019-05-01"
"""az wants the list of clouds that this version answers."""
REMOVED = (
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_USERNAME",
    "AZURE_PASSWORD",
    "AZURE_FEDERATED_TOKEN_FILE",
)
"""They belong to another account, and `DefaultAzureCredential()` would ask with them first."""
PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")


def variables(
    known: Endpoints, where: Path, environment: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """What has to be set.

    Args:
        known: The local cloud that runs.
        where: Its folder.
        environment: Of the shell.

    Raises:
        SetupError: An older version of the kit has started the local cloud.
    """
    check_age(known)
    trusted = trusted_file(known, where, environment)
    return {
        "AZURE_TENANT_ID": known["tenant_id"],
        "AZURE_CLIENT_ID": known["client_id"],
        "AZURE_SUBSCRIPTION_ID": known["subscription_id"],
        "AZURE_AUTHORITY_HOST": known["authority"],
        "AZURE_RESOURCE_MANAGER": known["resource_manager"],
        **identity_variables(known),
        # Nobody's developer tools: when the local cloud does not answer, a program must not go on
        # with the token of a real account.
        "AZURE_TOKEN_CREDENTIALS": "prod",
        "ARM_TENANT_ID": known["tenant_id"],
        "ARM_CLIENT_ID": known["client_id"],
        "ARM_CLIENT_SECRET": known["client_secret"],
        "ARM_SUBSCRIPTION_ID": known["subscription_id"],
        "ARM_METADATA_HOSTNAME": known["resource_manager"].removeprefix("https://"),
        **cli_variables(known, where),
        "NODE_EXTRA_CA_CERTS": known["ca_file"],
        "REQUESTS_CA_BUNDLE": trusted,
        "SSL_CERT_FILE": trusted,
        **_direct(environment),
    }


def trusted_file(known: Endpoints, where: Path, environment: Mapping[str, str] = os.environ) -> str:
    """Write what programs trust on the local cloud, and return the file's path."""
    path = where / TRUSTED_FILE
    tls.write_trusted(path, Path(known["ca_file"]), environment)
    return str(path)


def check_age(known: Endpoints) -> None:
    """Look whether a local cloud knows what az and the SDKs ask here.

    Raises:
        SetupError: An older version of the kit has started it.
    """
    if "identity_header" not in known or "identity_endpoint" not in known:
        raise SetupError(
            "An older chatkit has started the local cloud.",
            hint="`chatkit local down`, then `chatkit local up`.",
        )


def others(environment: Mapping[str, str]) -> list[str]:
    """Variables of a shell that belong to another account, and have to go."""
    return [name for name in REMOVED if name in environment]


def cli_variables(known: Endpoints, where: Path) -> dict[str, str]:
    """What az reads: another configuration than the person's, with no cloud but the local one."""
    return {
        "AZURE_CONFIG_DIR": str(where / CONFIG_FOLDER),
        "AZURE_CLOUD_NAME": CLOUD_NAME,
        "ARM_CLOUD_METADATA_URL": f"{known['resource_manager']}{METADATA}",
        # Else MSAL asks login.microsoftonline.com whether it knows the local authority.
        "AZURE_CORE_INSTANCE_DISCOVERY": "false",
        # Windows' own account window knows Microsoft's accounts only.
        "AZURE_CORE_ENABLE_BROKER_ON_WINDOWS": "false",
        "AZURE_CORE_COLLECT_TELEMETRY": "false",
    }


def _direct(environment: Mapping[str, str]) -> dict[str, str]:
    """Where the shell has a proxy, it must not get what is for this machine."""
    if not any(environment.get(name) or environment.get(name.lower()) for name in PROXIES):
        return {}
    given = environment.get("NO_PROXY") or environment.get("no_proxy") or ""
    names = [name.strip() for name in given.split(",") if name.strip()]
    for name in ("localhost", "127.0.0.1"):
        if name not in names:
            names.append(name)
    return {"NO_PROXY": ",".join(names), "no_proxy": ",".join(names)}
