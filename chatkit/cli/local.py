"""`chatkit local …`: the local cloud's process, and rehearsing what goes wrong in Azure and how
long it takes there.
"""

from __future__ import annotations

import json
import math
import os
import sys
from typing import Annotated, Any, cast

import typer

from chatkit.cli.stage import drills as drills_of_people
from chatkit.cloud import local_cloud
from chatkit.cloud.local_cloud import Endpoints
from chatkit.cloud.silence import silent_or_off
from chatkit.cloud.tools.shell_lines import Shell, default_shell, shell_lines
from chatkit.cloud.tools.variables import others, variables
from chatkit.core import settings
from chatkit.core.errors import NoSuchChoice, NotStarted, SetupError
from chatkit.core.file_lock import holder
from chatkit.core.home.check import check_home
from chatkit.core.public_urls import public_url
from chatkit.core.settings import home
from chatkit.core.system.console import can_write
from chatkit.core.system.moving import remove_tree
from chatkit.steps import moved_ports, running
from chatkit.steps.repair import begin_anew
from chatkit.steps.repair import repair as mend

HERE = default_shell()
app = typer.Typer(help="Start, stop and look at the local cloud.", no_args_is_help=True)
MODES = ("instant", "fast", "recorded", "azure")
MAX_SCALE = 10
ON_AZURE = (
    "The target is azure: this map shows what the local cloud and functions on this machine see,"
    " and nothing that happens in Azure."
)
PUBLIC = (
    "running",
    "pid",
    "resource_manager",
    "authority",
    "graph",
    "ca_file",
    "tenant_id",
    "subscription_id",
    "client_id",
    "client_secret",
    "dev_storage",
)


@app.command()
def up() -> None:
    """Start the local cloud; nothing happens when it runs."""
    check_home(home())
    known = moved_ports.start_cloud(home(), typer.echo)
    typer.echo(f"The local cloud runs: {known['resource_manager']} (process {known['pid']}).")


@app.command()
def down(
    everything: Annotated[
        bool, typer.Option("--all", help="Also stop what else runs for this home.")
    ] = False,
) -> None:
    """Stop the local cloud; what it holds is kept."""
    stopped = local_cloud.stop(local_cloud.folder())
    typer.echo("The local cloud is stopped." if stopped else "The local cloud was not running.")
    if everything:
        for sentence in running.stop(home()):
            typer.echo(sentence)
        return
    left = running.still_running(home())
    if left:
        typer.echo(f"{left} `chatkit local down --all` stops that, too.")


@app.command()
def status(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print everything an Azure client needs, as JSON.")
    ] = False,
) -> None:
    """Show whether the local cloud runs, and where; exit code 1 when not, without --json."""
    where = local_cloud.folder()
    known: dict[str, object] = {"running": False, "pid": holder(where / "lock")}
    known.update(local_cloud.running(where) or {})
    check_home(home())
    if not known["running"]:
        local_cloud.check_stopped(where)
    if as_json:
        typer.echo(json.dumps({key: known.get(key) for key in PUBLIC}, indent=1))
        return
    if not known["running"]:
        typer.echo(str(silent_or_off(where)))
        raise typer.Exit(1)
    for key in ("pid", "resource_manager", "authority", "graph", "dev_storage", "ca_file"):
        typer.echo(f"{key.replace('_', ' '):<18}{known[key]}")
    typer.echo(f"{'time':<18}{_pace(local_cloud.ask('GET', '/time'))}")
    for sentence in moved_ports.sentences(cast(Endpoints, known)):
        typer.echo(sentence)


