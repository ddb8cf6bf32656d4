"""This machine in Azure's place: a local cloud that does not run, and ports that have moved."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from chatkit.cloud import local_cloud
from chatkit.core.running.addresses import follow_text
from chatkit.lesson.doctor.problems.problem import Problem
from chatkit.lesson.doctor.snapshot.snapshot import Snapshot

VARIABLES = (
    *("AZURE_AUTHORITY_HOST", "AZURE_RESOURCE_MANAGER", "IDENTITY_ENDPOINT"),
    *("ARM_METADATA_HOSTNAME", "ARM_CLOUD_METADATA_URL"),
)
"""What `chatkit local env` tells a shell of addresses."""
HERE = r"(localhost|127\.0\.0\.1|\[?::1\]?)"
# Problem 25 knows the ports of the development storage.
PORT = r"(?!:?1000[012]\b)"


def _is_down(snapshot: Snapshot) -> str:
    """What the local cloud lacks: it is off, or suspended."""
    if snapshot.absent is None:
        return ""
    message = snapshot.absent.message.rstrip(".")
    return message[0].lower() + message[1:]


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


PROBLEMS = (
    Problem(
        48,
        "Connection refused at an address of this machine",
        (
            "What should answer there does not run: the local cloud with all its services, or the"
            " functions or the page on this machine."
        ),
        (
            "In a notebook, workshop = Workshop.open() starts the local cloud with everything it"
            " held, then workshop.start_functions() and workshop.start_page() what ran on this"
            " machine; in a terminal, `chatkit local up`."
        ),
        ("microsoft/AzureStorageExplorer#4458", "Azure/Azurite#2339"),
        (
            r"\blocal cloud (is not|isn't|does not|doesn't) run",
            # Python: urllib3 (az, the SDKs), requests, aiohttp; then curl, Node, Go.
            rf"host='?{HERE}'?, port=(?!1000[012]\b)\d+\).{{0,300}}(connection refused|refused it)",
            r"failed to establish a new connection: \[(errno (61|111)|winerror 10061)\]",
            rf"cannot connect to host {HERE}{PORT}:\d+ ",
            rf"failed to connect to {HERE} (\([^)]{{1,40}}\) )?port (?!1000[012]\b)\d+",
            rf"(econnrefused|dial tcp) {HERE}{PORT}:\d+",
            # Browsers, on their own page and in the console.
            r"err_connection_refused",
            rf"{HERE} refused to connect",
            rf"can't (establish a connection to|connect to) the server .{{0,40}}{HERE}{PORT}",
        ),
        _is_down,
        _is_off,
    ),
    Problem(
        49,
        "An address of this machine has another port than before",
        (
            "Another program had the port when the server started, so that it took a free one. The"
            " kit's files follow; a shell, a script or a page that was published keeps the old one."
        ),
        (
            '`chatkit local up` says what moved. In each shell: eval "$(chatkit local env)"; in'
            " code, read the address from the settings; for the deployed page,"
            " workshop.upload_page()."
        ),
        ("Azure/azure-functions-core-tools#145", "Azure/Azure-Functions#1000"),
        (
            r"is at port \d+ now: .{1,80} has port \d+",
            r"has moved to port \d+",
            r"port \d+, which .{1,80} holds",
            r"\bport \d+ is (taken by|unavailable)",
            r"wrong[_ ]version[_ ]number",
        ),
        _old_address,
    ),
)
