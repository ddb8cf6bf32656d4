"""Where a function failed, read from what its host wrote about it.

The form is that of the Functions host and its Python worker, which the local host has, too:
"Exception while executing function: Functions.NAME. Result: Failure", then the exception and the
stack, as `traceback` formats it. Application Insights keeps the same text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from chatkit.cloud.app_log import behind
from chatkit.core.text.controls import visible

STAMPED = re.compile(r"^\[(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,7})\d*Z\] ?", re.MULTILINE)
FAILED = re.compile(r"Exception while executing function: Functions\.([^\s.]+)\.[ ]?")
NOT_LOADED = re.compile(r"Result: Failure\s")
# What the host itself does not take: host.json, bindings, routes. The entry after it says why.
DID_NOT_START = re.compile(r"A host error has occurred: the function app did not start\.")
IN_ERROR = re.compile(r"The '([\w-]{1,128})' function is in error: ")
LASTS = re.compile(
    r"(?:Functions\.([^\s.]+)|The import of the app) has (not ended after \d{1,6} s)\.$",
    re.MULTILINE,
)
LISTED = "\nFunctions:\n"
NO_FUNCTIONS = re.compile(r"^\tNo functions: ([^\n]+)$", re.MULTILINE)
LOADED_ANEW = "Starting the app anew."
TRACEBACK = "Traceback (most recent call last):"
FRAME = re.compile(r'^[ |]*File "([^"\n]+)", line (\d+)(?:, in [^\n]*)?\n?([^\n]*)', re.MULTILINE)
RAISED = re.compile(r"^ {0,8}([A-Za-z_][\w.]{0,80}(?:Error|Exception): [^\n]*)", re.MULTILINE)
# Where no line of the app is: packages, the interpreter, the worker of Azure.
NOT_OF_THE_APP = re.compile(
    r"/(?:site-packages|dist-packages|\.python_packages|azure-functions-host)/|/lib/python3|^<"
)
LONGEST = 300


@dataclass(frozen=True)
class FunctionFailure:
    """A function failed, or the app did not load.

    Attributes:
        at: When.
        function: Its name; empty when the app did not load.
        exception: The exception as Python names it: "ValueError: no".
        file: The app's file, by its name below the app's folder; empty where no line of the app is.
        line: The line in it.
        text: What stands in that line.
        is_in_error: The function was not served from the start.
        is_endless: The function goes on; the exception says how long it has.
        is_exact: The exception was raised in that line. Otherwise it is where the function begins
            that the host could not run or whose answer it could not take.
        remedies: What helps in its place, by "local" and "deployed", where correcting that line
            does not.
    """

    at: datetime
    function: str
    exception: str
    file: str = ""
    line: int = 0
    text: str = ""
    is_in_error: bool = False
    is_endless: bool = False
    is_exact: bool = True
    remedies: tuple[tuple[str, str], ...] = ()

    @property
    def what(self) -> str:
        """What happened, as a sentence."""
        if not self.function:
            return "The functions cannot be loaded."
        if self.is_endless:
            return f"Your function {self.function} does not end."
        if self.is_in_error:
            return f"Your function {self.function} is in error."
        return f"Your function {self.function} failed."

    @property
    def why(self) -> str:
        """Where it happened, and the exception."""
        if not self.file:
            return self.exception
        text = f": {self.text}" if self.text else ""
        return f"{self.file}, line {self.line}{text} → {self.exception}"

    def fix(self, where: str) -> str:
        """What to do about it.

        Args:
            where: "local" or "deployed".
        """
        instead = dict(self.remedies).get(where, "")
        if instead:
            return instead
        if not self.file:
            return f'workshop.logs(where="{where}") shows the whole of it.'
        place = f"line {self.line} of" if self.is_exact else "the function there, in"
        return f"Correct {place} functions/{self.file}, then {behind.again(where)}."


def failures(text: str, folder: Path) -> list[FunctionFailure]:
    """The failures in a log, oldest first.

    Args:
        text: The log, or a part of it.
        folder: The learner's functions, whose names files get.
    """
    found = []
    did_not_start = False
    for at, entry in _entries(text):
        failure = failure_of(at, entry, folder)
        if did_not_start and failure is None:
            failure = _described(at, "", entry, folder)
        did_not_start = DID_NOT_START.match(entry) is not None
        if failure is not None:
            found.append(failure)
    return found


def endless(text: str, folder: Path) -> list[FunctionFailure]:
    """What had not ended after a while, and where it was, oldest first.

    Without a function's name it is the import of the app.
    """
    found = []
    for at, entry in _entries(text):
        lasts = LASTS.match(entry)
        if lasts is not None:
            told = _described(at, lasts[1] or "", entry[lasts.end() :], folder)
            found.append(replace(told, exception=lasts[2], is_endless=True))
    return found


def without_functions(text: str) -> str | None:
    """Why an app that runs has no functions, as its host says when it lists them.

    Returns:
        Empty where it has some, None where nothing is listed yet.
    """
    _, has_listed, said = text.rpartition(LISTED)
    if not has_listed:
        return None
    none = NO_FUNCTIONS.search(said)
    return _shown(none[1]) if none else ""


def since_loaded(text: str) -> str:
    """What a log says since the app was loaded; what was before is corrected."""
    return text.rpartition(LOADED_ANEW)[2]


def failure_of(at: datetime, entry: str, folder: Path) -> FunctionFailure | None:
    """The failure that an entry of a log tells about, None for any other."""
    in_error = IN_ERROR.match(entry)
    failed = in_error or FAILED.search(entry)
    if failed is None and not NOT_LOADED.match(entry):
        return None
    function = failed[1] if failed else ""
    rest = entry[failed.end() :] if failed else entry
    return _described(at, function, rest, folder, is_in_error=in_error is not None)


def _described(
    at: datetime, function: str, rest: str, folder: Path, *, is_in_error: bool = False
) -> FunctionFailure:
    """What the rest of an entry says of a function, or of the app when that is empty."""
    exception = _exception(rest)
    file, line, text = _frame(rest, folder)
    is_exact = bool(file)
    if not file:
        file, line, text = behind.definition(exception, function, folder)
    remedies = [
        (where, behind.remedy(exception, folder, where, line=line, file=_shown(file)))
        for where in ("local", "deployed")
    ]
    return FunctionFailure(
        at,
        _shown(function),
        exception,
        file=_shown(file),
        line=line,
        text=_shown(text),
        is_in_error=is_in_error,
        is_exact=is_exact,
        remedies=tuple((where, _shown(remedy)) for where, remedy in remedies if remedy),
    )


def line_in(text: str, folder: Path) -> str:
    """The line of the app that a text with a traceback leads to, what stands there, and the
    exception; empty when it leads to none.
    """
    file, line, source = _frame(text, folder)
    if not file:
        return ""
    raised = RAISED.search(text.rpartition(TRACEBACK)[2])
    exception = f" → {raised[1]}" if raised else ""
    return _shown(f"{file}, line {line}: {source}{exception}")


def _entries(text: str) -> Iterator[tuple[datetime, str]]:
    """What was written at one time, with its time."""
    stamps = [*STAMPED.finditer(text)]
    ends = [*(stamp.start() for stamp in stamps[1:]), len(text)]
    for stamp, end in zip(stamps, ends, strict=False):
        at = datetime.fromisoformat(stamp[1]).replace(tzinfo=UTC)
        yield at, text[stamp.end() : end]


def _exception(entry: str) -> str:
    said = entry.partition("\nException: ")[2] or entry
    return _shown(next((line.strip() for line in said.splitlines() if line.strip()), ""))


def _frame(entry: str, folder: Path) -> tuple[str, int, str]:
    """The innermost line of the app: its file, its number, and what stands there."""
    last = entry.rpartition(TRACEBACK)[2]
    for frame in reversed(FRAME.findall(last)):
        path, number, text = frame
        path = path.replace("\\", "/")
        if not NOT_OF_THE_APP.search(path):
            return _name(path, folder), int(number[:9]), _source(text)
    return "", 0, ""


def _source(text: str) -> str:
    """The text below a frame, unless that is the next frame already, or the exception: where the
    file could not be read.
    """
    is_other = not text.startswith((" ", "|")) or text.lstrip(" |").startswith("File ")
    return "" if is_other else text.strip(" |")


def _name(path: str, folder: Path) -> str:
    """A file's name below the app's folder, wherever that lies on the machine where it failed."""
    parts = PurePosixPath(path).parts
    for first in range(len(parts)):
        name = PurePosixPath(*parts[first:])
        if not name.is_absolute() and ".." not in parts and folder.joinpath(name).is_file():
            return str(name)
    return parts[-1]


def _shown(text: str) -> str:
    """A text as one line that takes over no terminal: a stranger's message may stand in it."""
    line = visible(text)
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"
