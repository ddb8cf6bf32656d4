"""Loading the functions: whether my-chat is there, loads, and runs without raising."""

from __future__ import annotations

from collections.abc import Callable

from chatkit.cloud.app_log.failures import FunctionFailure
from chatkit.knowledge.problems.recognition import recognise
from chatkit.lesson import courses
from chatkit.lesson.doctor.probes.probe import Probe
from chatkit.lesson.doctor.snapshot.emitted import SCRIPT
from chatkit.lesson.doctor.snapshot.lookups import Unknown, known
from chatkit.lesson.doctor.snapshot.snapshot import Snapshot
from chatkit.lesson.http import fetch

NOT_FOUND = 404
GENERAL = "app-does-not-load"
# What a probe of its own sees in the files.
SEEN_IN_FILES = {"settings-file-damaged", "bundle-missing", "bundle-too-old", "no-functions"}
PARTICULAR = (*("no-decorator", "binding-name", "info-as-trigger", "package-missing"),)


def _app_gone(snapshot: Snapshot) -> str:
    done = snapshot.facts.completed
    course = courses.current()
    if not done or (course.clean_up and course.clean_up.number in done):
        return ""
    wanted = [
        snapshot.session.folder / name
        for section in course.sections
        if section.number <= done[-1]
        for name in section.leaves
    ]
    missing = [path for path in wanted if not path.is_file()]
    if not missing:
        return ""
    functions = snapshot.folder.functions
    if missing[0].parent == functions and not functions.is_dir():
        return f"section {done[-1]} is done, and {functions} is gone"
    names = ", ".join(f"{path.parent.name}/{path.name}" for path in missing)
    return f"section {done[-1]} is done, and my-chat has no {names}"


def failure(snapshot: Snapshot, key: str) -> str:
    """Why the app does not load, when that is the problem of this name."""
    if snapshot.folder.unreadable:  # what cannot be read cannot be imported
        return ""
    app = snapshot.emitted()
    text = app.failure
    if not text:
        refused = known(snapshot.refused_here)
        text = refused.exception if refused else ""
    if not text:
        return ""
    named = {problem.key for problem in recognise(text)}
    if named & SEEN_IN_FILES:
        return ""
    found = next((one for one in PARTICULAR if one in named), GENERAL)
    if found != key:
        return ""
    where = f" in {app.where}" if app.where else ""
    return f"the app does not load: {text[:300]}{where}"


def _load_failure(key: str) -> Probe:
    """A probe for one of the reasons why an app does not load."""
    return lambda snapshot: failure(snapshot, key)


def _none(snapshot: Snapshot) -> str:
    return _none_here(snapshot) or _none_deployed(snapshot)


def _none_here(snapshot: Snapshot) -> str:
    answering = [section.number for section in courses.current().sections if section.answers]
    done = [number for number in snapshot.facts.completed if number in answering]
    app = known(snapshot.emitted)
    if not done or app is None or app.failure or app.functions:
        return ""
    return f"section {done[-1]} is done, and {SCRIPT} in my-chat/functions has no functions"


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


def _missing_address(snapshot: Snapshot) -> str:
    """A function that a section has made, and that the app does not have any more."""
    app = known(snapshot.emitted)
    if app is None or app.failure or not app.functions:
        return ""
    has = {one for function in app.functions for one in function.addresses}
    for section in courses.current().sections:
        wanted = section.answers
        if not wanted or section.number not in snapshot.facts.completed:
            continue
        if not any(_takes(one, wanted) for one in has):
            listed = ", ".join(" ".join(one) for one in sorted(has))
            return f"no function in my-chat answers {' '.join(wanted)}; those there answer {listed}"
    return ""


def _takes(address: tuple[str, str], wanted: tuple[str, str]) -> bool:
    """Whether a function's address is the wanted one, or its route has a parameter there."""
    route, parts = address[1].split("/"), wanted[1].split("/")
    if route[-1].startswith("{*"):  # all that is left
        parts = parts[: len(route)]
    fits = [one.startswith("{") or one == part for one, part in zip(route, parts, strict=False)]
    return address[0] == wanted[0] and len(route) == len(parts) and all(fits)


def _failed(snapshot: Snapshot) -> str:
    """A function that is in error, or whose answer or binding the host could not take."""
    for where, look in _logs(snapshot):
        found = known(look)
        if found is not None and found.function:
            return f"{found.function} {where} fails, {found.why}"
    return ""


def _raised(snapshot: Snapshot) -> str:
    for where, look in _logs(snapshot):
        found = known(look)
        if found is not None and found.function and found.file and found.is_exact:
            return f"{found.function} {where} raised, {found.why}"
    return ""


def _logs(snapshot: Snapshot) -> tuple[tuple[str, Callable[[], FunctionFailure | None]], ...]:
    return (
        ("on this machine", snapshot.failed_here),
        ("in the function app", snapshot.failed_there),
    )


PROBES: dict[str, Probe] = {
    "app-folder-gone": _app_gone,
    GENERAL: _load_failure(GENERAL),
    "package-missing": _load_failure("package-missing"),
    "no-functions": _none,
    "no-such-address": _missing_address,
    "function-raises": _raised,
}
GENERAL_PROBES: dict[str, Probe] = {"function-raises": _failed}
