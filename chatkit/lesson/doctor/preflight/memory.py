"""What a participant takes of this machine's memory, and how many more people have room in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chatkit.cloud import local_cloud
from chatkit.core.running import presence
from chatkit.core.running.presence import CHAT, LAB

if TYPE_CHECKING:
    import psutil

MB = 1_000_000
# What is not running now, from `make bench` (tests/bench/bench_memory.py): docs/memory.md.
USUAL = {"ours": 116.0, "lab": 90.0, "kernel": 62.0}
WHAT = {"ours": "the kit", "lab": "JupyterLab", "kernel": "kernels"}
CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUP = Path("/proc/self/cgroup")


@dataclass(frozen=True)
class Memory:
    """What runs for a home, and what is left on this machine. Sizes are in MB of 1,000,000 bytes.

    Attributes:
        ours: Local cloud, function host with the page, and the apps' processes.
        lab: JupyterLab, without its kernels.
        kernel: All kernels of this home.
        measure: "PSS" where the system tells it: pages that several processes share are divided
            among them. Else "USS": what ends with a process, without anything shared.
        available: What new processes may take.
        limit: What a container, or this user's session, may take in all; None for no limit.
        people: How many more have room; one of whom nothing runs takes `USUAL`.
    """

    ours: float
    lab: float
    kernel: float
    measure: str
    available: float
    limit: float | None
    people: int

    def __str__(self) -> str:
        parts = {"ours": self.ours, "lab": self.lab, "kernel": self.kernel}
        total = sum(parts.values())
        each = sum(size or USUAL[name] for name, size in parts.items())
        said = ", ".join(f"{WHAT[name]} {size:.0f}" for name, size in parts.items() if size)
        takes = "nothing of yours runs"
        if said:
            takes = f"what runs for you takes {total:.0f} MB ({self.measure}: {said})"
        noun = "person" if self.people == 1 else "people"
        within = ""
        if self.limit:
            within = f" of the {self.limit:.0f} MB that this container may take"
        return (
            f"Memory: {takes}. {self.available:.0f} MB{within} are free: room for"
            f" {self.people} more {noun} at {each:.0f} MB."
        )

    def as_dict(self) -> dict[str, object]:
        """Ready for JSON."""
        return {
            name: round(value) if isinstance(value, float) else value
            for name, value in asdict(self).items()
        }


def measure(home: Path) -> Memory:
    """Measure the processes of a home, and what this machine has left."""
    import psutil

    taken = {"ours": 0.0, "lab": 0.0, "kernel": 0.0}
    known = set[int]()
    kind = "PSS"
    for part, process in processes_of(home):
        if process.pid in known:
            continue
        known.add(process.pid)
        try:
            info = process.memory_full_info()
        except psutil.Error:
            continue  # it has ended, or is another person's
        size = getattr(info, "pss", None)
        if size is None:
            kind = "USS"
            size = info.uss
        taken[part] += size / MB
    each = sum(size or USUAL[name] for name, size in taken.items())
    machine = psutil.virtual_memory().available / MB
    limit, free = cgroup_room()
    available = machine if free is None else min(machine, free)
    people = int(available // each)
    return Memory(**taken, measure=kind, available=available, limit=limit, people=people)


def processes_of(home: Path) -> Iterator[tuple[str, psutil.Process]]:
    """The processes of a home, each with the part that it belongs to."""
    cloud = local_cloud.running(home / "local")
    if cloud is not None:
        yield from _family("ours", cloud["pid"])
    # A kernel has started servers, and Lab the kernel: who is named first has the process.
    for one in sorted(presence.running(home), key=lambda one: one.kind in (LAB, CHAT)):
        if one.kind == LAB:
            yield from _family("lab", one.pid)
        elif one.kind == CHAT:
            yield from _family("kernel", one.pid)
        else:
            yield from _family("ours", one.pid)
    server = presence.hub_server(home)
    if server is not None:
        yield from _family("lab", server)


def _family(part: str, pid: int) -> Iterator[tuple[str, psutil.Process]]:
    """A process and what it has started."""
    import psutil

    try:
        process = psutil.Process(pid)
        for child in process.children(recursive=True):
            name = " ".join(child.cmdline())
            yield ("kernel" if "ipykernel" in name else part), child
        yield part, process
    except psutil.Error:
        return


def cgroup_room(own: Path = OWN_CGROUP, root: Path = CGROUPS) -> tuple[float | None, float | None]:
    """The tightest limit of this process's control groups, and what is left of it, in MB.

    Files that the system only caches count as free: it drops them first.
    https://docs.kernel.org/admin-guide/cgroup-v2.html#memory
    """
    tightest: tuple[float | None, float | None] = (None, None)
    for folder in _groups(own, root):
        limit = _number(folder / "memory.max", folder / "memory.limit_in_bytes")
        used = _number(folder / "memory.current", folder / "memory.usage_in_bytes")
        if limit is None or used is None or limit > 1 << 60:  # version 1 has no word for "none"
            continue
        free = max(limit - used + _cached(folder), 0) / MB
        if tightest[1] is None or free < tightest[1]:
            tightest = (limit / MB, free)
    return tightest


def _groups(own: Path, root: Path) -> Iterator[Path]:
    """The folders of this process's groups, version 2 and version 1, from its own to the root."""
    try:
        lines = own.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        if line.count(":") < 2:
            continue
        number, controllers, path = line.split(":", 2)
        base = root if number == "0" else root / "memory"
        if number != "0" and "memory" not in controllers.split(","):
            continue
        folder = base / path.strip("/")
        yield folder
        while folder != base:
            folder = folder.parent
            yield folder


def _number(*paths: Path) -> int | None:
    """What the first of these files says that there is; None for "max"."""
    for path in paths:
        try:
            return int(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
    return None


def _cached(folder: Path) -> int:
    try:
        lines = (folder / "memory.stat").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    found = dict(line.split(" ", 1) for line in lines if " " in line)
    return int(found.get("inactive_file", 0))
