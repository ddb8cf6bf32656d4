"""What the doctor says of memory: what runs for a home, and the limit that counts."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit.cloud import local_cloud
from chatkit.core.file_lock import FileLock
from chatkit.core.running import presence
from chatkit.core.running.presence import CHAT, FUNCTIONS, Running
from chatkit.lesson.doctor.preflight import memory
from chatkit.lesson.doctor.preflight.memory import MB, Memory, cgroup_room

MACHINE = Memory(150.4, 90.0, 80.0, "PSS", 9600.0, None, 30)


def group(folder: Path, **files: str) -> None:
    """A control group's files; `_` stands for the dot in their names."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("_", ".", 1)).write_text(text, encoding="utf-8")


def own(tmp_path: Path, text: str) -> Path:
    """The file that says in which groups this process is."""
    path = tmp_path / "own"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_limit_of_a_container_counts(tmp_path: Path) -> None:
    """A hub gives each person a part of the machine; cached files are given back first."""
    root = tmp_path / "cgroup"
    stat = f"anon 1\ninactive_file {100 * MB}\n"
    used = str(600 * MB)
    group(root, memory_max=str(1000 * MB), memory_current=used, memory_stat=stat)
    assert cgroup_room(own(tmp_path, "0::/\n"), root) == (1000.0, 500.0)


def test_the_tightest_of_the_groups_above_counts(tmp_path: Path) -> None:
    """The limit may be that of a user's session, not that of this process."""
    root = tmp_path / "cgroup"
    group(root / "user", memory_max=str(800 * MB), memory_current=str(700 * MB))
    group(root / "user" / "lab", memory_max="max", memory_current="5")
    assert cgroup_room(own(tmp_path, "0::/user/lab\n"), root) == (800.0, 100.0)


def test_version_1_is_read_too(tmp_path: Path) -> None:
    """There, "no limit" is a very large number."""
    root = tmp_path / "cgroup"
    folder = root / "memory" / "docker"
    group(root / "memory")
    (root / "memory" / "memory.limit_in_bytes").write_text("9223372036854771712", encoding="utf-8")
    (root / "memory" / "memory.usage_in_bytes").write_text("5", encoding="utf-8")
    group(folder)
    (folder / "memory.limit_in_bytes").write_text(str(400 * MB), encoding="utf-8")
    (folder / "memory.usage_in_bytes").write_text(str(100 * MB), encoding="utf-8")
    text = "4:cpu:/docker\n3:memory:/docker\n"
    assert cgroup_room(own(tmp_path, text), root) == (400.0, 300.0)


def test_without_groups_there_is_no_limit(tmp_path: Path) -> None:
    """Windows and macOS have none."""
    assert cgroup_room(tmp_path / "nothing", tmp_path) == (None, None)


@given(text=st.text(max_size=60), value=st.text(max_size=20))
def test_what_no_kernel_writes_is_no_limit(
    tmp_path_factory: pytest.TempPathFactory, text: str, value: str
) -> None:
    """A file system that imitates /proc stops no doctor."""
    folder = tmp_path_factory.mktemp("groups")
    (folder / "memory.max").write_text(value, encoding="utf-8")
    (folder / "own").write_text(text, encoding="utf-8")
    cgroup_room(folder / "own", folder)


def test_the_processes_of_a_home_are_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each once, though it stands in the list as function host and as page."""
    me = os.getpid()
    running = [Running(kind, me, tmp_path) for kind in (FUNCTIONS, presence.PAGE)]
    monkeypatch.setattr(presence, "running", lambda _home: running)
    monkeypatch.setattr(local_cloud, "running", lambda _folder: None)
    found = memory.measure(tmp_path)
    info = psutil.Process().memory_full_info()
    size = getattr(info, "pss", info.uss) / MB
    assert 0.5 * size < found.ours < 2 * size
    assert (found.lab, found.kernel) == (0, 0)


def test_a_kernel_is_no_part_of_the_kit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its chats make it known."""
    running = [Running(CHAT, os.getpid(), tmp_path)]
    monkeypatch.setattr(presence, "running", lambda _home: running)
    monkeypatch.setattr(local_cloud, "running", lambda _folder: None)
    found = memory.measure(tmp_path)
    assert found.kernel > 0 and found.ours == 0


def test_a_server_of_a_jupyterhub_is_jupyterlab(tmp_path: Path) -> None:
    """The hub has started it, so it is in no list of what runs."""
    with FileLock(tmp_path / presence.SERVER_LOCK) as lock:
        assert lock.try_acquire()
        found = {(part, process.pid) for part, process in memory.processes_of(tmp_path)}
        assert ("lab", os.getpid()) in found
    assert list(memory.processes_of(tmp_path)) == []


def test_the_limit_decides_how_many_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody runs yet is taken at its usual size."""
    monkeypatch.setattr(presence, "running", lambda _home: [])
    monkeypatch.setattr(local_cloud, "running", lambda _folder: None)
    monkeypatch.setattr(memory, "cgroup_room", lambda: (1000.0, 2.5 * sum(memory.USUAL.values())))
    found = memory.measure(tmp_path)
    assert (found.people, found.limit) == (2, 1000.0)
    assert "nothing of yours runs" in str(found) and "1000 MB that this container" in str(found)


def test_the_sentence_names_the_parts() -> None:
    """One line, for a person."""
    assert str(MACHINE) == (
        "Memory: what runs for you takes 320 MB (PSS: the kit 150, JupyterLab 90, kernels 80)."
        " 9600 MB are free: room for 30 more people at 320 MB."
    )


def test_one_person_is_a_person() -> None:
    """In a small container."""
    assert "room for 1 more person at" in str(replace(MACHINE, people=1))
