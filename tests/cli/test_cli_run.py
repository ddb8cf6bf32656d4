"""`chatkit run`: notebooks in order, executed copies, and a failing cell said in a sentence."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest
from azure.core.exceptions import ClientAuthenticationError

from chatkit.cli.run import select
from chatkit.cloud.connection import Cloud
from chatkit.core import settings
from chatkit.lesson.sections import CLEAN_UP
from chatkit.setup.environment import MADE
from chatkit.steps import session
from tests.cli.typing_verbs import Chatkit

LAST = CLEAN_UP.number


@pytest.fixture
def notebooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of notebooks in a checkout of its own."""
    folder = tmp_path / "checkout" / "notebooks"
    folder.mkdir(parents=True)
    monkeypatch.setattr(settings, "checkout", lambda: folder.parent)
    return folder


def write(folder: Path, name: str, *cells: str) -> None:
    """Write a notebook of code cells."""
    content = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])  # type: ignore[no-untyped-call]
    nbformat.write(content, folder / name)  # type: ignore[no-untyped-call]


def test_notebooks_run_in_order_in_their_own_folder(chatkit: Chatkit, notebooks: Path) -> None:
    """One line for each, and the executed copy has the outputs."""
    write(notebooks, "01-second.ipynb", "print(open('left-by-the-first').read())")
    write(
        notebooks, "00-first.ipynb", "open('left-by-the-first', 'w').write('hello from the first')"
    )
    typed = chatkit("run")
    assert typed.code == 0, typed.err
    assert [line.split()[0] for line in typed.out.splitlines()[:2]] == ["00-first", "01-second"]
    copy = (settings.home() / "executed" / "01-second.ipynb").read_text(encoding="utf-8")
    assert "hello from the first" in copy


def test_the_chat_pages_address_is_printed_at_the_end(chatkit: Chatkit, notebooks: Path) -> None:
    """What the workshop learned is read after the last notebook."""
    write(
        notebooks,
        "08-page.ipynb",
        (
            "from chatkit.core import settings as s; s.save(s.home(),"
            " s.load(s.home()).learned(web_url='http://x/'))"
        ),
    )
    assert chatkit("run").out.splitlines()[-1] == "The chat page: http://x/"


@pytest.mark.parametrize(
    ("last", "words"), [(LAST, "cleaned up"), ("05", "section 08 makes the chat page")]
)
def test_without_a_page_the_last_line_says_why(
    chatkit: Chatkit, notebooks: Path, last: str, words: str
) -> None:
    """After a clean-up there is none any more, before section 08 there is none yet.

    What an earlier run has left is not shown as the result of this one.
    """
    kept = settings.load(settings.home()).learned(web_url="http://127.0.0.1:9/")
    settings.save(settings.home(), kept)
    write(notebooks, f"{last}-x.ipynb")
    assert words in chatkit("run", "--until", last).out.splitlines()[-1]


@pytest.mark.parametrize(
    ("until", "sections"),
    [
        (None, ["00", "05", "10"]),
        ("5", ["00", "05"]),
        ("00", ["00"]),
        (LAST, ["00", "05", "10", LAST]),
    ],
)
def test_clean_up_runs_only_when_asked_for(
    notebooks: Path, until: str | None, sections: list[str]
) -> None:
    """Without --until everything but the last section runs."""
    for section in ("00", "05", "10", LAST):
        write(notebooks, f"{section}-x.ipynb")
    assert [path.name[:2] for path in select(notebooks, until)] == sections


def test_a_failing_cell_is_named(chatkit: Chatkit, notebooks: Path) -> None:
    """Notebook, head of the cell, error and hint; later notebooks do not run; the copy is kept."""
    hint = (
        "from chatkit.core.errors import SetupError\nraise SetupError('No cloud today.',"
        " hint='Wait for rain.')"
    )
    write(notebooks, "03-bad.ipynb", "1 + 1", hint)
    write(notebooks, "04-never.ipynb", "1")
    typed = chatkit("run")
    assert typed.code == 1 and typed.err.count("\n") == 1
    assert (
        "03-bad.ipynb stopped in the cell that begins with `from chatkit.core.errors import"
        " SetupError`"
    ) in typed.err
    assert "No cloud today. Wait for rain." in typed.err
    assert (settings.home() / "executed" / "03-bad.ipynb").exists()
    assert not (settings.home() / "executed" / "04-never.ipynb").exists()


def test_a_dying_kernel_is_said(chatkit: Chatkit, notebooks: Path) -> None:
    """A kernel that ends in the middle of a cell does not hang the run."""
    write(notebooks, "03-bad.ipynb", "import os; os._exit(3)")
    typed = chatkit("run")
    assert typed.code == 1 and "the kernel died" in typed.err


