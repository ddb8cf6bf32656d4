"""Azure's resources: what a resource group remembers."""

from __future__ import annotations

from collections.abc import Callable

from azure.core.exceptions import ResourceNotFoundError

from chatkit.lesson import courses
from chatkit.lesson.doctor.probes.probe import Probe
from chatkit.lesson.doctor.snapshot.lookups import Unknown, cause_of
from chatkit.lesson.doctor.snapshot.snapshot import QUICK, Snapshot


def _gone(snapshot: Snapshot) -> str:
    facts = snapshot.facts
    there = snapshot.resources()
    if there is None:
        return f"the workshop made the resource group {facts.resource_group}, and it is gone"
    made: dict[str, Callable[[], object]] = {
        facts.signalr: snapshot.instance,
        facts.storage_account: lambda: _account(snapshot),
        facts.function_app: snapshot.site,
    }
    # The list lacks what is new, for a quarter of an hour, and an instance that a class shares.
    missing = [
        name
        for name, look in made.items()
        if name and name.lower() not in there and _is_absent(look)
    ]
    if missing:
        return f"the workshop made them, and they are gone: {', '.join(missing)}"
    return ""


def _account(snapshot: Snapshot) -> object:
    names = snapshot.settings.names
    accounts = snapshot.cloud().storage().storage_accounts
    return accounts.get_properties(names.resource_group, names.storage_account, **QUICK)


def _is_absent(look: Callable[[], object]) -> bool:
    """Whether the resource itself is not found; what cannot be asked may be there."""
    try:
        look()
    except ResourceNotFoundError:
        return True
    except Unknown as error:
        return isinstance(cause_of(error), ResourceNotFoundError)
    return False


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
