"""Which known problems can be seen, and how: a probe for each, by the problem's key.

The order counts: what stands first is the cause of what may follow from it.
"""

from __future__ import annotations

from chatkit.lesson.doctor.probes import (
    app_settings,
    deployment,
    identity,
    loading,
    negotiation,
    origins,
    resources,
    runtime,
    service,
    this_machine,
)
from chatkit.lesson.doctor.probes.probe import Probe

AREAS = (
    this_machine,
    resources,
    loading,
    deployment,
    runtime,
    app_settings,
    service,
    negotiation,
    origins,
    identity,
)
PROBES: dict[str, Probe] = {key: probe for area in AREAS for key, probe in area.PROBES.items()}
CONFIRM: dict[str, Probe] = {
    **this_machine.CONFIRM,
    **origins.CONFIRM,
    **identity.CONFIRM,
}
"""Looked at only after a symptom was given: what they look for is no fault by itself."""
GENERAL: dict[str, Probe] = {**loading.GENERAL_PROBES, **negotiation.GENERAL}
"""Named only when nothing particular is seen: they see that something is wrong, and not what."""
