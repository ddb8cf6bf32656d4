"""What every notebook has to look like, and what it must never show."""

from __future__ import annotations

import re
import statistics
import subprocess
from typing import Any

import nbformat
import pytest

import chatkit
from chatkit.chat.panel.names import unknown
from chatkit.lesson.sections import EXERCISES
from tests.notebooks import refresh

NAMES = [path.name for path in refresh.paths()]
SECRETS = re.compile(
    r"(Access|Account)Key=[^;\s]|eyJ[\w-]{10,}\.[\w-]|[A-Za-z0-9+/]{43}=|client_secret.{3}\w|[?&]sig="
)
FOLDERS = re.compile(
    r"/(home|root|tmp|Users|var/folders)/|[A-Z]:\\\\?Users|" + re.escape(str(refresh.ROOT))
)
OPEN = "%load_ext chatkit\nfrom chatkit import Workshop\nworkshop = Workshop.open()"
LINK = re.compile(r"\]\(([^)\s]+)\)")
CHANGED = "<details><summary>What has changed since 2018</summary>"
START = "00"
TABLE_IS_CONTENT = (START, "02", "12")
MAX_LINES, MEDIAN_LINES = 15, 4


@pytest.fixture(params=NAMES)
def book(request: pytest.FixtureRequest) -> Any:
    """One notebook."""
    notebook = refresh.read(refresh.NOTEBOOKS / request.param)
    notebook.metadata["name"] = request.param
    return notebook


def markdown(book: Any) -> str:
    """All prose, without fenced text."""
    text = "\n\n".join(cell.source for cell in book.cells if cell.cell_type == "markdown")
    return re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)


def lines(cell: Any) -> int:
    """Lines of a code cell that are not empty."""
    return sum(bool(line.strip()) for line in cell.source.splitlines())


def test_it_is_valid_and_its_cells_have_lasting_ids(book: Any) -> None:
    """nbformat 4.5; ids are words, so that a diff says what changed."""
    nbformat.validate(book)
    assert book.nbformat_minor >= 5
    assert all(re.fullmatch(r"[a-z][a-z0-9-]+", cell.id) for cell in book.cells)


def test_it_was_run_from_top_to_bottom(book: Any) -> None:
    """Counts 1, 2, 3: without a count nbval would compare nothing."""
    counts = [cell.execution_count for cell in refresh.code_cells(book)]
    assert counts == list(range(1, len(counts) + 1))


def test_no_stored_output_is_an_error(book: Any) -> None:
    """What is shown as an example worked."""
    assert not [
        output
        for cell in refresh.code_cells(book)
        for output in cell.outputs
        if output.output_type == "error"
    ]


def test_outputs_hold_no_secret(book: Any) -> None:
    """Keys, tokens, signatures."""
    shown = str([cell.outputs for cell in refresh.code_cells(book)])
    assert not SECRETS.search(shown)


def test_nothing_names_a_folder_of_the_machine_it_ran_on(book: Any) -> None:
    """Outputs are the same for everybody."""
    assert not FOLDERS.search(str(book.cells))


def test_it_has_one_title_and_skips_no_heading(book: Any) -> None:
    """Lab's contents panel and screen readers go by headings."""
    levels = [len(marks) for marks in re.findall(r"^(#+) ", markdown(book), re.MULTILINE)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))


def test_it_opens_with_the_old_step_the_time_and_the_workshop(book: Any) -> None:
    """Minutes and what one will see, the step of 2018 beside today's, and the same first cell
    everywhere.
    """
    assert refresh.code_cells(book)[0].source == OPEN
    assert int(refresh.minutes(book)) > 0
    assert "You will see" in book.cells[0].source and "2018" in book.cells[0].source


