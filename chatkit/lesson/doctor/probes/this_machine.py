"""This machine in Azure's place: a local cloud that does not run, and ports that have moved."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from chatkit.cloud import local_cloud
from chatkit.core.errors import ChatkitError, NotAnswering
from chatkit.core.running.addresses import follow_text
from chatkit.lesson.doctor.probes.probe import Probe
from chatkit.lesson.doctor.snapshot.lookups import Unknown
from chatkit.lesson.doctor.snapshot.snapshot import Snapshot
from chatkit.lesson.http import fetch

VARIABLES = (
    *("AZURE_AUTHORITY_HOST", "AZURE_RESOURCE_MANAGER", "IDENTITY_ENDPOINT"),
    *("ARM_METADATA_HOSTNAME", "ARM_CLOUD_METADATA_URL"),
)
"""What `chatkit local env` tells a shell of addresses."""
HERE = r"(localhost|127\.0\.0\.1|\[?::1\]?)"
PING = "/admin/host/ping"  # the host answers it by itself: an app that rests is not started
# The ports of the development storage are another problem.
PORT = r"(?!:?1000[012]\b)"


def _is_down(snapshot: Snapshot) -> str:
    """What the local cloud lacks: it is off, or suspended."""
    if snapshot.absent is None:
        return ""
    message = snapshot.absent.message.rstrip(".")
    if isinstance(snapshot.absent, NotAnswering):  # what starts one that is off does not help
        message += f": {snapshot.absent.hint.rstrip('.')}"
    return message[0].lower() + message[1:]


def _no_answer(snapshot: Snapshot) -> str:
    """A server that is known to run, and does not answer.

    One whose folder is gone ends by itself, and the folder is another problem.
    """
    servers = (
        ("functions", snapshot.local_api, PING, snapshot.folder.functions),
        ("page", snapshot.local_page, "", snapshot.folder.page),
    )
    for what, url, path, folder in servers:
        if url and folder.is_dir() and not fetch("GET", url + path).status:
            return f"the {what} on this machine should run at {url}, and nothing answers there"
    return ""


def _down(snapshot: Snapshot) -> str:
    return _is_down(snapshot) or _no_answer(snapshot)


def _drill(snapshot: Snapshot) -> str:
    """Drills of the local cloud that are on, by what an audience is told of them."""
    if snapshot.settings.target != "local" or not snapshot.may_ask:
        return ""
    try:
        active = local_cloud.ask("GET", "/drills", where=snapshot.session.home / "local")["active"]
    except ChatkitError as error:
        raise Unknown(error.message) from error
    names = [f"{one['title']} ({one['kind']}, {one['seconds_left']:.0f} s left)" for one in active]
    return f"a drill is on: {', '.join(names)}" if names else ""


def _unreadable(snapshot: Snapshot) -> str:
    names = ", ".join(f"my-chat/{name}" for name in snapshot.folder.unreadable)
    return f"{names} may not be read" if names else ""


def _is_off(snapshot: Snapshot) -> str:
    """What does not run that may be asked for: no fault by itself."""
    runs = {
        "the local cloud": snapshot.may_ask,
        "the functions on this machine": snapshot.local_api,
        "the page on this machine": snapshot.local_page,
    }
    off = [what for what, is_running in runs.items() if not is_running]
    return f"not running: {', '.join(off)}" if off else ""


def _old_address(snapshot: Snapshot) -> str:
    known = local_cloud.running(snapshot.session.home / "local")
    if known is None or snapshot.settings.target != "local":
        return ""
    moved = {int(before): now for before, now in known.get("moved", {}).items()}
    for name in VARIABLES:
        text = os.environ.get(name, "")
        if moved and follow_text(text, moved) != text:
            return f"{name} of this shell names port {_port(text)}, which has moved"
    return _old_source(snapshot, moved)


def _old_source(snapshot: Snapshot, moved: dict[int, int]) -> str:
    """A port that somebody has written into the code."""
    for name, text in snapshot.folder.sources.items():
        if moved and follow_text(text, moved) != text:
            return f"my-chat/functions/{name} names a port that has moved"
    return ""


def _port(address: str) -> int | None:
    return urlsplit(address if "//" in address else f"//{address}").port


PROBES: dict[str, Probe] = {
    "drill": _drill,
    "may-not-write": _unreadable,
    "not-running": _down,
    "port-taken": _old_address,
}
EXPLAINS_ALL = "drill"
"""What looks broken while it is on is what it breaks."""
CONFIRM: dict[str, Probe] = {
    "not-running": _is_off,
}
