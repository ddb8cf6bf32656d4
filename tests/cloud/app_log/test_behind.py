"""What is behind a failure that names no line of the app, or not the line that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatkit.cloud.app_log.failures import FunctionFailure, failures, since_loaded
from chatkit.core import settings

AT = "[2026-11-29T00:00:00.123Z] "
FAILED = "System.Private.CoreLib: Exception while executing function: Functions.SendMessage. "
APP = """import azure.functions as func

blueprint = func.Blueprint()


@blueprint.function_name("SendMessage")
@blueprint.route(route="messages")
def post(req): ...
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The learner's functions, without answers.py."""
    (tmp_path / "send_message.py").write_text(APP, encoding="utf-8")
    (tmp_path / "broken.py").write_text("def (", encoding="utf-8")
    return tmp_path


def imported(folder: Path, exception: str) -> FunctionFailure:
    """What an import fails with that stands in line 1 of send_message.py."""
    log = f"""{AT}Result: Failure
Exception: {exception}
Stack: Traceback (most recent call last):
  File "{folder}/send_message.py", line 1, in <module>
    import it
"""
    (found,) = failures(log, folder)
    return found


@pytest.mark.parametrize(
    "said",
    [
        f"{FAILED}TypeError: unable to encode outgoing TypedData",
        f"{FAILED}Result: Failure\nException: BindingFailed: 'arguments' is no array.",
        "Result: Failure\nException: FunctionLoadError: cannot load the SendMessage function: no",
        "Result: Failure\nException: ValueError: Function SendMessage does not have a trigger.",
        "The 'SendMessage' function is in error: The binding type 'x' is not there.",
    ],
)
def test_a_failure_without_a_line_names_where_the_function_begins(folder: Path, said: str) -> None:
    """The host names the function alone; its name stands in the decorator."""
    (found,) = failures(f"{AT}{said}\n", folder)
    assert found.why.startswith("send_message.py, line 8: def post(req): ... → ")
    assert "Correct the function there, in functions/send_message.py" in found.fix("local")


def test_an_app_that_the_host_refuses_is_a_failure_too(folder: Path) -> None:
    """Not the banner that the host printed first."""
    said = 'AppInvalid: host.json must say "version": "2.0".'
    log = f"{AT}A host error has occurred: the function app did not start.\n{AT}{said}\n{AT}Other."
    (found,) = failures(log, folder)
    assert (found.what, found.why) == ("The functions cannot be loaded.", said)
    assert found.fix("local").startswith("Correct my-chat/functions/host.json")


def test_a_file_that_may_not_be_read_is_no_wrong_line(folder: Path) -> None:
    """The line that imports it is right."""
    path = folder / "send message.py"
    found = imported(folder, f"PermissionError: [Errno 13] Permission denied: '{path}'")
    assert found.fix("local").startswith(f"`chmod u+rw '{path}'`")
    elsewhere = imported(folder, "PermissionError: [Errno 13] Permission denied: '/other/x.py'")
    assert "Correct line 1" in elsewhere.fix("local")


@pytest.mark.parametrize(
    ("module", "fix"),
    [
        ("answers", "`%%chatfile functions/answers.py`"),
        ("numpy", "name the package in functions/requirements.txt"),
    ],
)
def test_what_is_not_there_is_got_and_not_corrected(folder: Path, module: str, fix: str) -> None:
    """A file of the app comes from its cell, a package from requirements.txt."""
    found = imported(
        folder, f"ModuleNotFoundError: No module named '{module}'. Cannot find module."
    )
    assert fix in found.fix("local") and fix in found.fix("deployed")


def test_a_missing_connection_string_is_written(folder: Path) -> None:
    """Under its right name; under another one the function is wrong."""
    said = (
        f"{AT}{FAILED}AppInvalid: Add an app setting named AzureSignalRConnectionString, or other."
    )
    (found,) = failures(said, folder)
    assert found.fix("local") == "workshop.write_local_settings() writes it."
    assert found.fix("deployed") == "workshop.upload_settings() writes it."
    (other,) = failures(said.replace("Connection", "Conection"), folder)
    assert "functions/send_message.py" in other.fix("local")


def test_a_service_that_refuses_is_no_wrong_line(folder: Path) -> None:
    """As long as the file is the kit's; in the learner's own code the line may be wrong."""
    refused = "urllib.error.HTTPError: HTTP Error 403: Forbidden"
    assert "Correct line 1" in imported(folder, refused).fix("local")
    own = (settings.kit() / "functions" / "send_message.py").read_bytes()
    (folder / "send_message.py").write_bytes(own)
    assert "workshop.assign_roles()" in imported(folder, refused).fix("deployed")


def test_what_was_said_before_the_app_was_loaded_is_over() -> None:
    """The log of a local run goes on over every change."""
    assert since_loaded("old\nChanged: a.py. Starting the app anew.\nnew") == "\nnew"
    assert since_loaded("all") == "all"
