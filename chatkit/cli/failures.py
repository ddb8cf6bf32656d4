"""What a person reads when a verb fails: one sentence. Shared by all verbs, and quick to import."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from chatkit.core.errors import ChatkitError, NoSuchChoice, NotOffered, nearest
from chatkit.core.files import refusal
from chatkit.core.running import start_proof
from chatkit.lesson import mistakes

INTERRUPTED = "\nchatkit: interrupted."


def sentence(error: BaseException) -> str:
    """Say what happened, and what to do, on one line."""
    if isinstance(error, OSError):
        error = refusal(error, Path(error.filename or ".")) or error
    notes = " ".join(getattr(error, "__notes__", []))
    if isinstance(error, ChatkitError):
        return " ".join(f"{error} {notes}".split())
    # Azure's errors are pages long; the card says the same, and what to do.
    card = mistakes.card_of(error) if "azure.core" in sys.modules else None
    if card is not None:
        return " ".join(f"{card.what} {card.why} {card.remedy}".split())
    return " ".join(f"{type(error).__name__}: {error} {notes}".split())


def usage_mistake(text: str, error: Exception) -> str:
    """Say what was typed wrongly, with the nearest option that there is.

    Args:
        text: The sentence of the library that reads the command line.
        error: Its exception.
    """
    option = getattr(error, "option_name", "")
    context = getattr(error, "ctx", None)
    if option and context is not None:
        known = [name for one in context.command.get_params(context) for name in one.opts]
        return no_such_option(option, known)
    text = text.replace("Value error, ", "")
    return text if text.endswith("?") else text.rstrip(".") + "."


def no_such_option(option: str, known: Sequence[str]) -> str:
    """Say that there is no such option, and which one is the nearest."""
    name, _, _ = option.partition("=")
    near = nearest(name, [one for one in known if one.startswith("--")])
    meant = f" Did you mean '{near}'?" if near else ""
    return f"No such option: {name}.{meant}"


def exit_code(error: BaseException) -> int:
    """The exit code of a verb that ended with this error.

    People and their scripts know 1, and 2 for bad usage. A program of the kit that waits for a verb
    tells errors apart.
    """
    if isinstance(error, NoSuchChoice | NotOffered):
        return error.exit_code
    if not start_proof.given_secret():
        return 1
    return int(getattr(error, "exit_code", 1))
