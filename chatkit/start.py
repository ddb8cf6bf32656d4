"""What a verb runs in: this interpreter when it has the package, else the checkout's own
environment, made if need be.

It stands above the command line and imports the standard library only until the environment is
there.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path

from chatkit.core.system import console
from chatkit.core.system.programs import become
from chatkit.setup.environment import CHECKOUT, MADE, RUN_LOCK, TEST_LOCK, Environment
from chatkit.setup.installers import SetupFailed

REPAIRED = "CHATKIT_ENVIRONMENT_REPAIRED"
# What these verbs do may take a while before they can say more: their imports alone take a second
# on a slow machine.
FIRST_WORDS = {
    "clean": "chatkit: cleaning up; looking at what there is to delete.",
    "reset": "chatkit: going back to the start; looking at what there is to delete.",
}
TEST_HELP = """\
Usage: chatkit test [PYTEST ARGUMENTS]

Runs the tests, the notebooks included, in several processes: about eight minutes on two cores.
Its first start installs the test tools. Tests that need Chromium, Node or az are skipped without.

  chatkit test tests/wire                 one folder; a file, or FILE::TEST, works too
  chatkit test -k negotiate -x            tests whose name contains a word, up to the first failure
  chatkit test -n 0                       in one process; other options of pytest work, too
  chatkit test --durations=20             the slowest tests at the end
  make quick, make long                   the two-minute tier; fuller forms of some tests"""


def main() -> int:
    """Run a verb in the kit's environment, making that environment first if need be.

    Returns:
        The exit code: 0 done, 1 failed, 2 bad usage.
    """
    console.prepare()
    arguments = sys.argv[1:]
    if _asks_for_test_help(arguments):
        print(TEST_HELP)
        return 0
    try:
        return _run(arguments)
    except SetupFailed as error:
        if "--debug" in arguments:
            raise
        print(f"chatkit: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nchatkit: interrupted; start again to go on.", file=sys.stderr)
        return 1


def _asks_for_test_help(arguments: list[str]) -> bool:
    """Whether `chatkit test --help` was typed.

    It is answered here, so that help installs nothing.
    """
    return _verb(arguments) == "test" and any(word in ("--help", "-h") for word in arguments)


def _run(arguments: list[str]) -> int:
    if _is_installed():
        return _command_line()()
    environment = Environment(CHECKOUT)
    lock = TEST_LOCK if _verb(arguments) == "test" else RUN_LOCK
    if not environment.is_ready(lock):
        environment.prepare(lock)
        os.environ[MADE] = str(os.getpid())
    elif environment.is_active():
        return _run_repairable(environment)
    return _run_with(environment.python, arguments)


def _verb(arguments: list[str]) -> str:
    return next((argument for argument in arguments if not argument.startswith("-")), "")


def _is_installed() -> bool:
    """Whether this interpreter has the package with its dependencies (conda, `pip install .`)."""
    try:
        importlib.metadata.version("chatkit")
    except importlib.metadata.PackageNotFoundError:
        return False
    return importlib.util.find_spec("typer") is not None


def _say_first(arguments: list[str]) -> None:
    """Say at once what a verb is about to do, where that may take a while."""
    words = FIRST_WORDS.get(arguments[0]) if arguments else None
    # Of anything else the verb says first that there is no such option.
    if words and {*arguments[1:]} <= {"-y", "--yes", "--debug"}:
        print(words, file=sys.stderr, flush=True)


def _command_line() -> Callable[[], int]:
    """Import the verbs. What people start again and again is imported alone."""
    _say_first(sys.argv[1:])
    if sys.argv[1:3] == ["func", "start"]:
        from chatkit.cli.func_start import main
    elif sys.argv[1:2] == ["auth"]:
        from chatkit.cli.auth import main
    elif sys.argv[1:2] == ["az"]:
        from chatkit.cli.az import main
    else:
        from chatkit.cli.app import main
    return main


def _run_repairable(environment: Environment) -> int:
    """Run here; when a package that the lock names turns out to be damaged, install everything
    again, once.
    """
    try:
        run = _command_line()
    except ImportError as error:
        module = (error.name or "").split(".")[0]
        if os.environ.get(REPAIRED) or not environment.should_have(module):
            raise
        os.environ[REPAIRED] = "1"
        environment.repair()
        return _run_with(environment.python, sys.argv[1:])
    return run()


def _run_with(python: Path, arguments: list[str]) -> int:
    """Run the verb with another interpreter."""
    return become([str(python), "-m", "chatkit", *arguments])
