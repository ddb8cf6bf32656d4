"""The `chatkit` command: verbs, exit codes, and errors as one sentence.

Exit codes: 0 done, 1 the thing asked for failed, 2 bad usage. A traceback is shown with `--debug`
only.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from chatkit.cli import auth, az, func, lab, local, run, signalr, stop, test, workshop
from chatkit.cli.classroom import verbs as classroom
from chatkit.cli.course import new, pack
from chatkit.cli.failures import INTERRUPTED, exit_code, sentence, usage_mistake
from chatkit.cli.report import verb as verb_of_report
from chatkit.cli.stage import tier
from chatkit.cli.stage import verbs as stage
from chatkit.setup.version import VERSION

INTERRUPTED_IN_TYPER = 130  # what it makes of a KeyboardInterrupt, without a word

app = typer.Typer(
    name="chatkit",
    help=(
        "Build a serverless chat room on Azure, cell by cell, with or without an Azure"
        " subscription."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for verb in (
    lab.lab,
    new.new,
    pack.pack,
    run.run,
    verb_of_report.report,
    workshop.doctor,
    workshop.check,
    workshop.catch_up,
    workshop.status,
    workshop.logs,
    workshop.clean,
    workshop.reset,
    stop.stop,
    tier.scale,
):
    app.command()(verb)
OTHERS_ARGUMENTS = {
    "allow_extra_args": True,
    "ignore_unknown_options": True,
    "help_option_names": [],
}
app.command(context_settings=OTHERS_ARGUMENTS)(test.test)


@app.command(name="auth", context_settings=OTHERS_ARGUMENTS)
def sign_in_for(context: typer.Context) -> None:
    """Put sign-in in front of any app on this machine, until Ctrl+C."""
    raise typer.Exit(auth.start(context.args))


app.add_typer(local.app, name="local")
app.add_typer(func.app, name="func")
app.add_typer(signalr.app, name="signalr")
app.add_typer(stage.app, name="stage")
app.add_typer(classroom.app, name="class")


@app.command("az", context_settings=OTHERS_ARGUMENTS)
def azure_cli(context: typer.Context) -> None:
    """Run the Azure CLI on the local cloud; your own az, its account and cloud stay as they are.

    All arguments are az's. `--install` alone installs az, for chatkit only.
    """
    raise typer.Exit(az.run(context.args))


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"chatkit {VERSION}")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback when something fails.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_show_version, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Options before the verb."""


def main() -> int:
    """Run one verb.

    Returns:
        The exit code.
    """
    if sys.argv[1:2] == ["az"]:
        return az.main()  # every argument is az's, --debug too
    debug = "--debug" in sys.argv
    sys.argv[1:] = [argument for argument in sys.argv[1:] if argument != "--debug"]
    try:
        result = app(prog_name="chatkit", standalone_mode=False)
        if result == INTERRUPTED_IN_TYPER:
            return _interrupted()
        return result if isinstance(result, int) else 0
    except typer.Exit as error:
        return error.exit_code
    except Exception as error:
        if debug:
            raise
        return _explain(error)
    except KeyboardInterrupt:
        return _interrupted()


def _interrupted() -> int:
    print(INTERRUPTED, file=sys.stderr)
    return 1


def _explain(error: Exception) -> int:
    if isinstance(error, typer.Abort):
        print("chatkit: nothing was done.", file=sys.stderr)
        return 1
    usage = getattr(error, "format_message", None)
    if usage is None:
        print(f"chatkit: {sentence(error)}", file=sys.stderr)
        return exit_code(error)
    text = usage()
    if not text.startswith("Usage:"):  # it is the help itself when a verb is missing
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "chatkit"
        mistake = usage_mistake(text, error)
        text = f"chatkit: {mistake} `{command} --help` shows what is possible."
    print(text, file=sys.stderr)
    return int(getattr(error, "exit_code", 2))
