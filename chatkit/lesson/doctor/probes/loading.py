"""Loading the functions: whether my-chat is there, loads, and runs without raising."""

from __future__ import annotations

from chatkit.knowledge.problems.recognition import recognise
from chatkit.lesson.doctor.probes.probe import Probe
from chatkit.lesson.doctor.snapshot.emitted import SCRIPT
from chatkit.lesson.doctor.snapshot.lookups import Unknown, known
from chatkit.lesson.doctor.snapshot.snapshot import Snapshot
from chatkit.lesson.http import fetch
from chatkit.lesson.sections import SECTIONS

# From this section on there is a function app, from that one a page.
APP, PAGE = "03", "06"
NOT_FOUND = 404
GENERAL = "app-does-not-load"
PARTICULAR = (*("no-decorator", "binding-name", "info-as-trigger", "package-missing"),)


def _app_gone(snapshot: Snapshot) -> str:
    done = [section for section in snapshot.facts.completed if section >= APP]
    cleaned = {section.number for section in SECTIONS if section.cleans_up}
    if not done or cleaned & set(done):
        return ""
    wanted = [snapshot.folder.functions / SCRIPT, snapshot.folder.functions / "host.json"]
    if any(section >= PAGE for section in done):
        wanted.append(snapshot.folder.page / "index.html")
    missing = [path for path in wanted if not path.is_file()]
    if not missing:
        return ""
    if not snapshot.folder.functions.is_dir():
        return f"section {done[-1]} is done, and {snapshot.folder.functions} is gone"
    names = ", ".join(f"{path.parent.name}/{path.name}" for path in missing)
    return f"section {done[-1]} is done, and my-chat has no {names}"


def failure(snapshot: Snapshot, key: str) -> str:
    """Why the app does not load, when that is the problem of this name."""
    app = snapshot.emitted()
    if not app.failure:
        return ""
    named = {problem.key for problem in recognise(app.failure)}
    found = next((one for one in PARTICULAR if one in named), GENERAL)
    if found != key:
        return ""
    where = f" in {app.where}" if app.where else ""
    return f"the app does not load: {app.failure[:300]}{where}"


def _load_failure(key: str) -> Probe:
    """A probe for one of the reasons why an app does not load."""
    return lambda snapshot: failure(snapshot, key)


def _none_deployed(snapshot: Snapshot) -> str:
    if not snapshot.facts.published or snapshot.functions():
        return ""
    # While an app starts anew, it lists no functions, and its address answers 502 or 503.
    status = fetch("POST", f"{snapshot.api}/api/negotiate").status
    if status != NOT_FOUND:
        raise Unknown(f"it lists none now, and answers {status}")
    if snapshot.functions_now():  # it has started meanwhile
        return ""
    return "the functions are published, and the function app has none"


def _raised(snapshot: Snapshot) -> str:
    for where, look in (
        ("on this machine", snapshot.failed_here),
        ("in the function app", snapshot.failed_there),
    ):
        found = known(look)
        if found is not None and found.function and found.file:
            return f"{found.function} {where} raised, {found.why}"
    return ""


PROBES: dict[str, Probe] = {
    "app-folder-gone": _app_gone,
    GENERAL: _load_failure(GENERAL),
    "package-missing": _load_failure("package-missing"),
    "no-functions": _none_deployed,
    "function-raises": _raised,
}
