"""`chatkit local fault …` and `chatkit local time …`: rehearse what goes wrong in Azure, and how long it takes there."""

from __future__ import annotations

from typing import Annotated

import typer

from chatkit.cloud.local_cloud import ask


def fault(
    kind: Annotated[str, typer.Argument(help="Which one; without it all are listed.")] = "",
    times: Annotated[
        int,
        typer.Option("--times", "-n", min=0, help="How many requests it hits; 0 for every one."),
    ] = 1,
    seconds: Annotated[
        float, typer.Option("--seconds", help="For slow answers and late roles.")
    ] = 2.0,
    path: Annotated[
        str, typer.Option("--path", help="Only requests whose path contains this.")
    ] = "",
    clear: Annotated[
        bool, typer.Option("--clear", help="Switch it off; without a kind all of them.")
    ] = False,
) -> None:
    """Let the next requests to the local cloud fail as Azure fails."""
    where = f"/faults/{kind}" if kind else "/faults"
    if clear:
        known = ask("DELETE", where)
    elif kind:
        known = ask("PUT", where, {"times": times, "seconds": seconds, "path": path})
    else:
        known = ask("GET", where)
    active = {one["kind"]: one for one in known["active"]}
    for name, sentence in known["kinds"].items():
        typer.echo(f"{'on ' if name in active else '   '} {name:20} {sentence}")


def time(
    mode: Annotated[
        str, typer.Argument(help="fast or recorded; without it the present one is shown.")
    ] = "",
    scale: Annotated[
        float, typer.Option("--scale", help="Recorded durations times this: 0.05 is 1:20.")
    ] = 1.0,
) -> None:
    """Let operations take no time, or as long as recorded in the real Azure."""
    known = ask("PUT", "/time", {"mode": mode, "scale": scale}) if mode else ask("GET", "/time")
    typer.echo(f"{known['mode']}, scale {known['scale']:g}")
