"""`chatkit signalr start`: a SignalR Service instance in the place of Microsoft's emulator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from chatkit.cloud import local_cloud
from chatkit.cloud.signalr_attachment import InstanceAtPort, attached, instances
from chatkit.core import ports
from chatkit.core.errors import NotStarted, PortInUse, SetupError
from chatkit.localcloud.signalr import emulator_settings, well_known
from chatkit.localcloud.signalr.emulator_settings import Templates, upstream_lines

LOOK_S = 0.5
app = typer.Typer(
    help="Run a SignalR Service instance in the place of Microsoft's emulator.",
    no_args_is_help=True,
)


@app.callback()
def options() -> None:
    """Verbs of the SignalR emulator."""


@app.command()
def start(
    port: Annotated[
        int,
        typer.Option("--port", "-p", min=0, max=65535, help="The port; 0 for any free one."),
    ] = well_known.PORT,
    settings: Annotated[
        Path | None,
        typer.Option(
            "--settings",
            "--config",
            "-c",
            help="The emulator's settings file, or its folder. Default: settings.json here.",
        ),
    ] = None,
    attach: Annotated[
        bool,
        typer.Option(
            "--attach",
            help="Start nothing: let the local cloud's instance at the port take the well-known"
            " key until Ctrl+C.",
        ),
    ] = False,
) -> None:
    """Serve SignalR with the emulator's port, key and settings.json until Ctrl+C."""
    file = emulator_settings.find(settings)
    if attach:
        _attach(port, file)
        return
    from chatkit.localcloud.signalr.emulator import Emulator  # only here: it takes long

    try:
        Emulator(port, file, echo=typer.echo).run()
    except PortInUse as error:
        raise _with_ways_on(error) from None


def _with_ways_on(error: PortInUse) -> PortInUse:
    """The same error, naming the program that has the port, and how to go on."""
    other = f"`chatkit signalr start --port {ports.next_free(error.port)}`"
    held = _at_port(error.port)
    if held is None:
        hint = f"End that program, or choose another port: {other}."
        return error.with_holder(str(ports.who_holds(error.port)), hint=hint)
    attach = "chatkit signalr start --attach"
    if error.port != well_known.PORT:
        attach += f" --port {error.port}"
    return error.with_holder(
        f"the local cloud's SignalR Service instance {held['name']}",
        hint=f"`{attach}` lets that instance take the well-known key;"
        f" {other} starts an emulator beside it.",
    )


def _at_port(port: int) -> InstanceAtPort | None:
    return next((one for one in instances(local_cloud.folder()) if one["port"] == port), None)


def _attach(port: int, file: Path) -> None:
    where = local_cloud.folder()
    if local_cloud.running(where) is None:
        raise local_cloud.not_running(where)
    instance = _at_port(port)
    if instance is None:
        known = [f"{one['name']} at port {one['port']}" for one in instances(where)]
        there = f" There is {', '.join(known)}: name it with --port." if known else ""
        raise NotStarted(
            f"No SignalR Service instance of the local cloud has port {port}.{there}",
            hint="" if known else "`chatkit signalr start` needs none.",
        )
    templates = emulator_settings.read(file)
    lines = _introduction(instance, file, templates)
    try:
        while True:
            templates = _hold(where, instance["name"], file, templates, lines)
            lines = upstream_lines(file, templates)
    except KeyboardInterrupt:
        return


def _hold(where: Path, name: str, file: Path, templates: Templates, lines: list[str]) -> Templates:
    """Say that the key is in force, and keep it so until the settings change to those returned.

    Raises:
        SetupError: The instance has gone.
    """
    document = emulator_settings.document_of(templates)
    with attached(where, name, document) as attachment:
        for line in lines:
            typer.echo(line)
        for found in _settings(file, templates):
            if found != templates:
                return found
            if not attachment.holds(LOOK_S):
                break
    raise SetupError(
        f"The SignalR Service instance {name} has ended, or its local cloud has.",
        hint="Give the command again when it runs.",
    )


def _settings(file: Path, known: Templates) -> Iterator[Templates]:
    """The templates of the file, again and again; those from before while it cannot be read."""
    told = ""
    while True:
        try:
            known = emulator_settings.read(file)
        except SetupError as error:
            if str(error) != told:
                told = str(error)
                typer.echo(f"{error} The settings from before stay in force.")
        yield known


def _introduction(instance: InstanceAtPort, file: Path, templates: Templates) -> list[str]:
    lines = [
        f"The local cloud's instance {instance['name']} takes the emulator's connection string",
        "",
        well_known.connection_string(instance["port"]),
        "",
    ]
    if templates:
        lines += upstream_lines(file, templates)
    return [*lines, "Ctrl+C takes it away again."]
