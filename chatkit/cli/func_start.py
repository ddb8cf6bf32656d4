"""`chatkit func start FOLDER`: run a function app on this machine, as `func start` does.

People wait for this verb again and again, so it is read with the standard library: what the other
verbs import would be half of its start.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import NoReturn

from chatkit.cli.failures import INTERRUPTED, exit_code, sentence

PROGRAM = "chatkit func start"


def main() -> int:
    """Run the verb from the command line.

    Returns:
        The exit code: 0 ended by the person, 1 it failed. Bad usage exits with 2.
    """
    arguments = [argument for argument in sys.argv[3:] if argument != "--debug"]
    try:
        return start(arguments)
    except KeyboardInterrupt:
        print(INTERRUPTED, file=sys.stderr)
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        print(f"chatkit: {sentence(error)}", file=sys.stderr)
        return exit_code(error)
    return 1


def start(arguments: list[str]) -> int:
    """Run the app that the arguments name, until Ctrl+C."""
    wanted = _parser().parse_args(arguments)
    from chatkit.localcloud.functions.local.local_run import run
    from chatkit.localcloud.functions.local.startup import LocalOptions

    options = LocalOptions(wanted.port, wanted.address, wanted.cors, wanted.cors_credentials)
    return run(wanted.folder, options)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, as the other verbs do."""

    def error(self, message: str) -> NoReturn:
        sentence = message[:1].upper() + message[1:].rstrip(".")
        self.exit(2, f"chatkit: {sentence}. `{self.prog} --help` shows what is possible.\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=PROGRAM,
        description="Run the function app of a folder until Ctrl+C.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=Path(),
        help="The folder with host.json. Default: this one.",
    )
    parser.add_argument("-p", "--port", type=_port, help="Default: Host.LocalHttpPort, else 7071.")
    parser.add_argument(
        "--address", default="localhost", help="Loopback address to listen on. Default: localhost."
    )
    parser.add_argument("--cors", help="Allowed origins with commas, instead of Host.CORS.")
    credentials = "Let those origins send credentials, instead of Host.CORSCredentials."
    parser.add_argument("--cors-credentials", action="store_true", default=None, help=credentials)
    return parser


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(
            f"a port is a number from 0 (any free one) to 65535, not {text!r}"
        )
    return int(text)
