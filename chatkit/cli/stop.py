"""`chatkit stop`: ends everything of this home that runs on this machine."""

from __future__ import annotations

import typer

from chatkit.cloud import local_cloud, local_stage
from chatkit.core.settings import home
from chatkit.steps import running


def stop() -> None:
    """End what runs on this machine for this home: chats, functions, page, stage, local cloud, Lab.

    What they hold is kept. A kernel that has open chats goes on without them.
    """
    # Lab comes last: this may have been typed in one of its terminals.
    where = local_cloud.folder()
    stopped = ["Stopped: the stage."] if local_stage.end(where)["was_open"] else []
    if local_cloud.stop(where):
        stopped.append("Stopped: the local cloud.")
    for sentence in [*stopped, *running.stop(home())]:
        typer.echo(sentence)
        stopped = [sentence]
    if not stopped:
        typer.echo("Nothing runs for this home.")
