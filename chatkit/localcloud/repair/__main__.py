"""Mends the files of a local cloud that does not run: `python -m chatkit.localcloud.repair FOLDER`.

It prints what it has done as JSON, one line a file. What cannot be mended stays as it is.
"""

from __future__ import annotations

import argparse
import base64
import json
import secrets
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path

from chatkit.core import tls
from chatkit.core.errors import HomeDamaged, HomeUnusable, NotWritten
from chatkit.core.file_lock import LOCKED_EXIT, FileLock
from chatkit.core.files import writing
from chatkit.core.home import check, records, state, version
from chatkit.core.home.check import UNUSABLE_EXIT, check_access
from chatkit.core.home.mended import Mended
from chatkit.core.home.version import SCHEMA, Version
from chatkit.core.system.moving import remove, rename
from chatkit.core.system.names import own_folder
from chatkit.localcloud.core.store import Document, Store
from chatkit.localcloud.repair.blob_files import keep_orphans, lengthen_blobs, mend_blobs
from chatkit.localcloud.repair.readers import READERS, is_damaged
from chatkit.localcloud.repair.salvage import ENDS, Name, Salvaged, salvage
from chatkit.localcloud.repair.second_copy import second_copy, written_at
from chatkit.localcloud.storage.state.repository import ACCOUNTS, CONTAINERS
from chatkit.localcloud.storage.state.spec import StaticWebsite

NOTHING_LEFT = "`chatkit local reset --keep-app` begins anew and keeps your app and notebooks."
MANY = 5


