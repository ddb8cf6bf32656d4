"""One look over a home, before a verb uses it. Every verb says the same sentence about a fault."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from chatkit.core import settings, tls
from chatkit.core.errors import HomeDamaged, NotStarted
from chatkit.core.file_lock import holder
from chatkit.core.home import access, names, state, version
from chatkit.core.home.access import Place, folder
from chatkit.core.home.state import State
from chatkit.core.home.version import Version

REPLACED = ("settings.json", "chatfiles.json", "notebooks.json", "timings.json", "steps.json")
CLOUD_REPLACED = (version.FILE, state.COPY, "cloud.json")
CLOUD_WRITTEN = ("lock", state.FILE, "state.db-wal", "state.db-shm", "cloud.log", "cloud.out")


NOTICE = "chatkit: "
"""How a line begins that a local cloud prints for the one who starts it."""
UNUSABLE_EXIT = 4
"""Exit code of a local cloud that cannot use its folder; the last line it prints says why."""


def check_home(home: Path) -> None:
    """Look at the kit's own files of a home, but not at the local cloud's.

    Raises:
        HomeUnusable: One of them cannot be used; the sentence says what to do.
    """
    access.check(home, places(home))
    names.check_settings(home)


def check_begun(home: Path) -> None:
    """Look whether a home is still there. A notebook may be open while somebody deletes it.

    Raises:
        NotStarted: It is not; a step would begin another one, of which nobody has the names.
        HomeUnusable: Only its settings are gone.
    """
    names.check_settings(home)
    if not (home / settings.FILE).exists():
        raise NotStarted(
            f"The kit's folder {home} was deleted while this notebook was open.",
            hint="`workshop = Workshop.open()` begins anew.",
        )


def check_cloud(where: Path) -> None:
    """Look at the files of a local cloud. One that runs, starts or ends has looked itself.

    Raises:
        HomeUnusable: One of them cannot be used; the sentence says what to do.
    """
    check_access(where)
    if holder(where / "lock") is None:
        check_documents(where)
        tls.check(where / "tls")


def check_access(where: Path) -> None:
    """Look whether this user can use a local cloud's files.

    Raises:
        HomeUnusable: One of them belongs to somebody else, or takes no writes.
    """
    access.check(where, cloud_places(where))


def check_documents(where: Path) -> State:
    """Look whether all documents of a local cloud that does not run are there.

    Returns:
        Which cloud they are of.

    Raises:
        HomeUnusable: They are not; the sentence says what to do.
    """
    known = version.read(where)
    found = state.look(where / state.FILE)
    _agree(where, known, found)
    return found


def _agree(where: Path, known: Version | None, found: State) -> None:
    """Both files must know the same cloud."""
    path = where / state.FILE
    if not found.tenant_id:
        if known is None and not _has_traces(where):
            return
        if known is not None and not known.tenant_id:
            return
        missing = "it is empty" if path.exists() else "it is gone"
        raise HomeDamaged(path, f"{missing}, and a cloud was in it")
    if known is None or not known.tenant_id:
        return
    if known.tenant_id != found.tenant_id:
        raise HomeDamaged(
            path, f"the cloud in it is another one (tenant {found.tenant_id}) than this home's"
        )
    if known.starts > found.starts:
        raise HomeDamaged(path, "it is older than the rest of the home")


def _has_traces(where: Path) -> bool:
    """Whether 0.1.0, which wrote no `version.json`, has begun a cloud here."""
    return any((where / name).exists() for name in ("tls/ca.pem", "blobs", "sites", "cloud.json"))


def places(home: Path) -> Iterator[Place]:
    """The kit's own files of a home."""
    yield folder(home)
    for name in REPLACED:
        yield Place(home / name)
    for name in ("servers", "logs", "executed"):
        yield folder(home / name)
    for path in _inside(home / "logs"):
        yield Place(path, is_written=True)
    for path in _inside(home / "servers"):
        yield Place(path)


def cloud_places(where: Path) -> Iterator[Place]:
    """The files of a local cloud, but not those that blobs and apps consist of."""
    yield folder(where)
    for name in CLOUD_WRITTEN:
        yield Place(where / name, is_written=True)
    for name in CLOUD_REPLACED:
        yield Place(where / name)
    for name in ("tls", "blobs", "sites"):
        yield folder(where / name)
    for path in _inside(where / "tls"):
        yield Place(path)
    for path in (*_inside(where / "blobs"), *_inside(where / "sites")):
        if path.is_dir():
            yield folder(path)
            yield Place(path / "app.log", is_written=True)


def _inside(path: Path) -> list[Path]:
    """What is in a folder; nothing when it cannot be read, which is said of the folder itself."""
    try:
        return sorted(path.iterdir())
    except OSError:
        return []
