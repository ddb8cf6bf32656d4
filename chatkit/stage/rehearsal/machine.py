"""What a rehearsal costs this machine: processor, memory and descriptors of each process."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

OWN = "this rehearsal"


@dataclass(frozen=True)
class Sample:
    """One moment.

    Attributes:
        at_s: When.
        processor_s: Processor time of each part until then.
        memory_bytes: Of each part.
        descriptors: Of each part, and how many it may have; without where the system tells neither.
        busy_s: Processor time of the whole machine until then.
    """

    at_s: float
    processor_s: Mapping[str, float]
    memory_bytes: Mapping[str, int]
    descriptors: Mapping[str, tuple[int, int]]
    busy_s: float


@dataclass(frozen=True)
class Used:
    """Between two samples.

    Attributes:
        seconds: How long.
        cores: How much of one processor each part has used; 1 is all of it.
        machine: How many processors were busy, whoever used them.
    """

    seconds: float
    cores: Mapping[str, float]
    machine: float

    @classmethod
    def between(cls, first: Sample, last: Sample) -> Used:
        """What was used."""
        seconds = max(1e-3, last.at_s - first.at_s)
        cores = {
            name: (used - first.processor_s[name]) / seconds
            for name, used in last.processor_s.items()
            if name in first.processor_s
        }
        return cls(seconds, cores, (last.busy_s - first.busy_s) / seconds)


@dataclass(frozen=True)
class Machine:
    """The processes that take part.

    Attributes:
        parts: What each does, and its process ids.
    """

    parts: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def sample(self) -> Sample:
        """Look at all of them now."""
        own = psutil.Process()
        found = {name: _alive(pids) for name, pids in self.parts.items()}
        found[OWN] = [own]
        times = psutil.cpu_times()
        return Sample(
            time.perf_counter(),
            {name: sum(map(_processor_s, all_of)) for name, all_of in found.items()},
            {name: sum(map(_memory_bytes, all_of)) for name, all_of in found.items()},
            {name: count for name, all_of in found.items() if (count := _descriptors(all_of))},
            sum(times) - times.idle - getattr(times, "iowait", 0.0),
        )


def with_children(pid: int) -> dict[str, tuple[int, ...]]:
    """The local cloud, and the processes in which it runs functions."""
    children: list[psutil.Process] = []
    with suppress(psutil.Error):
        children = psutil.Process(pid).children(recursive=True)
    return {"the local cloud": (pid,), "the functions": tuple(child.pid for child in children)}


def _alive(pids: Iterable[int]) -> list[psutil.Process]:
    found = []
    for pid in pids:
        with suppress(psutil.Error):
            found.append(psutil.Process(pid))
    return found


def _processor_s(process: psutil.Process) -> float:
    with suppress(psutil.Error):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0


def _memory_bytes(process: psutil.Process) -> int:
    with suppress(psutil.Error):
        return int(process.memory_info().rss)
    return 0


def _descriptors(processes: list[psutil.Process]) -> tuple[int, int] | None:
    """How many the first process has, and may have. Only Linux tells both."""
    if sys.platform == "linux" and processes:
        with suppress(psutil.Error, OSError):
            soft, _ = processes[0].rlimit(psutil.RLIMIT_NOFILE)
            return int(processes[0].num_fds()), int(soft)
    return None
