"""An expected mistake is one card in a cell: what happened, why, and what to type."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
)
from IPython.core.interactiveshell import InteractiveShell
from nbclient import NotebookClient

from chatkit import get, post
from chatkit.core.errors import ChatkitError, CheckFailed, NotStarted
from chatkit.lesson import mistakes
from chatkit.lesson.mistakes import card_of
from chatkit.lesson.unknown_addresses import NAMES

CHECK = CheckFailed("The target", expected="newMessage", got="message", hint="Correct it.")
EVIL = "\x1b]0;mine\x07 AccessKey=abcdef\nsecond line"


def azure_error(code: str, message: str) -> HttpResponseError:
    """What an SDK raises for an answer of Azure."""
    body = {"error": {"code": code, "message": message}}
    response: Any = SimpleNamespace(status_code=404, reason="x", headers={}, json=lambda: body)
    error = HttpResponseError(message=message, response=response)
    error.error = None
    return error


@pytest.mark.parametrize(
    ("error", "lines"),
    [
        (
            NotStarted("It does not run.", why="It was stopped.", hint="Start it."),
            ["NotStarted: It does not run.", "Why: It was stopped.", "Do: Start it."],
        ),
        (
            CHECK,
            [
                "CheckFailed: The target did not pass.",
                "Why: Expected newMessage, got message.",
                "Do: Correct it.",
            ],
        ),
        (
            azure_error("TooManyRequests", "Busy.\nSee the page."),
            [
                "HttpResponseError: Busy. (TooManyRequests)",
                "Why: Too many requests came from this subscription at once.",
                "Do: Wait a minute and run the cell again: every step can be repeated.",
            ],
        ),
        (
            ClientAuthenticationError("ChainedTokenCredential failed to retrieve a token.\nMore."),
            [
                "ClientAuthenticationError: Nobody is signed in to Azure on this machine.",
                "Do: Type `az login` in a terminal (with --tenant ID where the account has several)"
                ", then try again; or go back to the local cloud: Workshop.open(target='local').",
            ],
        ),
        (
            ChatkitError("It failed.\n  The first line.\n  More.", hint="\nRepair it."),
            ["ChatkitError: It failed.", "Why: The first line.", "Do: Repair it."],
        ),
        (ChatkitError("Gone."), ["ChatkitError: Gone."]),
    ],
)
def test_a_card_has_at_most_three_lines(error: Exception, lines: list[str]) -> None:
    """What happened, why, and what to do."""
    card = card_of(error)
    assert card is not None and card.lines() == lines


@pytest.mark.parametrize("error", [ValueError("x"), AzureError("x"), KeyboardInterrupt()])
def test_an_error_that_nobody_expects_has_none(error: BaseException) -> None:
    """Its traceback is what helps."""
    assert card_of(error) is None


def test_what_is_not_there_is_made_by_the_shortest_that_works() -> None:
    """Without a section to come from, it is the verb."""
    said = "The Resource 'Microsoft.Storage/storageAccounts/x' was not found."
    card = card_of(azure_error("ResourceNotFound", said))
    assert card is not None and card.remedy == "workshop.create_storage_account() makes it."


def test_no_line_takes_over_a_terminal_or_holds_a_secret() -> None:
    """A stranger's message may stand in an error."""
    card = card_of(ChatkitError(EVIL, hint=EVIL))
    assert card is not None and len(card.lines()) == 3
    assert not any(bad in "".join(card.lines()) for bad in ("\x1b", "\x07", "abcdef", "\n"))


@pytest.fixture(scope="module")
def shell() -> Iterator[Any]:
    """A notebook's shell that shows cards."""
    made: Any = InteractiveShell.instance(colors="nocolor")
    mistakes.register_here()
    made.push({"CHECK": CHECK, "ResourceNotFoundError": ResourceNotFoundError})
    yield made
    InteractiveShell.clear_instance()


