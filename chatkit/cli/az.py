"""`chatkit az ARGS…`: the Azure CLI on the local cloud, in one step.

People type it again and again, and every argument is az's: so it is read with the standard library,
and what the other verbs import stays out.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from chatkit.cli.failures import INTERRUPTED, exit_code, no_such_option, sentence
from chatkit.cloud import local_cloud
from chatkit.cloud.local_cloud import Endpoints
from chatkit.cloud.tools import azure_cli
from chatkit.cloud.tools.azure_cli import AzureCli
from chatkit.cloud.tools.variables import check_age
from chatkit.core.errors import SetupError, nearest
from chatkit.core.file_lock import holder
from chatkit.core.home.check import check_home
from chatkit.core.settings import home

INSTALL = "--install"
# What az takes before a command. Everything else there is for a command, or a mistake.
AZ_OWN = ("--help", "-h", "--version", "-v", "--debug", "--verbose", "--output", "-o", "--query")
STARTS = "The local cloud is not running; it is started now."
WAITS = "The local cloud takes its time to answer (process {pid}); az waits for it."


def main() -> int:
    """Run the verb from the command line.

    Returns:
        az's exit code; 1 when az could not be started.
    """
    arguments = sys.argv[2:]
    try:
        return run(arguments)
    except KeyboardInterrupt:
        print(INTERRUPTED, file=sys.stderr)
    except Exception as error:
        if "--debug" in arguments:
            raise
        print(f"chatkit: {sentence(error)}", file=sys.stderr)
        return exit_code(error)
    return 1


def run(arguments: Sequence[str]) -> int:
    """Run az with these arguments; return its exit code."""
    own = home() / "az"
    mistake = _mistyped(arguments)
    if mistake:
        print(f"chatkit: {mistake}", file=sys.stderr)
        return 2
    if [*arguments] == [INSTALL]:
        from chatkit.setup.azure_cli import install

        install(own)
        print(f"az is installed: {azure_cli.in_environment(own)}")
        return 0
    if arguments and arguments[0] == "upgrade":
        raise SetupError(
            "`az upgrade` would change the az of this machine, and has nothing to do with the local"
            " cloud.",
            hint="Type it without chatkit; `chatkit az --install` makes the kit's own az anew.",
        )
    executable = azure_cli.find(own)
    known = _cloud() if azure_cli.needs_cloud(arguments) else None
    return AzureCli(executable, local_cloud.folder()).run(arguments, known)


def _mistyped(arguments: Sequence[str]) -> str:
    """Say what is wrong with the option that is not az's; empty where there is none."""
    first = arguments[0] if arguments else ""
    name = first.partition("=")[0]
    if name == INSTALL and [*arguments] != [INSTALL]:
        return f"`chatkit az {INSTALL}` takes nothing else."
    is_ours = name.startswith("--") and name not in (*AZ_OWN, INSTALL)
    return no_such_option(name, [INSTALL]) if is_ours and nearest(name, [INSTALL]) else ""


def _cloud() -> Endpoints:
    """The local cloud, which is started when it does not run."""
    where = local_cloud.folder()
    known = local_cloud.usable(where)
    if known is not None:
        check_age(known)
        return known
    check_home(home())
    pid = holder(where / "lock")
    print(f"chatkit: {STARTS if pid is None else WAITS.format(pid=pid)}", file=sys.stderr)
    from chatkit.steps import moved_ports  # imports much, and a start takes long anyway

    return moved_ports.start_cloud(home(), _say)


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr)
