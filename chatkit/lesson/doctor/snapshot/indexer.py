"""Run as a program with the folder of a function app and a time limit in seconds: says as JSON
what the SDK emits for the app.

The Functions host asks the SDK the same way: it imports function_app and takes what the functions
of its FunctionApp say about themselves. Nothing of chatkit is imported here.
"""

from __future__ import annotations

import inspect
import json
import os
import sys
import threading
import traceback
from collections.abc import Sequence
from typing import Any

ANSWER = "chatkit-index: "


def functions_of(folder: str) -> list[dict[str, Any]]:
    """Import the app of a folder and list its functions."""
    sys.path[0] = folder
    import azure.functions as func

    module = __import__(os.environ.get("PYTHON_SCRIPT_FILE_NAME", "function_app.py")[:-3])
    apps = [value for value in vars(module).values() if isinstance(value, func.FunctionApp)]
    return [_described(one, folder) for app in apps for one in app.get_functions()]


def _described(function: Any, folder: str) -> dict[str, Any]:
    code = inspect.unwrap(function.get_user_function())
    return {
        "name": function.get_function_name(),
        "file": os.path.relpath(inspect.getsourcefile(code) or "", folder),
        "parameters": list(inspect.signature(code).parameters),
        "bindings": json.loads(function.get_function_json())["bindings"],
    }


def main() -> None:
    """Print one line of JSON, and before it what the app itself prints.

    An app that is not imported in time ends here: who asked may be gone.
    """
    folder, limit_s = sys.argv[1], float(sys.argv[2])
    os.chdir(folder)
    watch = threading.Timer(limit_s, _give_up, (folder, threading.get_ident()))
    watch.daemon = True
    watch.start()
    try:
        found: dict[str, Any] = {"functions": functions_of(folder)}
    except BaseException as error:  # an app may end its process while it is imported
        where = _innermost(traceback.extract_tb(error.__traceback__), folder)
        if isinstance(error, SyntaxError) and (error.filename or "").startswith(folder):
            where = f"{os.path.relpath(str(error.filename), folder)}, line {error.lineno}"
        found = {"failure": f"{type(error).__name__}: {error}", "where": where}
    _answer(found)


def _give_up(folder: str, thread: int) -> None:
    """Say where the import is, and end."""
    lines = traceback.extract_stack(sys._current_frames()[thread])
    _answer({"late": _innermost(lines, folder)})


def _innermost(lines: Sequence[traceback.FrameSummary], folder: str) -> str:
    """The innermost line of the app, empty for none."""
    own = [line for line in lines if line.filename.startswith(folder)]
    if not own:
        return ""
    return f"{os.path.relpath(own[-1].filename, folder)}, line {own[-1].lineno}"


def _answer(found: dict[str, Any]) -> None:
    """Tell what was found, and end."""
    sys.stdout.flush()
    os.write(1, f"\n{ANSWER}{json.dumps(found)}\n".encode())
    os._exit(0)  # threads that the app has started do not matter


if __name__ == "__main__":
    main()
