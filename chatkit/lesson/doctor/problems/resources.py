"""Azure's resources: what a resource group remembers."""

from __future__ import annotations

from chatkit.lesson.doctor.problems.problem import Problem
from chatkit.lesson.doctor.snapshot.snapshot import Snapshot


def _windows_plan(snapshot: Snapshot) -> str:
    windows = [
        str(plan.name)
        for plan in snapshot.plans()
        if plan.properties and not plan.properties.reserved
    ]
    if windows:
        return f"the resource group has a plan for Windows: {', '.join(windows)}"
    return ""


PROBLEMS = (
    Problem(
        47,
        "Linux dynamic workers are not available in resource group",
        "The group and region once had a plan for Windows, and keep to it.",
        "Use a group with another name: `chatkit clean`, then Workshop.open(suffix='...').",
        (
            "Azure/Azure-Functions#2308",
            "Azure/Azure-Functions#2346",
            "MicrosoftDocs/azure-docs#36268",
        ),
        (
            r"linux ?dynamic ?workers ?(are )?not ?(available|allowed)",
            r"linuxdynamicworkersnotallowed",
        ),
        _windows_plan,
    ),
)
