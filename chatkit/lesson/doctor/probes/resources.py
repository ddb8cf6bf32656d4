"""Azure's resources: what a resource group remembers."""

from __future__ import annotations

from chatkit.lesson import courses
from chatkit.lesson.doctor.probes.probe import Probe
from chatkit.lesson.doctor.snapshot.snapshot import Snapshot


def _gone(snapshot: Snapshot) -> str:
    facts = snapshot.facts
    there = snapshot.resources()
    if there is None:
        return f"the workshop made the resource group {facts.resource_group}, and it is gone"
    made = (facts.signalr, facts.storage_account, facts.function_app)
    missing = [name for name in made if name and name.lower() not in there]
    if missing:
        return f"the workshop made them, and they are gone: {', '.join(missing)}"
    return ""


def _page_gone(snapshot: Snapshot) -> str:
    section = courses.current().page
    if not snapshot.page or section is None or section.number not in snapshot.facts.completed:
        return ""
    status = snapshot.deployed_page()
    if status != 200:
        return f"section {section.number} is done, and {snapshot.page}/ answers {status}"
    return ""


def _windows_plan(snapshot: Snapshot) -> str:
    windows = [
        str(plan.name)
        for plan in snapshot.plans()
        if plan.properties and not plan.properties.reserved
    ]
    if windows:
        return f"the resource group has a plan for Windows: {', '.join(windows)}"
    return ""


PROBES: dict[str, Probe] = {
    "resources-gone": _gone,
    "website-off": _page_gone,
    "windows-group": _windows_plan,
}