def test_what_it_is_for_comes_before_what_has_changed(book: Any) -> None:
    """A sentence that is read, then the table of 2018: folded where nothing depends on it."""
    opening = book.cells[0].source
    purpose, _, table = opening.partition("in 2018")
    number = book.metadata["name"][:2]
    if number in TABLE_IS_CONTENT:
        assert "<details>" not in opening
    else:
        assert purpose.rstrip(" |\n").endswith(CHANGED) and table.endswith("</details>")
    assert len(re.findall(r"^[A-Z].{60,}", purpose, re.MULTILINE)) >= (number != START)


def test_it_speaks_of_today(book: Any) -> None:
    """How the old text came to be as it is helps nobody who wants to build a chat."""
    assert not re.search(r"later edition|\blost (when|with|in)\b|cut down", str(book.cells))


def test_it_ends_with_its_check_an_experiment_and_three_questions(book: Any) -> None:
    """The check is the section's own; answers are folded."""
    number = book.metadata["name"][:2]
    assert f'workshop.check("{number}")' in [cell.source for cell in refresh.code_cells(book)]
    text = markdown(book)
    assert text.index("## Check") < text.index("## Experiment") < text.index("## Three questions")
    assert text.count("<details><summary>Answer</summary>") == 3
    assert any(cell.id == "experiment-start" for cell in refresh.code_cells(book))


def test_it_has_its_sections_exercise(book: Any) -> None:
    """A blank to fill in, its grade, and the way out; stored open, so that nobody is told."""
    number = book.metadata["name"][:2]
    exercise = next((one for one in EXERCISES if one.number == number), None)
    cells = [cell.source for cell in refresh.code_cells(book)]
    at = next((i for i, source in enumerate(cells) if "workshop.exercise(" in source), None)
    if exercise is None:
        assert at is None
        return
    assert at is not None and cells[at] == f'workshop.exercise("{number}")'
    assert cells[at - 1].startswith(f"%%chatfile {exercise.file}\n") and "..." in cells[at - 1]
    assert f'workshop.solve("{number}")' in markdown(book)
    stored = refresh.code_cells(book)[at].outputs[0].data["text/plain"]
    assert stored.startswith(f"Exercise {number} is open")


def test_its_cells_are_short(book: Any) -> None:
    """A cell is read at a glance, unless it is a file that ships."""
    sizes = [
        lines(cell)
        for cell in refresh.code_cells(book)
        if not cell.source.startswith(refresh.MAGIC)
    ]
    assert max(sizes) <= MAX_LINES and statistics.median(sizes) <= MEDIAN_LINES


def test_its_cells_use_no_shell_no_path_tricks_and_ask_nothing(book: Any) -> None:
    """They work in Lab, in an editor, in CI and on Windows."""
    forbidden = re.compile(
        r"^\s*[!]|sys\.path|\binput\(|os\.system|subprocess|asyncio\.run", re.MULTILINE
    )
    assert not [cell.id for cell in refresh.code_cells(book) if forbidden.search(cell.source)]


def test_its_links_lead_somewhere(book: Any) -> None:
    """Relative links are files beside it; other notebooks are not only named."""
    targets = [target for target in LINK.findall(markdown(book)) if "://" not in target]
    assert targets
    assert not [
        target for target in targets if not (refresh.NOTEBOOKS / target.partition("#")[0]).exists()
    ]


def test_its_diagrams_are_told_in_words_too(book: Any) -> None:
    """Mermaid with a title and a description for screen readers, and a sentence for everybody."""
    for cell in book.cells:
        for diagram in re.findall(r"```mermaid\n(.*?)```", cell.source, re.DOTALL):
            assert "accTitle:" in diagram and "accDescr:" in diagram
            assert "In words:" in cell.source


def test_navigation_is_generated(book: Any) -> None:
    """The last cell, and the contents in the first notebook, are what `make notebooks` writes."""
    assert book.cells[-1].source == refresh.navigation(refresh.NOTEBOOKS / book.metadata["name"])
    if book.metadata["name"] == NAMES[0]:
        assert refresh.contents() in "\n".join(cell.source for cell in book.cells)


