"""One card for a mistake that is expected: what happened, why, and what to type.

A cell shows it in the place of the many lines of a traceback, which is folded below where html can
be shown; `%tb` prints it everywhere. The exceptions stay as they are, for scripts and for tests.
"""

from __future__ import annotations

import inspect
import re
import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any

from chatkit.core.errors import ChatkitError, CheckFailed, NoSuchVerb
from chatkit.core.results import escape, ipython_shell
from chatkit.core.text.controls import visible
from chatkit.core.text.masking import mask
from chatkit.lesson import unknown_names
from chatkit.lesson.card import Card

if TYPE_CHECKING:
    from azure.core.exceptions import ODataV4Format
    from IPython.core.interactiveshell import InteractiveShell

# As Python says it of a method.
CALLED = re.compile(r"(\w+)\.(\w+)\(\) ((?:takes|missing|got) .+)")
# Those of Python's own that may have a card: a verb, an attribute or a name that is not there.
PYTHONS = (TypeError, AttributeError, NameError)
# In a Verbose traceback people see the values of variables: who asks for it gets it.
ALL = ("Verbose", "Docs")
# As azure-identity begins; what each way to sign in has said follows.
CHAIN = "ChainedTokenCredential failed"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def card_of(error: BaseException) -> Card | None:
    """The card of an exception; None when it is none of those that are expected."""
    from azure.core.exceptions import AzureError

    name = type(error).__name__
    if isinstance(error, CheckFailed) and not error.why:
        why = f"Expected {error.expected}, got {error.got}."
        return Card(name, f"{error.what} did not pass.", why, error.hint)
    if isinstance(error, ChatkitError):
        # What follows the first line is a list, or a log: the traceback below has it.
        what, _, more = error.message.partition("\n")
        return Card(name, what, error.why or more.strip().partition("\n")[0], error.hint)
    if isinstance(error, AzureError):
        return _card_of_azure(error, name)
    if isinstance(error, TypeError | AttributeError):
        from chatkit.lesson import unknown_addresses

        unknown = unknown_addresses.meant_by(error)
        if unknown is not None:
            what = f"workshop.{unknown.name} is None: {unknown.why}."
            return Card(name, what, remedy=unknown.remedy)
    if isinstance(error, AttributeError):
        verb = unknown_names.verb(error)
        return Card(type(verb).__name__, verb.message, verb.why, verb.hint) if verb else None
    if isinstance(error, NameError):
        return unknown_names.variable(error)
    return _card_of_call(str(error)) if isinstance(error, TypeError) else None


def _card_of_call(text: str) -> Card | None:
    """The card of a verb that was called with other arguments than it takes."""
    called = CALLED.match(text)
    if called is None:
        return None
    owner, verb, what = called.groups()
    for kind in NamesNearest.__subclasses__():
        if owner not in {one.__name__ for one in kind.__mro__}:
            continue
        if verb == "__init__":
            return Card("TypeError", f"{owner}() {what}.", remedy=f"{owner}.open() opens one.")
        names = [*inspect.signature(getattr(kind, verb)).parameters]
        arguments = ", ".join(name for name in names if name != "self")
        remedy = f"It is called {kind.__name__.lower()}.{verb}({arguments})."
        return Card("TypeError", f"{verb}() {what}.", remedy=remedy)
    return None


def _card_of_azure(error: Any, name: str) -> Card | None:
    """The card of an Azure SDK's exception, when its remedy is known."""
    from chatkit.cloud.hints import code_of, hint_for, innermost

    notes = getattr(error, "__notes__", [])
    remedy = notes[-1] if notes else hint_for(error)
    if not remedy:
        return None
    said = [line.strip() for line in str(error.message).splitlines() if line.strip()]
    code = code_of(error)
    what = said[0].removeprefix(f"({code}) ") if said else name
    cause = innermost(error)
    if cause is not None:
        what, code = _told_of_resource(cause), str(cause.code)
    # The first sentence says what is the matter, where there is more than one.
    why, dot, what_to_do = remedy.partition(". ")
    if not dot:
        why, what_to_do = "", remedy
    if not code and str(error.message).startswith(CHAIN):
        return Card(name, f"{why}{dot}" or what, remedy=what_to_do)
    return Card(name, f"{what} ({code})" if code else what, f"{why}{dot}", what_to_do)


def _told_of_resource(cause: ODataV4Format) -> str:
    """What failed, with type and name of the resource that Azure says it of."""
    resource = str(cause.target or "").rpartition("/providers/")[2]
    said = str(cause.message)
    return f"{resource}: {said}" if resource else said


class NamesNearest:
    """An object that names the nearest of its attributes when one is missing."""

    if not TYPE_CHECKING:  # a checker of types knows the attributes

        def __getattr__(self, name: str) -> object:
            kind = type(self)
            if name.startswith("_") or hasattr(kind, name):
                # Python, pickle and IPython ask for much; and a property may have failed by itself.
                return object.__getattribute__(self, name)
            known = [one for one in dir(kind) if not one.startswith("_")]
            choices = [f"{one}()" if callable(getattr(kind, one)) else one for one in known]
            raise NoSuchVerb(kind.__name__.lower(), name, choices)


def register(shell: InteractiveShell) -> None:
    """Let a notebook show cards. Doing it twice changes nothing."""
    from azure.core.exceptions import AzureError

    set_handler: Any = shell.set_custom_exc
    set_handler((ChatkitError, AzureError, *PYTHONS), _show)


def register_here() -> None:
    """Let the notebook that this runs in show cards; nothing happens elsewhere."""
    shell = ipython_shell()
    if shell is not None:
        register(shell)


def _show(
    shell: Any,
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType | None,
    tb_offset: int | None = None,
) -> list[str]:
    """IPython's handler for the exceptions that may have a card."""
    card = card_of(error)
    if card is None or shell.InteractiveTB.mode in ALL:
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
        return []
    # `%tb` and `%debug` look there.
    sys.last_type = kind
    sys.last_value = error
    sys.last_traceback = trace
    full = shell.InteractiveTB.structured_traceback(kind, error, trace, tb_offset=tb_offset)
    lines = card.lines(coloured=True)
    # As IPython does with a traceback: the front end gets an error, and the cell has failed.
    shell._showtraceback(kind, error, lines)
    if getattr(shell, "kernel", None) is not None:
        _fold("\n".join(full))
    return lines


def _fold(full: str) -> None:
    """Show a traceback folded. Where no html is shown, nothing is."""
    from IPython.display import display

    text = escape(mask(visible(COLOUR.sub("", full), keep="\n\t")))
    html = f"<details><summary>Traceback</summary><pre>{text}</pre></details>"
    display({"text/html": html}, raw=True)  # type: ignore[no-untyped-call]
