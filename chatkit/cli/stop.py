"""`chatkit stop`: nothing of this home runs on this machine any more."""

from __future__ import annotations

import typer

from chatkit.cloud import local_cloud
from chatkit.core.settings import home
from chatkit.steps import running


def stop() -> None:
    """End what runs on this machine for this home: chats, functions, page, local cloud, Lab.

    What they hold is kept. A kernel that has open chats goes on without them.
    """
    # Lab comes last: this may have been typed in one of its terminals.
    stopped = ["Stopped: the local cloud."] if local_cloud.stop(local_cloud.folder()) else []
    for sentence in [*stopped, *running.stop(home())]:
        typer.echo(sentence)
        stopped = [sentence]
    if not stopped:
        typer.echo("Nothing runs for this home.")