def test_a_live_panel_is_not_compared(book: Any) -> None:
    """A cell that ends on a widget has the tag that nbval knows."""
    for cell in refresh.code_cells(book):
        if cell.source.splitlines()[-1].strip() == "panel":
            assert "nbval-ignore-output" in cell.metadata.get("tags", [])


def test_the_notebooks_write_the_app_byte_for_byte() -> None:
    """What my-chat has of functions and template at the end is what the kit has of them."""
    written = {
        name: f"{cell.source.partition(chr(10))[2].rstrip(chr(10))}\n".encode()
        for name, _, cell in refresh.written_files()
    }
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "functions", "template"],
        cwd=refresh.ROOT,
        capture_output=True,
        check=True,
    ).stdout
    shipped = {
        name: (refresh.ROOT / name).read_bytes() for name in tracked.decode().split("\0") if name
    }
    assert {name for name in written if written[name] != shipped.get(name)} == set()
    assert written.keys() == shipped.keys()


def test_the_attack_is_repeated_word_for_word() -> None:
    """What succeeds before authentication is on and fails after it is the very same cell."""
    cells = {
        cell.id: cell for cell in refresh.read(refresh.NOTEBOOKS / "09-authentication.ipynb").cells
    }
    before, after = cells["attack"], cells["attack-again"]
    assert before.source == after.source
    assert [refresh.shown(cell.outputs[0]) for cell in (before, after)] == [
        "(200, 200, 200, True)",
        "(401, 401, 401, False)",
    ]


def test_cells_import_the_kit_from_its_top_alone(book: Any) -> None:
    """What a cell imports is the kit's public contract; its inner rooms may change."""
    inner = re.compile(r"^\s*(?:from chatkit\.|import chatkit\.)", re.MULTILINE)
    assert [cell.id for cell in refresh.code_cells(book) if inner.search(cell.source)] == []


def test_cells_import_public_names_only(book: Any) -> None:
    """Those of `chatkit.__all__`."""
    for cell in refresh.code_cells(book):
        for names in re.findall(r"^from chatkit import (.+)$", cell.source, re.MULTILINE):
            assert {name.strip() for name in names.split(",")} <= {*chatkit.__all__}, cell.id


def test_the_sanitizer_hides_what_differs_and_nothing_else() -> None:
    """Two runs agree; another result does not."""
    one = (
        '<span class="chatkit-time">0.31 s</span> http://localhost:8888/'
        " chatkit-ab12cd-api 2026-11-23T10:00:00.000Z"
    )
    two = (
        '<span class="chatkit-time">1.02 s</span> http://localhost:41234/'
        " chatkit-zz99zz-api 2026-11-24T11:00:00.123Z"
    )
    assert refresh.same(one, two)
    assert not refresh.same("200 OK", "500 OK")


def test_outputs_that_say_the_same_are_the_same_in_any_order() -> None:
    """A run without news changes no file."""
    html = '<span class="chatkit-time">{} s</span>'
    old = [
        {
            "data": {"text/html": html.format("0.10"), "text/plain": "done"},
            "output_type": "execute_result",
        }
    ]
    new = [
        {
            "output_type": "execute_result",
            "data": {"text/plain": "done", "text/html": html.format("2.00")},
        }
    ]
    assert refresh.same(old, new)
    assert not refresh.same(old, [])


def test_stored_notebooks_are_small() -> None:
    """A clone stays quick, with a template in two languages in the last one."""
    assert sum((refresh.NOTEBOOKS / name).stat().st_size for name in NAMES) < 480_000


def test_a_stored_panel_calls_strangers_as_a_panel_does_now() -> None:
    """nbval does not compare panels, so a new word for somebody has to be stored by hand."""
    text = (refresh.NOTEBOOKS / "10-private-messages.ipynb").read_text(encoding="utf-8")
    assert all(f"to {unknown(name)}, private" in text for name in ("dave", "bbo"))