def test_a_cell_shows_the_card_and_keeps_the_exception(
    shell: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """The cell has failed with the exception that was raised; `%tb` has the whole traceback."""
    result = shell.run_cell("raise CHECK")
    assert result.error_in_exec is CHECK
    assert len(capsys.readouterr().out.splitlines()) == 3
    shell.run_line_magic("tb", "")
    assert "Traceback (most recent call last)" in capsys.readouterr().out


@pytest.mark.parametrize("code", ["raise ResourceNotFoundError('x')", "1 / 0"])
def test_other_exceptions_show_their_traceback(
    shell: Any, capsys: pytest.CaptureFixture[str], code: str
) -> None:
    """One of Azure that has no remedy, and any other."""
    assert not shell.run_cell(code).success
    assert "Traceback (most recent call last)" in capsys.readouterr().out


def test_who_asks_for_everything_gets_it(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """After `%xmode Verbose` there is no card."""
    shell.run_line_magic("xmode", "Verbose")
    shell.run_cell("raise CHECK")
    assert "Traceback (most recent call last)" in capsys.readouterr().out
    shell.run_line_magic("xmode", "Context")


def test_a_front_end_folds_the_traceback_below(shell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As html that Lab's sanitiser keeps, with nothing in it that is markup or a secret."""
    shown: list[dict[str, str]] = []
    monkeypatch.setattr(shell, "kernel", object(), raising=False)
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    shell.run_cell("from chatkit import ChatkitError\nraise ChatkitError('<b> AccessKey=abc')")
    (bundle,) = shown
    assert list(bundle) == ["text/html"]
    assert bundle["text/html"].startswith("<details><summary>Traceback</summary><pre>")
    assert "&lt;b&gt; AccessKey=***" in bundle["text/html"]
    assert "Traceback (most recent call last)" in bundle["text/html"]


UNKNOWN = [
    ("workshop.api_base_url + '/api/messages'", "api_base_url", "there is no function app yet"),
    ("workshop.local_api_base_url + '/api'", "local_api_base_url", "the functions do not run"),
    ("api = workshop.web_url\napi + '/index.html'", "web_url", "there is no website yet"),
    ("workshop.local_web_url.upper()", "local_web_url", "the page is not served"),
]


@pytest.mark.parametrize(("code", "name", "why"), UNKNOWN)
def test_an_address_that_there_is_not_yet_is_one_card(
    shell: Any, capsys: pytest.CaptureFixture[str], code: str, name: str, why: str
) -> None:
    """Python speaks of NoneType only."""
    shell.push({"workshop": SimpleNamespace(**dict.fromkeys(NAMES))})
    *before, last = code.splitlines()
    for line in before:
        shell.run_cell(line, store_history=True)
    result = shell.run_cell(last, store_history=True)
    assert isinstance(result.error_in_exec, TypeError | AttributeError)
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 2 and f"workshop.{name} is None: {why}" in said[0]
    assert "Do: " in said[1] and "workshop." in said[1]


@pytest.mark.parametrize("code", ["None + '/api'", "x = None; x.upper()", "len(None)"])
def test_nothing_that_is_no_address_has_its_card(
    shell: Any, capsys: pytest.CaptureFixture[str], code: str
) -> None:
    """Its traceback is what helps."""
    shell.run_cell(code)
    assert "Traceback (most recent call last)" in capsys.readouterr().out


@pytest.mark.parametrize("ask", [get, post])
def test_none_in_an_address_is_said_before_it_is_asked(
    ask: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """f"{workshop.api_base_url}/api/messages", where there is nothing yet."""
    monkeypatch.setenv("CHATKIT_HOME", str(tmp_path))
    with pytest.raises(NotStarted) as caught:
        ask("None/api/messages")
    card = card_of(caught.value)
    assert card is not None and card.what == "The address begins with None."
    assert "workshop.local_api_base_url: the functions do not run on this machine" in card.why
    assert "workshop.api_base_url: there is no function app yet" in card.why
    assert "workshop.start_functions()" in card.remedy
    with pytest.raises(NotStarted, match="workshop.web_url: there is no website yet"):
        ask(None)


@pytest.mark.long
def test_a_kernel_sends_the_card_and_folds_the_rest() -> None:
    """As a front end gets it, before the workshop is open, too."""
    code = (
        "%load_ext chatkit\nfrom chatkit import ChatkitError\n"
        "raise ChatkitError('No.', hint='Yes.')"
    )
    cell: Any = nbformat.v4.new_code_cell(code)  # type: ignore[no-untyped-call]
    notebook: Any = nbformat.v4.new_notebook(cells=[cell])  # type: ignore[no-untyped-call]
    NotebookClient(notebook, timeout=60, kernel_name="python3", allow_errors=True).execute()
    error, folded = notebook.cells[0].outputs
    assert (error.ename, error.evalue) == ("ChatkitError", "No. Yes.")
    plain = [mistakes.COLOUR.sub("", line) for line in error.traceback]
    assert plain == ["ChatkitError: No.", "Do: Yes."]
    assert list(folded.data) == ["text/html"] and "Traceback" in folded.data["text/html"]
