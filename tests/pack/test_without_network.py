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
from chatkit.setup import installers
from tests.pack import without_network
from tests.tools import Tools

pytestmark = pytest.mark.long
ROOT = Path(__file__).resolve().parents[2]
OTHERS = ("windows-amd64", "macos-arm64", "macos-x86_64", "linux-aarch64")
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


def test_other_machines_installers_take_their_wheels(tmp_path: Path) -> None:
    """pip says so for each: all that the lock names there is in the pack, and is for it."""
    python = "3.13"
    named = [option for name in OTHERS for option in ("--platform", name)]
    pack = packed(tmp_path / "pack", *named, "--python", python)
    known = {path.name for path in (pack / "wheels").iterdir()}
    pip = tmp_path / "pip"
    installers.create(pip, None)
    for target in targets(OTHERS, [python]):
        lock = [
            one for one in locks.read(pack / "requirements.lock") if target.needs(one.requirement)
        ]
        (tmp_path / "lock").write_text("\n".join(one.line() for one in lock), encoding="utf-8")
        report = tmp_path / "report.json"
        command = [str(pip / "bin" / "python"), "-m", "pip", "install", "--quiet", "--dry-run"]
        command += ["--no-index", "--find-links", (pack / "wheels").as_uri(), "--no-deps"]
        command += ["--require-hashes", "-r", str(tmp_path / "lock"), "--only-binary", ":all:"]
        command += ["--ignore-requires-python"]  # it would ask for this Python, not for that one
        command += ["--python-version", python, "--target", str(tmp_path / "none")]
        command += ["--report", str(report)]
        for tag in target.platform.tags:
            command += ["--platform", tag]
        subprocess.run(command, check=True, env={**os.environ, "PIP_FIND_LINKS": ""})
        said = json.loads(report.read_text(encoding="utf-8"))["install"]
        taken = {Path(one["download_info"]["url"]).name for one in said}
        assert len(taken) == len(lock) > 100 and taken <= known
        system = target.platform.tags[0].partition("_")[0]
        assert all(name.endswith("-any.whl") or system in name for name in taken)
