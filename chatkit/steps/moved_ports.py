"""Follows ports of the local cloud that moved, in what the kit wrote.

Other programs took them while the local cloud was down.

The local cloud updates its own documents. Here it is the home's settings and the learner's app:
`local.settings.json` and the page's `config.json`. What is published stays as it is, and a sentence
says which verb publishes it again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from chatkit.cloud import local_cloud
from chatkit.cloud.local_cloud import Endpoints, Move
from chatkit.core import settings as store
from chatkit.core.errors import SetupError
from chatkit.core.files import write_public
from chatkit.core.running.addresses import follow_text
from chatkit.steps import local_settings, page_config
from chatkit.steps.local_servers import FUNCTIONS, LocalServers

TITLES = {
    "resource-manager": "Resource Manager",
    "entra": "Entra ID",
    "graph": "Microsoft Graph",
    "sign-in": "The sign-in page",
    "blob": "Blob storage",
    "dev-storage": "The development storage",
    "control": "The local cloud's own endpoint",
    "signalr": "SignalR Service",
    "sites": "The function app",
    "scm": "The deployment endpoint",
    "website": "The static website",
}
# Nobody but the kit knows this address, and the kit reads it at every call.
UNKNOWN_TO_PEOPLE = ("control",)
SHELL = 'eval "$(chatkit local env)"'


def start_cloud(home: Path, say: Callable[[str], object]) -> Endpoints:
    """Start the local cloud of a home for a verb, or return the one that runs.

    Args:
        home: The kit's folder.
        say: Takes a sentence for each port that moved, and for what is left to do about it.

    Raises:
        NotStarted: It cannot start.
    """
    where = home / "local"
    known = local_cloud.usable(where)
    if known is not None:
        return known
    known = local_cloud.start(where)
    follow_moves(home, store.chat_folder(), known)
    for sentence in sentences(known):
        say(sentence)
    return known


def follow_moves(home: Path, folder: Path, known: Endpoints) -> list[str]:
    """Bring what the kit wrote to the ports that the local cloud has now.

    Args:
        home: The kit's folder.
        folder: The learner's app.
        known: The local cloud that runs.

    Returns:
        Names of the files that had to change.
    """
    moved = {int(before): now for before, now in known.get("moved", {}).items()}
    if not moved:
        return []
    changed: list[str] = []
    with suppress(SetupError):  # a damaged file is named by the step that needs it
        changed.append(_follow_settings(home, moved))
    with suppress(SetupError):
        changed.append(_follow_local_settings(folder / "functions", moved, known["dev_storage"]))
        if local_settings.FILE in changed:
            _restart_functions(home, folder / "functions", known)
    changed.append(_follow_page(folder / "content", moved))
    return [name for name in changed if name]


def sentences(known: Endpoints) -> list[str]:
    """What moved at the last start of the local cloud, and what has to be done by a person."""
    moves = [move for move in known.get("moves", ()) if move["owner"] not in UNKNOWN_TO_PEOPLE]
    if not moves:
        return []
    said = [_sentence(move) for move in moves]
    kinds = {_kind(move) for move in moves}
    if "sites" in kinds:
        said.append(
            "A page that was uploaded calls the old address: `workshop.upload_page()` uploads it"
            " anew."
        )
    if kinds & {"resource-manager", "entra", "graph", "blob"}:
        said.append(f"Shells and tools that were told the old address: `{SHELL}` tells the new.")
    return said


def _sentence(move: Move) -> str:
    name = move["owner"].partition("/")[2]
    title = TITLES.get(_kind(move), move["owner"])
    called = f" {name}" if name else ""
    return (
        f"{title}{called} is at port {move['now']} now: {move['holder']} has port {move['before']}."
    )


def _kind(move: Move) -> str:
    return move["owner"].partition("/")[0]


def _follow_settings(home: Path, moved: dict[int, int]) -> str:
    """The addresses that the home's settings know of the local cloud."""
    settings = store.load(home)
    before = settings.known.get("local")
    if before is None:
        return ""
    after = replace(
        before,
        api_base_url=follow_text(before.api_base_url, moved),
        web_url=follow_text(before.web_url, moved),
    )
    if after == before:
        return ""
    store.save(home, replace(settings, known={**settings.known, "local": after}))
    return "settings.json"


def _follow_local_settings(folder: Path, moved: dict[int, int], dev_storage: str) -> str:
    before = local_settings.values(folder)
    after = {name: follow_text(value, moved) for name, value in before.items()}
    if after.get(local_settings.STORAGE_SETTING) == local_settings.DEVELOPMENT_STORAGE:
        after[local_settings.STORAGE_SETTING] = local_settings.storage_for(dev_storage)
    return local_settings.FILE if local_settings.change_values(folder, before, after) else ""


def _restart_functions(home: Path, folder: Path, known: Endpoints) -> None:
    """Let functions that run have their new settings now, not once they notice the change.

    Who goes on at once would be sent to an address that is another program's.
    """
    servers = LocalServers(home)
    running = servers.running(FUNCTIONS)
    if running is None or Path(running.folder) != folder:
        return
    identity: dict[str, str] = {}
    if store.load(home).target == "local" and local_settings.is_keyless(folder):
        identity = local_cloud.identity_variables(known)
    servers.start_functions(
        folder, port=running.port, auth=running.has_sign_in, environment=identity
    )


def _follow_page(folder: Path, moved: dict[int, int]) -> str:
    path = folder / page_config.FILE
    before = page_config.read(folder)
    after = follow_text(before, moved)
    if after == before:
        return ""
    text = path.read_text(encoding="utf-8")
    write_public(path, text.replace(json.dumps(before), json.dumps(after)))
    return path.name


def rows(said: Iterable[str]) -> list[tuple[str, str]]:
    """The same as rows of a result."""
    return [("moved", sentence) for sentence in said]