@app.command()
def reset(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    keep_app: Annotated[
        bool,
        typer.Option(
            "--keep-app",
            help="Begin anew after damage: forget what was known of the local cloud's resources,"
            " keep my-chat, the notebooks and damaged files.",
        ),
    ] = False,
) -> None:
    """Stop the local cloud and delete everything it holds."""
    if not yes:
        typer.confirm("Delete every resource of the local cloud?", abort=True)
    if keep_app:
        for mended in begin_anew(home()):
            typer.echo(str(mended))
        typer.echo(
            "The local cloud begins anew; my-chat and the notebooks are as they were."
            " `chatkit catch-up` brings you back to your section."
        )
        return
    where = local_cloud.folder()
    local_cloud.stop(where)
    if where.exists():
        remove_tree(where)
    typer.echo("The local cloud is empty; the next start begins anew.")


@app.command()
def repair() -> None:
    """Mend damaged files of the home, and say what was kept and what was lost."""
    is_whole = True
    for mended in mend(home()):
        is_whole = False
        typer.echo(str(mended))
    if is_whole:
        typer.echo("No file of the home is damaged.")


@app.command()
def env(
    shell: Annotated[
        Shell, typer.Option("--shell", help="The form: of a shell, or of a .env file.")
    ] = HERE,
) -> None:
    """Print lines with which az, the Azure SDKs and Terraform use the local cloud: eval
    "$(chatkit local env)", or in PowerShell: chatkit local env | Out-String | Invoke-Expression.
    """
    known = _known()
    lines = [*shell_lines(shell, variables(known, local_cloud.folder()), others(os.environ))]
    if not can_write("".join(lines)):
        raise SetupError(
            f"The path of this home cannot be printed here: {sys.stdout.encoding} has not all of"
            " its characters.",
            hint="Set PYTHONUTF8=1, or CHATKIT_HOME to a folder with plain letters.",
        )
    for line in lines:
        typer.echo(line)


@app.command("map")
def chat_map() -> None:
    """Print the address of the map: a page on which each message lights its way through the chat.

    Who has the address sees the map of this local cloud, and nothing else of it.
    """
    page = _known().get("map")
    if page is None:
        raise NotStarted(
            "The local cloud that runs is of an older version, which has no map.",
            hint="`chatkit local down`, then `chatkit local up`.",
        )
    typer.echo(public_url(page))
    if settings.load(home()).target != "local":
        typer.echo(ON_AZURE, err=True)


@app.command()
def logs(
    lines: Annotated[
        int, typer.Option("--lines", "-n", min=1, help="How many of the last lines.")
    ] = 50,
) -> None:
    """Print the end of the local cloud's log."""
    path = local_cloud.folder() / "cloud.log"
    if not path.exists():
        raise NotStarted(
            "The local cloud has not written a log yet.", hint="`chatkit local up` starts it."
        )
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]:
        typer.echo(line)


@app.command()
def fault(
    kind: Annotated[str, typer.Argument(help="Which one; without it all are listed.")] = "",
    *,
    lasts: Annotated[
        str | None,
        typer.Option("--for", help="Let what people meet fail for 30s, 2m or 45 seconds."),
    ] = None,
    times: Annotated[
        int,
        typer.Option("--times", "-n", min=0, help="How many requests it hits; 0 for every one."),
    ] = 1,
    seconds: Annotated[
        float,
        typer.Option("--seconds", min=0, max=600, help="For slow answers and late roles."),
    ] = 2.0,
    path: Annotated[
        str, typer.Option("--path", help="Only requests whose path contains this.")
    ] = "",
    clear: Annotated[
        bool, typer.Option("--clear", help="Switch it off; without a kind all of them.")
    ] = False,
) -> None:
    """Let the next requests to the local cloud fail as Azure fails; with --for, what people of the
    chat meet, for some time: of the stage's chat, or without a stage of the workshop's.
    """
    for_s = drills_of_people.lasting(lasts)
    if not math.isfinite(seconds):
        raise typer.BadParameter(f"{seconds} is no number of seconds.", param_hint="--seconds")
    drills = local_cloud.ask("GET", "/drills")["kinds"]
    faults = local_cloud.ask("GET", "/faults")["kinds"]
    if kind and kind not in (*drills, *faults):
        raise NoSuchChoice("fault", kind, [*drills, *faults])
    is_drill = kind in drills and (kind not in faults or for_s is not None)
    if for_s is not None and not is_drill:
        names = ", ".join(drills)
        raise typer.BadParameter(f"goes with one of {names}.", param_hint="--for")
    if clear:
        for collection in ("drills", "faults"):
            local_cloud.ask("DELETE", f"/{collection}/{kind}".rstrip("/"))
    elif is_drill:
        drills_of_people.begin(kind, for_s=for_s, delay_s=seconds)
    elif kind:
        order = {"times": times, "seconds": seconds, "path": path}
        local_cloud.ask("PUT", f"/faults/{kind}", order)
    _print_faults()


