"""What is behind a failure that names no line of the app, or not the line that is wrong.

A file that cannot be read or is not there fails where it is imported; a wrong binding or answer
fails in the host, which names the function alone.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from chatkit.core.system import shells
from chatkit.core.work import course_choice

NOT_READABLE = re.compile(r"PermissionError: \[Errno 13\] [^:]{1,80}: '([^']{1,300}\.py)'")
NO_MODULE = re.compile(r"ModuleNotFoundError: No module named '([\w.]{1,100})'")
NO_CONNECTION = re.compile(r"app setting named AzureSignalRConnectionString\b")
NO_RIGHT = re.compile(r"HTTPError: HTTP Error (401|403)\b")
HOST_FILE = re.compile(r"\bhost\.json\b")
OF_FUNCTION = re.compile(
    r"cannot load the ([\w-]{1,100}) function|Function ([\w-]{1,100}) does not have a trigger"
)
NAMED = "function_name"


def remedy(exception: str, folder: Path, where: str, *, line: int, file: str) -> str:
    """What helps, where correcting a line does not; empty where it does.

    Args:
        exception: As Python names it.
        folder: The learner's functions.
        where: "local" or "deployed".
        line: The line of the app that failed, 0 where none did.
        file: Where that is.
    """
    path = unreadable(exception, folder)
    if path is not None:
        allowing = shells.allowing(path) or "Changing its properties"
        return f"{allowing} lets you read it; then {again(where)}."
    if NO_CONNECTION.search(exception):
        return f"workshop.{_settings_verb(where)}() writes it."
    if NO_RIGHT.search(exception) and _is_kits(folder, file):
        return (
            "The code is right, and the service refuses what it shows:"
            f" workshop.{_settings_verb(where)}() writes the key of now; without keys,"
            " workshop.assign_roles() gives the identity its roles."
        )
    if HOST_FILE.search(exception) and not file:
        write = "or run the cell that writes it"
        return f"Correct my-chat/functions/host.json, {write}; then {again(where)}."
    module = NO_MODULE.search(exception)
    if module is None:
        return ""
    own = f"{module[1]}.py"
    if (course_choice.folder() / "functions" / own).is_file() and not (folder / own).exists():
        return (
            f"{own} is not in my-chat/functions: run the notebook's cell `%%chatfile"
            f" functions/{own}` again, or type `chatkit catch-up`."
        )
    return (
        f"Correct line {line} of functions/{file}; or name the package in"
        f" functions/requirements.txt{_installed(where)}, then {again(where)}."
    )


def again(where: str) -> str:
    """What takes over a correction."""
    return "workshop.start_functions()" if where == "local" else "workshop.publish_functions()"


def _settings_verb(where: str) -> str:
    return "write_local_settings" if where == "local" else "upload_settings"


def _is_kits(folder: Path, file: str) -> bool:
    """Whether a file of the app is as the kit has it."""
    try:
        own = course_choice.folder() / "functions" / file
        return (folder / file).read_bytes() == own.read_bytes()
    except OSError:
        return False


def unreadable(exception: str, folder: Path) -> Path | None:
    """The file of the app that cannot be read, when that is why."""
    found = NOT_READABLE.search(exception)
    if found is None:
        return None
    path = Path(found[1])
    return path if path.parent == folder or folder in path.parents else None


def definition(exception: str, function: str, folder: Path) -> tuple[str, int, str]:
    """Where the function that a host names is defined: file, line, and what stands there.

    Returns:
        An empty file name where no file of the app defines it.
    """
    named = OF_FUNCTION.search(exception)
    wanted = function or ((named[1] or named[2]) if named else "")
    if not wanted:
        return "", 0, ""
    for path in sorted(folder.glob("*.py")):
        for node in _functions(path):
            if wanted in _names(node):
                lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
                return path.name, node.lineno, lines[node.lineno - 1].strip()
    return "", 0, ""


def _installed(where: str) -> str:
    return " and install it into the environment that runs them" if where == "local" else ""


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _names(node: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """What the host calls a function: by its decorator, else by its definition.

    It is empty for a function without decorators that are called.
    """
    calls = [one for one in node.decorator_list if isinstance(one, ast.Call)]
    given: set[str] = set()
    for call in calls:
        if isinstance(call.func, ast.Attribute) and call.func.attr == NAMED:
            values = [*call.args, *(word.value for word in call.keywords)]
            given |= {str(one.value) for one in values if isinstance(one, ast.Constant)}
    if calls and not given:
        return {node.name}
    return given
