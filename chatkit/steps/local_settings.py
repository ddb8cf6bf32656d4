"""`local.settings.json`: what the functions get as environment on this machine.

It is never deployed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NotRequired, TypedDict, cast

from chatkit.cloud.how.masking import mask_setting
from chatkit.core.errors import AppFileDamaged
from chatkit.core.files import write_private
from chatkit.core.public_urls import origins
from chatkit.core.reading import app_json
from chatkit.core.settings import Known
from chatkit.core.work.course_choice import is_tutorial

FILE = "local.settings.json"
SIGNALR_SETTING = "AzureSignalRConnectionString"
STORAGE_SETTING = "AzureWebJobsStorage"
DEVELOPMENT_STORAGE = "UseDevelopmentStorage=true"
# The development account of every storage emulator. Its key is no secret: Microsoft's page about
# Azurite prints it.
DEVELOPMENT_URL = "http://127.0.0.1:10000/devstoreaccount1"
DEVELOPMENT_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
PAGE_ORIGIN = "http://127.0.0.1:5500"
PORT = 7071
AGAIN = "rename it, and workshop.write_local_settings() writes another one"


def storage_for(dev_storage: str) -> str:
    """The value of AzureWebJobsStorage for a development storage at an address."""
    if dev_storage in ("", DEVELOPMENT_URL):
        return DEVELOPMENT_STORAGE
    return (
        "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;"
        f"AccountKey={DEVELOPMENT_KEY};BlobEndpoint={dev_storage};"
    )


class Host(TypedDict, total=False):
    """Options of the local function host."""

    LocalHttpPort: int
    CORS: str
    CORSCredentials: bool


class LocalSettings(TypedDict):
    """The file. What else somebody wrote into it stays there, unseen."""

    IsEncrypted: NotRequired[bool]
    Values: dict[str, str]
    Host: NotRequired[Host]


def read(folder: Path) -> LocalSettings:
    """Read the file of a function app; an empty one when it is missing.

    Raises:
        AppFileDamaged: It is not what the functions can read.
    """
    path = folder / FILE
    if not path.exists():
        return {"IsEncrypted": False, "Values": {}}
    content = app_json.read_object(path, again=AGAIN)
    for name in ("Values", "Host"):
        if not isinstance(content.get(name, {}), dict):
            raise AppFileDamaged(path, f"its `{name}` is no object", again=AGAIN)
    return cast(LocalSettings, {"Values": {}, **content})


def without_secrets(folder: Path) -> dict[str, Any]:
    """The file as somebody else would write it: with what a secret is in its place."""
    content = read(folder)
    shown = {name: _shown(name, str(value)) for name, value in content["Values"].items()}
    return {**content, "Values": shown}


def _shown(name: str, value: str) -> object:
    if not value:
        return value
    is_development = value == DEVELOPMENT_STORAGE or DEVELOPMENT_KEY in value
    return DEVELOPMENT_STORAGE if is_development else mask_setting(name, value)


def values(folder: Path) -> dict[str, str]:
    """The settings themselves."""
    return {str(name): str(value) for name, value in read(folder)["Values"].items()}


def is_keyless(folder: Path) -> bool:
    """Whether the functions sign in to SignalR Service: it is named by its address, without a key.

    By a connection string with AuthType, or by `AzureSignalRConnectionString__serviceUri`.
    """
    found = values(folder)
    text = found.get(SIGNALR_SETTING, "")
    if text:
        return "authtype=" in text.lower()
    address = f"{SIGNALR_SETTING}__serviceUri".lower()
    return any(name.lower() == address for name, value in found.items() if value)


def needs_signalr(facts: Known) -> bool:
    """Whether the functions need SignalR Service; those of another course may do without."""
    return bool(facts.signalr) or is_tutorial()


def write(
    folder: Path, *, signalr: str, storage: str, origin: str = PAGE_ORIGIN, port: int = PORT
) -> None:
    """Write what the functions need; settings and host options somebody added stay.

    Args:
        folder: The function app.
        signalr: Connection string of the SignalR instance; empty for functions that need none.
        storage: Connection string of the storage for local runs.
        origin: Where the local page is served from.
        port: Port of the local function host.
    """
    content = read(folder)
    wanted = {STORAGE_SETTING: storage, "FUNCTIONS_WORKER_RUNTIME": "python"}
    if signalr:
        wanted[SIGNALR_SETTING] = signalr
    host: Host = {
        **content.get("Host", {}),
        "LocalHttpPort": port,
        "CORS": ",".join(origins(origin)),
        "CORSCredentials": True,
    }
    _save(folder, {"IsEncrypted": False, "Values": {**content["Values"], **wanted}, "Host": host})


def change_values(folder: Path, before: dict[str, str], after: dict[str, str]) -> bool:
    """Give settings other values; those that stay the same keep their form.

    Returns:
        Whether the file had to change.
    """
    changed = {name: value for name, value in after.items() if before.get(name) != value}
    if changed:
        content = read(folder)
        _save(folder, {**content, "Values": {**content["Values"], **changed}})
    return bool(changed)


def allow_origin(folder: Path, origin: str) -> bool:
    """Let the page be served from another origin than planned.

    Returns:
        Whether the file had to change.
    """
    content = read(folder)
    host = content.get("Host", {})
    wanted = ",".join(origins(origin))
    if host.get("CORS") == wanted:
        return False
    _save(folder, {**content, "Host": {**host, "CORS": wanted, "CORSCredentials": True}})
    return True


def forget_keys(folder: Path) -> list[str]:
    """Blank every value that holds a key.

    Returns:
        Names of the settings that were blanked.
    """
    if not (folder / FILE).exists():
        return []
    secret = keys_in(folder)
    if secret:
        content = read(folder)
        _save(folder, {**content, "Values": {**content["Values"], **dict.fromkeys(secret, "")}})
    return secret


def keys_in(folder: Path) -> list[str]:
    """Names of the settings whose value holds a key."""
    return [name for name, value in values(folder).items() if "Key=" in value]


def _save(folder: Path, content: LocalSettings) -> None:
    """Write the file unless it says the same already."""
    # A function host that runs starts anew when the file changes.
    text = json.dumps(content, indent=2) + "\n"
    path = folder / FILE
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_private(path, text)
