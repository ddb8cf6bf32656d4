"""What runs on this machine for a home, and stopping it: chats, the two servers, JupyterLab."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from chatkit.core.errors import SetupError
from chatkit.core.processes import ProcessIdentity
from chatkit.core.running import presence
from chatkit.core.running.presence import BOARD, CHAT, SCREEN, Running
from chatkit.core.system.moving import discard, discard_tree
from chatkit.steps import local_settings
from chatkit.steps.local_servers import LocalServers

STOP_LIMIT_S = 15.0


def graded_in(home: Path) -> Path:
    """Where a home's exercises are graded. What runs there ends when its folder is gone."""
    return home / "exercises"


def still_running(home: Path) -> str:
    """A sentence about what runs beside the local cloud, empty when nothing does."""
    found = presence.running(home)
    if not found:
        return ""
    return f"Still running for this home: {', '.join(map(str, found))}."


def stop(home: Path) -> list[str]:
    """Stop everything of a home but the local cloud.

    Returns:
        What was stopped, a sentence each.
    """
    found = presence.running(home)
    servers = LocalServers(home)
    servers.stop_both()  # with their records: the next start is a new one
    for name in (SCREEN, BOARD):
        servers.stop(name)
    for one in found:
        _stop(home, one)
    discard_tree(graded_in(home))
    return [f"Stopped: {one}." for one in found]


def leave_target(servers: LocalServers, functions: Path) -> list[tuple[str, str]]:
    """Stop the servers on this machine, which use the target that is left.

    Args:
        servers: Of the home.
        functions: The learner's functions, whose settings hold a key of that target.

    Returns:
        What was stopped and how it starts again, as a row of a result; none when nothing ran.
    """
    has_stopped = servers.stop_both()
    servers.stop(SCREEN)
    servers.stop(BOARD)
    with suppress(SetupError):  # a damaged file is named by the step that needs it
        local_settings.forget_keys(functions)
    if not has_stopped:
        return []
    sentence = (
        "The functions and the page on this machine used the other target, and are stopped."
        " workshop.write_local_settings(), workshop.start_functions() and workshop.start_page()"
        " run them on this one."
    )
    return [("local run", sentence)]


def _stop(home: Path, one: Running) -> None:
    if one.kind == CHAT:
        # The kernel closes its chats when it sees this, and goes on.
        presence.leave(home, CHAT, one.pid)
        return
    # The lock on its file says that this process is the one: its id is not another's.
    process = ProcessIdentity.of(one.pid)
    if process is not None:
        process.stop(STOP_LIMIT_S)
    discard([one.path])