def main(argv: list[str] | None = None) -> int:
    """Mend the files of one folder."""
    parser = argparse.ArgumentParser(prog="chatkit.localcloud.repair", description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args(argv).folder.resolve()
    try:
        check_access(folder)
        with FileLock(folder / "lock") as lock:
            if not lock.try_acquire():
                print(f"A local cloud runs in {folder}.", file=sys.stderr)
                return LOCKED_EXIT
            with writing(folder / state.FILE):
                for mended in repair(folder):
                    print(json.dumps(asdict(mended)), flush=True)
    except (HomeUnusable, NotWritten) as error:
        print(error, file=sys.stderr)
        return UNUSABLE_EXIT
    return 0


def repair(where: Path) -> Iterator[Mended]:
    """Mend what can be mended.

    Raises:
        HomeUnusable: Something cannot be; it is as it was.
        NotWritten: The disk is full.
    """
    is_new = not (where / state.FILE).exists() and not (where / version.FILE).exists()
    yield from _mend_certificates(where / "tls")
    if is_new:
        check.check_documents(where)
        return
    yield from _mend_version(where)
    others = [*_mend_documents(where), *_agree(where)]
    yield from others
    if others:
        # The next start would remove what these documents do not name.
        yield from keep_orphans(where)
        yield from lengthen_blobs(where)
    yield from mend_blobs(where)
    yield from _mend_sites(where)


def _mend_certificates(folder: Path) -> Iterator[Mended]:
    try:
        tls.check(folder)
    except HomeDamaged as error:
        asides = [records.put_aside(folder / name).name for name in tls.FILES]
        tls.load(folder)
        yield Mended(
            f"local/tls/{error.path.name}",
            "nothing",
            "the certificates; new ones are made, which open notebooks trust after a restart",
            ", ".join(asides),
        )


def _mend_version(where: Path) -> Iterator[Mended]:
    path = where / version.FILE
    try:
        version.read(where)
    except HomeDamaged:
        found = state.look(where / state.FILE)  # else nobody knows which cloud this is
        aside = records.put_aside(path)
        version.write(where, _version_of(found))
        yield Mended(f"local/{version.FILE}", "what state.db says", aside=aside.name)


def _mend_documents(where: Path) -> Iterator[Mended]:
    """Make a database of those documents that can be read, when there are others."""
    path = where / state.FILE
    known = version.read(where)
    copy = second_copy(where, known)
    is_whole = _is_whole(where, is_copied=copy is not None)
    found = salvage(path, iter(READERS))
    if copy is not None and not is_whole and _starts(found) < _starts(copy):
        found = replace(copy, documents={})  # its log is lost, and it is older than the copy
    damaged = [name for name, document in found.documents.items() if is_damaged(*name, document)]
    if is_whole and not damaged:
        return
    kept = {name: value for name, value in found.documents.items() if name not in damaged}
    copied: list[Name] = []
    if copy is not None:
        copied = [name for name in copy.documents if name not in kept]
        kept = {**copy.documents, **kept}
    if state.TENANT not in kept:
        raise HomeDamaged(path, "nothing in it says which cloud it was", hint=NOTHING_LEFT)
    gone = sorted({*damaged, *found.unreadable} - kept.keys())
    kept.update(_known_otherwise(kept, known))
    schema = found.schema
    if copy is not None and not found.documents:
        schema = copy.schema
    aside = _put_database_aside(path)
    _write(path, replace(found, documents=kept, schema=schema))
    said = f"{len(kept)} documents"
    lost = "documents that could not be found"
    if copied:
        said += f", {len(copied)} of them as they were at {written_at(where)}"
        lost = "what has changed in those since then"
    if gone:
        lost = f"{len(gone)} that could not be read: {_named(gone)}"
    yield Mended(f"local/{state.FILE}", said, lost, aside)


def _starts(found: Salvaged) -> int:
    """How often the cloud had started by then; when nobody knows, it may be the newest."""
    return int(found.documents.get(state.STARTS, {}).get("count", sys.maxsize))


def _is_whole(where: Path, *, is_copied: bool) -> bool:
    """Whether the database can be read, and no cloud was lost from it.

    Raises:
        HomeDamaged: Nothing is left of the cloud, neither there nor in a copy.
    """
    path = where / state.FILE
    try:
        found = state.look(path)
    except HomeDamaged:
        return False
    if found.tenant_id:
        return True
    try:
        check.check_documents(where)
    except HomeDamaged as error:
        if is_copied:
            return False
        raise HomeDamaged(path, error.message.partition(": ")[2][:-1], hint=NOTHING_LEFT) from error
    return True


def _known_otherwise(kept: Mapping[Name, Document], known: Version | None) -> dict[Name, Document]:
    """Documents that were lost, and whose content stands elsewhere."""
    again: dict[Name, Document] = {}
    if state.SUBSCRIPTION not in kept:
        ids = [key.split("/")[2] for name, key in kept if name == "resource-groups"]
        if known is not None and known.subscription_id:
            ids.append(known.subscription_id)
        if ids:
            again[state.SUBSCRIPTION] = {"id": ids[0]}
    for account in _accounts_with_containers(kept):
        # Without it the next start would take the account for a new one, and delete its blobs.
        again[ACCOUNTS, account] = _new_account(is_website=(CONTAINERS, f"{account}/$web") in kept)
    if state.STARTS not in kept and known is not None:
        again[state.STARTS] = {"count": known.starts}
    return again


def _accounts_with_containers(kept: Mapping[Name, Document]) -> set[str]:
    """Storage accounts whose own document is lost."""
    used = {key.partition("/")[0] for collection, key in kept if collection == CONTAINERS}
    return used - {key for collection, key in kept if collection == ACCOUNTS}


def _new_account(*, is_website: bool) -> Document:
    website = StaticWebsite(enabled=is_website)
    if is_website:
        # What section 08 sets.
        website = StaticWebsite(True, "index.html", error_document_404_path="404.html")
    secret = base64.b64encode(secrets.token_bytes(32)).decode()
    return {"website": asdict(website), "service": {}, "cors": [], "secret": secret}


def _put_database_aside(path: Path) -> str:
    """Rename the database with its log; empty when there is none."""
    was_there = path.exists()
    aside = records.unused(path)
    for end in ENDS:
        part = Path(f"{path}{end}")
        if part.exists() and (part == path or part.stat().st_size):
            rename(part, f"{aside}{end}")
    for end in ("-wal", "-shm"):
        remove(Path(f"{path}{end}"))
    return aside.name if was_there else ""


def _write(path: Path, found: Salvaged) -> None:
    """Make a database of documents, and bring it to the newest form."""
    Store(path).close()
    with closing(sqlite3.connect(path)) as database, database:
        rows = [
            (collection, key, json.dumps(document, ensure_ascii=False, separators=(",", ":")))
            for (collection, key), document in found.documents.items()
        ]
        database.executemany("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", rows)
        database.execute(f"PRAGMA user_version={min(found.schema, SCHEMA)}")
    Store(path).close()


def _agree(where: Path) -> Iterator[Mended]:
    """Let `version.json` say what the documents say: an older copy counts from now on."""
    try:
        check.check_documents(where)
    except HomeDamaged as error:
        found = state.look(where / state.FILE)
        if error.path.name != state.FILE or not found.tenant_id:
            raise
        version.write(where, _version_of(found))
        yield Mended(
            f"local/{state.FILE}",
            f"the cloud that is in it (tenant {found.tenant_id})",
            f"what this home knew besides: {error.message.partition(': ')[2].rstrip('.')}",
        )


def _mend_sites(where: Path) -> Iterator[Mended]:
    """Name deployed apps whose files are gone: only publishing brings them back."""
    with closing(Store(where / state.FILE)) as store:
        sites = [*store.items("sites")]
    for name, document in sites:
        active = str(document.get("active", ""))
        folder = where / "sites" / own_folder(name) / "versions" / active
        if active and not (folder / "host.json").is_file():
            yield Mended(
                f"local/sites/{name}",
                "its settings",
                "the files of the app; workshop.publish_functions(again=True) sends them again",
            )


def _version_of(found: state.State) -> Version:
    return Version(SCHEMA, found.tenant_id, found.subscription_id, found.starts)


def _named(names: list[Name]) -> str:
    shown = [" ".join(name) for name in names[:MANY]]
    if len(names) > MANY:
        shown.append(f"and {len(names) - MANY} more")
    return ", ".join(shown)


if __name__ == "__main__":
    sys.exit(main())
