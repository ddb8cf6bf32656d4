"""Catching up and starting again, with the real notebooks on a real local cloud."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from chatkit.core import settings
from chatkit.core.errors import SetupError
from chatkit.core.work import notebooks
from chatkit.lesson import checks
from chatkit.lesson.notebooks.execution import NotebookFailed
from chatkit.steps import local_settings
from chatkit.wire.connection_strings import SignalRConnectionString
from chatkit.workshop import Workshop
from tests.homes import switch_off, workshop_in
from tests.other_programs import taking_ports

pytestmark = pytest.mark.slow
BEFORE_07 = ("00", "01", "02", "03", "04", "05", "06")


@dataclass(frozen=True)
class Latecomer:
    """Somebody who has come to section 07 by catching up.

    Attributes:
        first: What catching up said, when nothing was done before.
        completed: The sections that were completed then.
    """

    workshop: Workshop
    first: str
    completed: tuple[str, ...]


@pytest.fixture(scope="module")
def latecomer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Latecomer]:
    """A home of its own, in which catching up was the first that was done."""
    with workshop_in(tmp_path_factory.mktemp("home")) as workshop:
        first = repr(workshop.catch_up("7"))
        yield Latecomer(workshop, first, workshop.settings.facts.completed)


@pytest.fixture
def workshop(latecomer: Latecomer) -> Workshop:
    """A workshop at the start of section 07, whatever another test has made of it."""
    latecomer.workshop.catch_up("07")
    return latecomer.workshop


def test_a_latecomer_comes_to_the_start_of_section_07(latecomer: Latecomer) -> None:
    """The notebooks of what was missed have run, with their checks."""
    assert latecomer.first == "Section 07 can begin. Ran what was missed: 02, 03, 04, 05, 06."
    assert latecomer.completed == BEFORE_07


def test_what_the_notebooks_leave_running_runs(workshop: Workshop) -> None:
    """The functions and the page."""
    assert workshop.local_api_base_url and workshop.local_web_url


@pytest.mark.long
def test_caught_up_twice_nothing_runs(workshop: Workshop) -> None:
    """Every section's check finds its work."""
    assert repr(workshop.catch_up("07")) == "Section 07 can begin. Nothing was missed."


def test_after_a_pause_the_workshop_goes_on_where_it_was(workshop: Workshop) -> None:
    """The machine was off: no local cloud, no functions, no page.

    All of them come back, with what they had.
    """
    switch_off(workshop)
    again = Workshop.open()
    assert repr(again.catch_up()) == "Section 07 can begin. Nothing was missed."
    assert again.local_api_base_url and again.local_web_url


@pytest.mark.long
def test_a_pause_in_which_another_program_took_a_port_misses_nothing(workshop: Workshop) -> None:
    """SignalR Service is somewhere else now, and the functions know it."""
    text = local_settings.values(workshop.functions_folder)[local_settings.SIGNALR_SETTING]
    switch_off(workshop)
    with taking_ports(SignalRConnectionString.parse(text).base_url):
        assert repr(Workshop.open().catch_up()) == "Section 07 can begin. Nothing was missed."
    assert local_settings.values(workshop.functions_folder)[local_settings.SIGNALR_SETTING] != text


def test_a_section_done_without_its_check_is_not_done_again(workshop: Workshop) -> None:
    """What counts is the work, not the mark."""
    workshop.begin_at("03")
    assert "Nothing was missed" in repr(workshop.catch_up("07"))
    assert workshop.settings.facts.completed == BEFORE_07


@pytest.mark.long
def test_a_learners_version_is_kept_when_its_section_runs_again(workshop: Workshop) -> None:
    """A SendMessage that sends nothing: sections 05 and 06 run again, and the edit lies beside."""
    path = workshop.functions_folder / "send_message.py"
    mine = path.read_text(encoding="utf-8").replace('"newMessage"', '"message"')
    path.write_text(mine, encoding="utf-8")
    assert repr(workshop.catch_up()) == "Section 07 can begin. Ran what was missed: 05, 06."
    assert path.with_name("send_message.py.before-1").read_text(encoding="utf-8") == mine


