"""A real pack: a fresh machine without network chats; installers of other machines take theirs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatkit.pack import locks
from chatkit.pack.platforms import targets
from chatkit.pack.wheelhouse import Wheelhouse
from chatkit.setup import installers
from tests.pack import without_network
from tests.tools import Tools

pytestmark = pytest.mark.long
ROOT = Path(__file__).resolve().parents[2]
OTHERS = ("windows-amd64", "macos-arm64", "macos-x86_64", "linux-aarch64")
PYTHON = "3.13"
NO_NAMESPACE = (
    "this user can make no network namespace (unshare; where AppArmor keeps ordinary users from it,"
    " `sysctl kernel.apparmor_restrict_unprivileged_userns=0`)"
)


def packed(folder: Path, *options: str) -> Path:
    """Type `chatkit pack`."""
    subprocess.run(
        [sys.executable, "-m", "chatkit", "pack", str(folder), *options],
        cwd=ROOT,
        env={**os.environ, "CHATKIT_HOME": str(folder.with_name("home of the packer"))},
        check=True,
    )
    return folder


@pytest.fixture
def stick(tmp_path: Path) -> Iterator[Path]:
    """A pack for this machine, on a disk that takes no writes, with such a name."""
    folder = packed(tmp_path / "St\u00efck, f\u00fcr alle" / "chatkit pack")
    places = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    for place in places:
        place.chmod(0o555)
    yield folder
    for place in places:
        place.chmod(0o755)


def test_a_fresh_machine_without_network_chats(tools: Tools, stick: Path, tmp_path: Path) -> None:
    """From the stick: environment, tutorial up to a deployed app with packages of its own, Lab."""
    home = tmp_path / "p\u00e9rson one"
    home.mkdir()
    command = without_network.command(str(stick), str(home))
    if command is None:
        tools.lack(NO_NAMESPACE)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "first chat after" in done.stdout, done.stdout
    print(done.stdout)
    site = Path(".python_packages", "lib", "site-packages", "jwt")
    assert [*(home / "chatkit" / ".chatkit").rglob(str(site))], done.stdout
    subprocess.run(["sha256sum", "--quiet", "--check", "SHA256SUMS"], cwd=stick, check=True)


def test_a_pack_serves_other_machines(tmp_path: Path) -> None:
    """Each has all that the lock names there; what Windows takes of it is said by pip itself."""
    named = [option for name in OTHERS for option in ("--platform", name)]
    pack = packed(tmp_path / "pack", *named, "--python", PYTHON)
    lock = locks.read(pack / "requirements.lock")
    wheelhouse = Wheelhouse(pack / "wheels", sys.executable)
    for target in targets(OTHERS, [PYTHON]):
        needed = [entry for entry in lock if target.needs(entry.requirement)]
        assert len(needed) > 100
        assert [str(entry) for entry in needed if not wheelhouse.wheel(entry, target)] == []
    (windows,) = targets(["windows-amd64"], [PYTHON])
    lines = [entry.line() for entry in lock if windows.needs(entry.requirement)]
    taken = taken_by_pip(tmp_path, pack / "wheels", lines)
    assert len(taken) == len(lines) and taken <= {one.name for one in (pack / "wheels").iterdir()}
    assert all(name.endswith(("-none-any.whl", "-win_amd64.whl")) for name in taken)


def taken_by_pip(folder: Path, wheels: Path, lines: list[str]) -> set[str]:
    """The files that pip would install on Windows."""
    installers.create(folder / "pip", None)
    (folder / "lock").write_text("\n".join(lines), encoding="utf-8")
    command = [str(folder / "pip" / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    command += ["--dry-run", "--report", str(folder / "report.json"), "--target", str(folder / "x")]
    command += ["--no-index", "--find-links", wheels.as_uri(), "--no-deps", "--require-hashes"]
    command += ["-r", str(folder / "lock"), "--only-binary", ":all:", "--platform", "win_amd64"]
    # It would ask for the Python that runs it, not for that one.
    command += ["--python-version", PYTHON, "--ignore-requires-python"]
    subprocess.run(command, check=True, env={**os.environ, "PIP_FIND_LINKS": ""})
    said = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return {Path(one["download_info"]["url"]).name for one in said["install"]}
