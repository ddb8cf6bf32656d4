"""`chatkit func …`: the function host among the other verbs.

Its one verb reads its own arguments.
"""

from __future__ import annotations

import typer

from chatkit.cli.func_start import start as run

app = typer.Typer(
    help="Run a function app on this machine, as Azure Functions Core Tools do.",
    no_args_is_help=True,
)


@app.callback()
def options() -> None:
    """Verbs of the function host."""


@app.command(
    context_settings={
        "allow_extra_args": True,
        "ignore_unknown_options": True,
        "help_option_names": [],
    }
)
def start(context: typer.Context) -> None:
    """Run the function app of a folder until Ctrl+C."""
    raise typer.Exit(run(context.args))
