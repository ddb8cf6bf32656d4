"""People of the local Entra ID who sign in with a device code, as `az login` does."""

from __future__ import annotations

import ssl
import urllib.parse
import urllib.request
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from azure.identity import DeviceCodeCredential

from chatkit.classroom.resources.groups import Place
from chatkit.cloud.calls import Calls
from chatkit.cloud.connection import Cloud
from chatkit.cloud.local_cloud import read
from chatkit.cloud.targets import connect_local

AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"


def owner(home: Path) -> Cloud:
    """The connection of who owns the subscription, as the kit has it on Azure."""
    return replace(connect_local(home), target="azure")


def place(home: Path) -> Place:
    """The same, for what works on a class."""
    return Place(owner(home), Calls())


def signed_in(home: Path, mail: str) -> Cloud:
    """The connection of a person; it makes the person when the directory has none of that name."""
    known = read(home / "local")

    def enter(uri: str, code: str, _ends: datetime) -> None:
        form = urllib.parse.urlencode({"otc": code, "user": mail}).encode()
        trusted = ssl.create_default_context(cafile=known["ca_file"])
        with urllib.request.urlopen(uri, form, context=trusted, timeout=20) as answer:
            assert answer.status == 200

    credential = DeviceCodeCredential(
        AZURE_CLI,
        tenant_id=known["tenant_id"],
        authority=known["authority"],
        disable_instance_discovery=True,
        connection_verify=known["ca_file"],
        prompt_callback=enter,
    )
    cloud = replace(owner(home), credential=credential)
    credential.get_token(*cloud.credential_scopes)
    return cloud
