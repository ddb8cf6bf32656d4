"""Files that this user cannot read or write, or that belong to somebody else."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from chatkit.core.errors import HomeDamaged, HomeUnusable
from chatkit.core.home import access, check
from tests.attacks.homes import REPLACED, STRANGERS_FILES, WRITTEN

if sys.platform == "win32":
    pytest.skip("owners and modes are those of POSIX", allow_module_level=True)

NOBODY = 65534
OTHER_KINDS: dict[str, Callable[[Path], None]] = {
    "a folder": Path.mkdir,
    "a pipe": os.mkfifo,
    "a link to itself": lambda path: path.symlink_to(path.name),
}
FOLDERS = ("", "servers", "logs", "local", "local/tls", "local/blobs", "local/sites")


def look(home: Path) -> None:
    """What a verb does before it does anything else."""
    check.check_home(home)
    check.check_cloud(home / "local")


def every_place(home: Path) -> list[access.Place]:
    """All files of a home that are looked at."""
    for name in STRANGERS_FILES:
        (home / name).touch()
    return [*check.places(home), *check.cloud_places(home / "local")]


@pytest.fixture
def ordinary(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let modes count for root, too: what an ordinary user may do."""

    def may(path: Path, mode: int) -> bool:
        return Path(path).stat().st_mode >> 6 & mode == mode

    monkeypatch.setattr(os, "access", may)


@pytest.fixture
def strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all files belong to somebody else, which only root can bring about."""
    monkeypatch.setattr(access, "_owners", lambda root: {NOBODY})


@pytest.mark.usefixtures("ordinary")
@pytest.mark.parametrize("name", [*WRITTEN, *FOLDERS])
def test_a_read_only_file_or_folder_is_named(used_home: Path, name: str) -> None:
    """With the command that gives it back; `repair` does it, too."""
    path = used_home / name
    path.chmod(0o500 if path.is_dir() else 0o400)
    with pytest.raises(
        HomeUnusable, match=r"cannot be written: .* `chatkit local repair`"
    ) as caught:
        look(used_home)
    assert caught.value.path == path
    assert "chmod -R u+rwX" in caught.value.hint
    mended = [*access.mend(used_home, check.places(used_home))]
    mended += access.mend(used_home / "local", check.cloud_places(used_home / "local"))
    assert len(mended) == 1
    look(used_home)


@pytest.mark.usefixtures("ordinary")
@pytest.mark.parametrize("name", [*WRITTEN, *REPLACED])
def test_a_file_that_cannot_be_read_is_named(used_home: Path, name: str) -> None:
    """Its content is not: nobody has read it."""
    (used_home / name).chmod(0o000)
    with pytest.raises(HomeUnusable, match=f"{name}.* cannot be read: it is read-only"):
        look(used_home)


@pytest.mark.usefixtures("ordinary")
@pytest.mark.parametrize("name", REPLACED)
def test_a_file_that_is_replaced_may_be_read_only(used_home: Path, name: str) -> None:
    """As after copying a home from a read-only medium."""
    (used_home / name).chmod(0o400)
    look(used_home)


@pytest.mark.usefixtures("strangers")
@pytest.mark.parametrize("name", STRANGERS_FILES)
def test_a_file_of_somebody_else_is_not_used(used_home: Path, name: str) -> None:
    """Whoever owns it can change it: names, documents, keys, addresses with a token."""
    path = used_home / name
    with pytest.raises(HomeUnusable, match=f"{name} belongs to .*, not to you") as caught:
        access.check(used_home, [place for place in every_place(used_home) if place.path == path])
    assert "sudo chown -R " in caught.value.hint


@pytest.mark.usefixtures("strangers")
@pytest.mark.parametrize("is_root", [False, True])
def test_repair_takes_a_strangers_file_over(
    used_home: Path, monkeypatch: pytest.MonkeyPatch, is_root: bool
) -> None:
    """Root may give it to itself; others make a copy, and the stranger's stays beside."""
    given: list[Path] = []
    monkeypatch.setattr(os, "geteuid", lambda: 0 if is_root else 1000)
    monkeypatch.setattr(os, "chown", lambda path, uid, gid: given.append(path))
    path = used_home / "local" / "version.json"
    content = path.read_bytes()
    (mended,) = access.mend(used_home / "local", [access.Place(path)])
    assert path.read_bytes() == content
    if is_root:
        assert given == [path] and mended.aside == ""
    else:
        assert path.with_name(mended.aside).read_bytes() == content


@pytest.mark.parametrize("kind", OTHER_KINDS)
@pytest.mark.parametrize("name", ["cloud.log", "lock", "state.copy.db"])
def test_what_is_no_file_is_named_and_put_aside(used_home: Path, name: str, kind: str) -> None:
    """A pipe would let everybody wait who reads it; of a log nothing has to be reset."""
    path = used_home / "local" / name
    path.unlink(missing_ok=True)
    OTHER_KINDS[kind](path)
    with pytest.raises(HomeDamaged, match=f"{name} is damaged: it "):
        look(used_home)
    (mended,) = access.mend(used_home / "local", check.cloud_places(used_home / "local"))
    assert str(mended) == f"local/{name}: kept nothing; the damaged one is {mended.aside}."
    assert os.path.lexists(path.with_name(mended.aside))
    look(used_home)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to others")
@pytest.mark.parametrize("name", [*WRITTEN, *REPLACED])
def test_root_notices_a_strangers_file(used_home: Path, name: str) -> None:
    """Root could read it; it would trust what another user wrote."""
    os.chown(used_home / name, NOBODY, NOBODY)
    with pytest.raises(HomeUnusable, match=f"{name} belongs to "):
        look(used_home)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to others")
def test_root_may_work_in_a_users_home(used_home: Path) -> None:
    """As in a container: the folder is the user's, and new files are root's."""
    for path in (used_home, *used_home.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    os.chown(used_home / "local" / "version.json", 0, 0)
    look(used_home)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
def test_a_verb_typed_with_sudo_leaves_what_the_next_one_names(used_home: Path) -> None:
    """An ordinary user, for whom the modes of root's files really count."""
    home = Path("/tmp") / f"chatkit-{os.getpid()}-sudo"
    shutil.copytree(used_home, home)
    try:
        for path in (home, *home.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
        state = home / "local" / "state.db"
        os.chown(state, 0, 0)
        state.chmod(stat.S_IRUSR | stat.S_IWUSR)
        code = (
            "import os, sys; from pathlib import Path; os.setgid(65534); os.setuid(65534)\n"
            "from chatkit.core.home import check\n"
            f"try: check.check_cloud(Path({str(home / 'local')!r}))\n"
            "except Exception as error: print(type(error).__name__, error)"
        )
        done = subprocess.run(
            [sys.executable, "-c", f"from chatkit.core.home import check, state\n{code}"],
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=True,
        )
        assert done.stdout.startswith(f"HomeUnusable {state} belongs to root, not to you.")
    finally:
        shutil.rmtree(home)
