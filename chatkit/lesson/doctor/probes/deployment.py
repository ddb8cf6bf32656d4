"""Deployment: whether the function app runs what was published last."""

from __future__ import annotations

from chatkit.lesson.doctor.probes.probe import Probe
from chatkit.lesson.doctor.snapshot.snapshot import Snapshot


def _failed(snapshot: Snapshot) -> str:
    return snapshot.failed_deployment()


PROBES: dict[str, Probe] = {"publish-failed": _failed}