def _print_faults() -> None:
    """All that can fail: what people meet, then what calls of Azure's management meet."""
    drills_of_people.show()
    faults = local_cloud.ask("GET", "/faults")
    active = {one["kind"] for one in faults["active"]}
    typer.echo("What requests to Resource Manager meet, with --times N:")
    for name, sentence in faults["kinds"].items():
        mark = "on" if name in active else ""
        typer.echo(f"{mark:6} {name:20} {sentence}")


@app.command()
def time(
    mode: Annotated[
        str,
        typer.Argument(
            help="instant (also called fast), recorded or azure; without it the present one is"
            " shown."
        ),
    ] = "",
    scale: Annotated[
        float | None, typer.Option("--scale", help="Durations times this: 0.05 is 1:20; else 1.")
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option("--seed", min=0, max=2**31 - 1, help="Draws other times, for azure; else 0."),
    ] = None,
) -> None:
    """Let operations take no time, or as long as recorded in the real Azure; with azure, what was
    changed is known late, too, as there: roles, host names, registrations, lists, settings.
    """
    if mode and mode not in MODES:
        raise NoSuchChoice("mode", mode, MODES)
    if scale is not None and not 0 < scale <= MAX_SCALE:
        raise typer.BadParameter(
            f"{scale:g} is no number above 0 and up to {MAX_SCALE}.", param_hint="--scale"
        )
    if scale is not None and mode not in ("recorded", "azure"):
        raise typer.BadParameter("goes with recorded or azure.", param_hint="--scale")
    if seed is not None and mode != "azure":
        raise typer.BadParameter("goes with azure.", param_hint="--seed")
    if mode:
        wanted = {"mode": mode, "scale": 1.0 if scale is None else scale, "seed": seed or 0}
        local_cloud.ask("PUT", "/time", wanted)
    known = local_cloud.ask("GET", "/time")
    typer.echo(_pace(known))
    if known["mode"] not in ("recorded", "azure"):
        return
    for one in known.get("recorded", ()):
        typer.echo(f"{one['seconds']:7.1f} s  {one['what']:40}  {one['source']}")
    if known.get("not_recorded"):
        typer.echo(f"At once, because nobody has recorded it: {', '.join(known['not_recorded'])}.")
    if known["mode"] == "azure":
        _print_propagation(known["propagation"])


def _print_propagation(kinds: list[dict[str, Any]]) -> None:
    typer.echo("Known late, for a time between these two:")
    for one in kinds:
        seconds = f"{one['least_s']:g} to {one['most_s']:g} s"
        typer.echo(f"{seconds:>12}  {one['what']}")
        typer.echo(f"{'':12}  {one['grade']}: {one['source']}")


def _pace(known: dict[str, Any]) -> str:
    """How fast operations are, in a sentence."""
    scale = "" if known["scale"] == 1 else f", times {known['scale']:g}"
    if known["mode"] == "azure":
        return (
            "azure: operations take as long as they took in the real Azure, and changes are known"
            f" late{scale} (seed {known['seed']})."
        )
    if known["mode"] == "recorded":
        return f"recorded: operations take as long as they took in the real Azure{scale}."
    return "instant (fast): operations take no time."


def _known() -> Endpoints:
    known = local_cloud.usable(local_cloud.folder())
    if known is None:
        raise local_cloud.not_running(local_cloud.folder())
    return known
