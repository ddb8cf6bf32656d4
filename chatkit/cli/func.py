"""`chatkit func start FOLDER`: run a function app on this machine, as `func start` does."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Run a function app on this machine, as Azure Functions Core Tools do.", no_args_is_help=True)


@app.callback()
def options() -> None:
    """Verbs of the function host."""


@app.command()
def start(
    folder: Annotated[Path, typer.Argument(help="The folder with host.json.")] = Path("."),
    port: Annotated[int | None, typer.Option("--port", "-p", help="Default: Host.LocalHttpPort, else 7071.")] = None,
    address: Annotated[str, typer.Option("--address", help="Loopback address to listen on.")] = "localhost",
    cors: Annotated[str | None, typer.Option("--cors", help="Allowed origin, instead of Host.CORS.")] = None,
) -> None:
    """Run the function app of a folder until Ctrl+C."""
    from chatkit.localcloud.functions.local_run import run

    run(folder, port=port, address=address, cors=cors)