def test_the_target_is_remembered(
    chatkit: Chatkit, notebooks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--target` chooses for the notebooks and for every later verb, whatever the variable says."""
    monkeypatch.setenv("CHATKIT_TARGET", "local")
    monkeypatch.setattr(session, "connect", lambda settings, home: None)
    write(notebooks, "00-x.ipynb", "import os; assert os.environ['CHATKIT_TARGET'] == 'azure'")
    assert chatkit("run", "--target", "azure").code == 0
    assert settings.load(settings.home()).target == "azure"


def test_a_target_that_nobody_is_signed_in_to_stays_unchosen(
    chatkit: Chatkit, notebooks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No notebook runs; the sentence names what to type."""

    def refuse(known: settings.Settings, home: Path) -> Cloud:
        raise ClientAuthenticationError("X failed to retrieve a token from the credentials.\nA: no")

    monkeypatch.setattr(session, "connect", refuse)
    write(notebooks, "00-x.ipynb", "1")
    typed = chatkit("run", "--target", "azure")
    assert typed.code == 1 and typed.err.count("\n") == 1
    assert "`az login`" in typed.err
    assert settings.load(settings.home()).target == "local"


def test_no_notebooks_and_no_such_section_are_said(chatkit: Chatkit, notebooks: Path) -> None:
    """Both are sentences."""
    assert "notebooks are not here" in chatkit("run").err
    write(notebooks, "00-x.ipynb")
    typed = chatkit("run", "--until", "07")
    assert typed.code == 2
    assert "There is no section 07. Sections are 00; the nearest is 00." in typed.err


def test_a_dry_run_says_what_would_run_and_changes_nothing(
    chatkit: Chatkit, notebooks: Path
) -> None:
    """Not even a home is begun."""
    write(notebooks, "00-first.ipynb", "raise SystemExit")
    write(notebooks, "01-second.ipynb")
    typed = chatkit("run", "--dry-run", "--until", "00")
    assert typed.code == 0 and not settings.home().exists()
    assert typed.out.splitlines()[:2] == [
        "Would run 1 notebook on the local cloud on this machine (target local), in a resource"
        " group of a new name:",
        "  00-first",
    ]


@pytest.mark.parametrize(
    ("process", "is_said"), [(os.getpid(), True), (1, False)], ids=["this one", "another"]
)
def test_a_dry_run_tells_of_the_environment_that_was_made_for_it(
    chatkit: Chatkit,
    notebooks: Path,
    monkeypatch: pytest.MonkeyPatch,
    process: int,
    is_said: bool,
) -> None:
    """That is a change, too; one that was made for another start is none."""
    write(notebooks, "00-first.ipynb")
    monkeypatch.setenv(MADE, str(process))
    said = chatkit("run", "--dry-run").out
    assert ("but the environment in .venv was made" in said) == is_said


def test_a_dry_run_on_azure_stays_on_the_target_that_there_is(
    chatkit: Chatkit, notebooks: Path
) -> None:
    """Nobody has to be signed in for it."""
    write(notebooks, "00-first.ipynb")
    settings.save(settings.home(), settings.Settings(suffix="abc123"))
    said = chatkit("run", "--dry-run", "--target", "azure").out
    assert "on your Azure subscription (target azure), in resource group chatkit-abc123" in said
    assert settings.load(settings.home()).target == "local"
    assert [path.name for path in settings.home().iterdir()] == ["settings.json"]


def test_a_dry_run_on_azure_tells_each_call_with_these_names(
    chatkit: Chatkit, notebooks: Path
) -> None:
    """And what the class of that size costs; nothing is sent."""
    write(notebooks, "02-create-signalr.ipynb")
    settings.save(settings.home(), settings.Settings(suffix="abc123"))
    said = chatkit("run", "--dry-run", "--target", "azure", "--people", "12").out
    assert "PUT https://management.azure.com/subscriptions/<subscription id>/" in said
    assert "chatkit-abc123" in said and "a class of 12 in one chat, a day: 0.00 USD" in said


def test_a_dry_run_on_azure_does_not_make_names_up(chatkit: Chatkit, notebooks: Path) -> None:
    """The first run chooses them."""
    write(notebooks, "02-create-signalr.ipynb")
    said = chatkit("run", "--dry-run", "--target", "azure").out
    assert "chatkit-<suffix>" in said and not settings.home().exists()


@pytest.mark.parametrize(
    "wrong", [("--until", "99"), ("--target", "moon"), ("--people", "x"), ("--people", "999999")]
)
def test_a_dry_run_of_what_does_not_exist_is_bad_usage(
    chatkit: Chatkit, notebooks: Path, wrong: tuple[str, str]
) -> None:
    """As without it."""
    write(notebooks, "00-first.ipynb")
    settings.save(settings.home(), settings.Settings(target="azure", suffix="abc123"))
    assert chatkit("run", "--dry-run", *wrong).code in (1, 2)


def test_asking_without_a_dry_run_is_bad_usage(chatkit: Chatkit, notebooks: Path) -> None:
    """Nobody means to run everything then."""
    write(notebooks, "00-first.ipynb", "raise SystemExit")
    for option in (["--read-only"], ["--people", "4"]):
        typed = chatkit("run", *option)
        assert typed.code == 2 and "--dry-run" in typed.err
