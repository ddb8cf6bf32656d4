"""Verbs that read their arguments with the standard library: quick to start, strict as others."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import NoReturn

from chatkit.cli.failures import INTERRUPTED, exit_code, no_such_option, sentence


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, as the other verbs do."""

    def read(self, arguments: list[str]) -> argparse.Namespace:
        """Parse the arguments; the nearest option is named for one that there is not."""
        known = [*self._option_string_actions]
        for word in arguments:
            # What is required may be missing only because its name was mistyped.
            if word.startswith("--") and word.partition("=")[0] not in known:
                self.error(no_such_option(word, known))
        return self.parse_args(arguments)

    def error(self, message: str) -> NoReturn:
        sentence = message[:1].upper() + message[1:]
        if not sentence.endswith("?"):
            sentence = sentence.rstrip(".") + "."
        self.exit(2, f"chatkit: {sentence} `{self.prog} --help` shows what is possible.\n")


def port(text: str) -> int:
    """A port of the command line."""
    if not text.isascii() or not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(
            f"a port is a number from 0 (any free one) to 65535, not {text!r}"
        )
    return int(text)


def run_alone(verb: Callable[[list[str]], int], words: int) -> int:
    """Run a verb from the command line without the other ones.

    Args:
        verb: Takes the arguments, and returns the exit code.
        words: How many words name it.

    Returns:
        The exit code: 0 ended by the person, 1 it failed. Bad usage exits with 2.
    """
    arguments = [argument for argument in sys.argv[1 + words :] if argument != "--debug"]
    try:
        return verb(arguments)
    except KeyboardInterrupt:
        print(INTERRUPTED, file=sys.stderr)
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        print(f"chatkit: {sentence(error)}", file=sys.stderr)
        return exit_code(error)
    return 1