@pytest.mark.long
def test_in_a_kernel_it_catches_up_too(workshop: Workshop) -> None:
    """A kernel runs a loop of its own already, and starts another kernel."""
    workshop.functions_folder.joinpath("host.json").unlink()
    code = "from chatkit import Workshop\nWorkshop.open().catch_up('04')"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])  # type: ignore[no-untyped-call]
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    assert (
        notebook.cells[0].outputs[-1].data["text/plain"]
        == "Section 04 can begin. Ran what was missed: 03."
    )
    assert workshop.settings.facts.completed == ("00", "01", "02", "03")


@pytest.mark.long
@pytest.mark.parametrize("number", ["05", "07", "09"])
def test_after_a_clean_up_any_section_can_begin(workshop: Workshop, number: str) -> None:
    """What was completed is not done any more, and stops nobody."""
    workshop.clean_up()
    assert workshop.status().completed == ["00", "01"]
    assert "Ran what was missed: 02" in repr(workshop.catch_up(number))
    assert workshop.status().completed[-1] < number


def test_reset_goes_back_to_the_start_and_loses_nothing(workshop: Workshop) -> None:
    """Resources are gone, the app lies beside; doing it twice is no harm."""
    name = workshop.settings.names.signalr
    receipt = workshop.reset()
    assert receipt.complete and repr(receipt).endswith(
        "Notebooks are untouched; your app is kept as my-chat.before-1."
    )
    assert (
        workshop.folder.with_name("my-chat.before-1")
        .joinpath("functions", "send_message.py")
        .is_file()
    )
    assert (
        not workshop.folder.exists()
        and not workshop.settings.facts.completed
        and not workshop.settings.facts.signalr
    )
    assert (
        repr(workshop.reset()).endswith("Notebooks are untouched.")
        and workshop.settings.names.signalr == name
    )


def test_reset_renews_the_notebooks_and_keeps_edited_ones(latecomer: Latecomer) -> None:
    """They are not moved away with the app: kernels run in their folder."""
    workshop = latecomer.workshop
    home = workshop.folder.parent
    copies = workshop.folder / notebooks.FOLDER
    notebooks.bring_up_to_date(settings.kit() / notebooks.FOLDER, workshop.folder, home)
    first = min(copies.iterdir())
    first.write_text("edited", encoding="utf-8")
    (workshop.folder / "notes.txt").write_text("mine", encoding="utf-8")
    kept = f"{first.stem}.before-1.ipynb"
    assert f"Notebooks are new; those you edited are kept as {kept}; your app is kept as" in repr(
        workshop.reset()
    )
    assert (copies / kept).read_text(encoding="utf-8") == "edited" != first.read_text("utf-8")
    assert [path.name for path in workshop.folder.iterdir()] == [notebooks.FOLDER]
    assert repr(workshop.reset()).endswith("Back at the start. Notebooks are new.")


def test_a_section_that_does_not_exist_is_named(latecomer: Latecomer) -> None:
    """Nothing runs."""
    with pytest.raises(SetupError, match="no section 99"):
        latecomer.workshop.catch_up("99")


def test_a_cell_that_fails_is_named(
    latecomer: Latecomer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its notebook; what comes after a check is an exercise, and does not run."""
    write(tmp_path, "00-one.ipynb", "1", "workshop.check('00') if 0 else None", "1 / 0")
    write(tmp_path, "01-two.ipynb", "1 + 1", "raise ValueError('no rain today')")
    write(tmp_path, "02-three.ipynb", "1")
    monkeypatch.setattr(settings, "checkout", lambda: tmp_path)
    monkeypatch.setattr(checks, "check", lambda workshop, section: 1 / 0)
    with pytest.raises(
        NotebookFailed, match="^01-two.ipynb stopped in the cell .* ValueError: no rain today"
    ):
        latecomer.workshop.catch_up("02")


def write(folder: Path, name: str, *cells: str) -> None:
    """Write a notebook of code cells."""
    content = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])  # type: ignore[no-untyped-call]
    folder.joinpath("notebooks").mkdir(exist_ok=True)
    nbformat.write(content, folder / "notebooks" / name)  # type: ignore[no-untyped-call]
