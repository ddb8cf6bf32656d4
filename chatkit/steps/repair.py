"""Mending a home, and beginning its local cloud anew: what to do when a file is damaged."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import redirect_stderr, suppress
from dataclasses import replace
from pathlib import Path

from chatkit.cloud import local_cloud
from chatkit.cloud.how import memory
from chatkit.core import settings as store
from chatkit.core.errors import HomeDamaged, HomeTooNew, HomeUnusable, SetupError
from chatkit.core.home import access, check, names, records
from chatkit.core.home.mended import Mended
from chatkit.core.running.presence import BOARD, FUNCTIONS, PAGE, SCREEN
from chatkit.core.settings import Settings
from chatkit.core.system.moving import remove_tree, rename
from chatkit.core.work import notebooks
from chatkit.steps import app_files, timings
from chatkit.steps.local_servers import LocalServers
from chatkit.steps.servers.server_records import LOST as SERVER_LOST

TEXT = r'"{name}"\s*:\s*"([^"\\]+)"'
NAMED = ("target", "suffix", "region", "hub")
ADDRESSES = "what was known of resources and completed sections; `chatkit catch-up` looks for both"

LOST = {
    timings.FILE: timings.LOST,
    memory.FILE: memory.LOST,
    app_files.RECORD: app_files.LOST,
    notebooks.RECORD: notebooks.LOST,
    **dict.fromkeys(
        (f"servers/{name}.json" for name in (FUNCTIONS, PAGE, SCREEN, BOARD)), SERVER_LOST
    ),
    f"local/{local_cloud.FILE}": local_cloud.LOST,
}
"""What goes with a record that the kit can do without."""


def repair(home: Path) -> Iterator[Mended]:
    """Mend what can be mended of a home.

    Raises:
        HomeUnusable: Something cannot be; it is as it was.
        SetupError: The local cloud does not end.
    """
    where = home / "local"
    if not home.exists():
        return
    yield from access.mend(home, check.places(home))
    if where.exists():
        yield from access.mend(where, check.cloud_places(where))
    yield from _mend_settings(home)
    yield from _mend_records(home)
    was_running = local_cloud.stop(where) if where.exists() else False
    if where.exists():
        yield from local_cloud.repair(where)
    check.check_home(home)
    check.check_cloud(where)
    if was_running:
        local_cloud.start(where)


def begin_anew(home: Path) -> Iterator[Mended]:
    """Delete the local cloud and what was known of it; my-chat, notebooks and Azure's names stay.

    Files that are damaged are kept beside.

    Raises:
        SetupError: The local cloud, or a server of it, does not end.
    """
    where = home / "local"
    servers = LocalServers(home)
    servers.stop_both()
    for server in (SCREEN, BOARD):
        servers.stop(server)
    local_cloud.stop(where)
    yield from _keep_damaged(home, where)
    if where.exists():
        remove_tree(where)
    yield from _mend_settings(home)
    yield from _mend_records(home)
    known = store.load(home)
    if (home / store.FILE).exists():
        local = replace(known, target="local").forgotten()
        store.save(home, replace(local, target=known.target))


def _keep_damaged(home: Path, where: Path) -> Iterator[Mended]:
    """Move the damaged file of a local cloud, and those of earlier repairs, out of its folder."""
    kept = sorted(where.glob(f"*{records.MARK}*"))
    try:
        check.check_cloud(where)
    except HomeUnusable as error:
        if error.path.is_file():
            kept += [Path(f"{error.path}{end}") for end in ("", "-wal")]
    for path in kept:
        if path.exists():
            aside = _beside(home, path)
            rename(path, aside)
            yield Mended(f"local/{path.name}", f"the damaged one, as {aside.name}")


def _beside(home: Path, path: Path) -> Path:
    if records.MARK in path.name and not (home / path.name).exists():
        return home / path.name
    return records.unused(home / path.name)


def _mend_settings(home: Path) -> Iterator[Mended]:
    path = home / store.FILE
    try:
        names.check_settings(home)
        return
    except HomeTooNew:
        raise
    except HomeDamaged:
        text = ""
        aside = ""
        if path.exists():
            text = path.read_text(encoding="utf-8", errors="replace")
            aside = records.put_aside(path).name
    found = _settings_in(text, home)
    store.save(home, found)
    lost = ADDRESSES
    kept = f"the names (suffix {found.suffix})"
    if found.suffix not in text and not names.suffix_of_resources(home):
        kept = "nothing"
        lost = f"the names, which are new ones (suffix {found.suffix}), and {ADDRESSES}"
    yield Mended(store.FILE, kept, lost, aside)


def _settings_in(text: str, home: Path) -> Settings:
    """What a damaged file still says, and what the local cloud's resources are called."""
    found = Settings(suffix=names.suffix_of_resources(home) or store.new_suffix())
    said = {name: re.search(TEXT.format(name=name), text) for name in NAMED}
    values = {name: match[1] for name, match in said.items() if match}
    # Each for itself: one may be damaged, and the others not.
    with suppress(SetupError, KeyError):
        found = replace(found, target=store.checked_target(values["target"]))
    with suppress(SetupError, KeyError):
        found = replace(found, suffix=store.checked_suffix(values["suffix"]))
    with suppress(SetupError, KeyError):
        found = replace(found, hub=store.checked_hub(values["hub"]))
    return replace(found, region=values.get("region", found.region))


def _mend_records(home: Path) -> Iterator[Mended]:
    """Put damaged records aside: the kit can do without them."""
    before = _asides(home)
    # Reading puts a damaged one aside and says so on stderr; here it is said once.
    with redirect_stderr(io.StringIO()):
        timings.load(home, "local")
        memory.load(home, "local")
        app_files.read_record(home)
        notebooks.read_record(home)
        for server in (FUNCTIONS, PAGE, SCREEN, BOARD):
            LocalServers(home).running(server)
        local_cloud.forget_damaged_endpoints(home / "local")
    for aside in sorted(_asides(home) - before):
        name = aside.relative_to(home).as_posix().partition(records.MARK)[0]
        yield Mended(name, "nothing", LOST[name], aside.name)


def _asides(home: Path) -> set[Path]:
    folders = (home, home / "servers", home / "local")
    return {path for folder in folders for path in folder.glob(f"*{records.MARK}*")}
