"""JupyterLab for real: a notebook runs by the menu, its diagrams are drawn, its panel is alive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, expect

from chatkit.workshop import Workshop
from tests.lab.beginnings import begin_06, begin_10
from tests.lab.notebook_page import NotebookPage
from tests.notebooks.refresh import NOTEBOOKS, code_cells, paths, read

PANEL = "panel = workshop.chat_panel("
INSPECTOR = "inspector = panel.inspector()"


def diagrams_of(notebook: Any) -> int:
    """How many diagrams a notebook has, in its prose and among its stored outputs."""
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    prose: int = sum(cell.source.count("```mermaid") for cell in notebook.cells)
    return prose + sum("text/vnd.mermaid" in output.get("data", {}) for output in outputs)


DIAGRAMS = {path.name: diagrams_of(read(path)) for path in paths()}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def before_06(home: Path, lab: str) -> Workshop:
    """A workshop at the start of section 06: resources, functions up to SendMessage, settings."""
    return begin_06(home)


@pytest.fixture(scope="module")
def before_10(before_06: Workshop) -> Workshop:
    """The same workshop at the start of section 10: deployed, with sign-in."""
    return begin_10(before_06)


@pytest.fixture
def opened(
    browser: BrowserContext, lab: str, request: pytest.FixtureRequest
) -> Iterator[NotebookPage]:
    """The notebook that the test names."""
    notebook = NotebookPage.open(browser, lab, request.param)
    yield notebook
    notebook.page.close()


def counted(name: str) -> list[int]:
    """Execution counts of a notebook that has run from top to bottom: 1, 2, 3."""
    return list(range(1, len(code_cells(read(NOTEBOOKS / name))) + 1))


@pytest.fixture(scope="module")
def section_06(before_06: Workshop, browser: BrowserContext, lab: str) -> NotebookPage:
    """Notebook 06, run from top to bottom by the menu."""
    notebook = NotebookPage.open(browser, lab, "06-web-page.ipynb")
    notebook.run_all()
    return notebook


def test_a_notebook_runs_by_the_menu(section_06: NotebookPage) -> None:
    """Every cell runs without an error, and what it draws is drawn."""
    assert (section_06.failures(), section_06.counts()) == ([], counted(section_06.name))
    assert_drawn(section_06.diagrams(), DIAGRAMS[section_06.name])


def test_people_write_to_each_other_in_its_panel(section_06: NotebookPage) -> None:
    """What alice types and sends by Enter arrives at bob's, and the other way round."""
    panel = section_06.run(PANEL)
    for user, text in (("alice", "Typed in Lab"), ("bob", "And answered there")):
        section_06.write(panel, user, text)
        for reader in ("alice", "bob"):
            expect(section_06.column(panel, reader)).to_contain_text(text)


def test_the_inspector_shows_the_wire_and_draws_it(section_06: NotebookPage) -> None:
    """A typed message appears as its requests and frames; a button draws them as a picture."""
    panel, inspector = section_06.run(PANEL), section_06.run(INSPECTOR)
    section_06.write(panel, "alice", "Look at the wire")
    frames = inspector.locator("details", has_text="from service").filter(
        has_text="Look at the wire"
    )
    # The last state below has the same lines; it is shown when the kernel has gone.
    expect(frames.filter(visible=True)).to_have_count(2)
    inspector.get_by_role("button", name="Draw as a sequence diagram").click()
    assert_drawn(section_06.diagrams(inspector), 1)


@pytest.mark.long
@pytest.mark.parametrize("opened", ["10-private-messages.ipynb"], indirect=True)
def test_private_messages_stay_private_in_the_panel(
    before_10: Workshop, opened: NotebookPage
) -> None:
    """What alice writes to bob is in two columns out of three; what comes after it, for everybody,
    is in all of them.
    """
    opened.run_all()
    assert (opened.failures(), opened.counts()) == ([], counted(opened.name))
    panel = opened.run(PANEL)
    opened.write(panel, "alice", "Only between us", to="bob")
    expect(opened.column(panel, "bob")).to_contain_text("Only between us")
    opened.write(panel, "carol", "Did I miss anything?")
    for reader in ("alice", "bob", "carol"):
        expect(opened.column(panel, reader)).to_contain_text("Did I miss anything?")
    assert [
        "Only between us" in (opened.column(panel, user).text_content() or "")
        for user in ("alice", "bob", "carol")
    ] == [
        *(True, True, False),
    ]


@pytest.mark.long
def test_diagrams_are_drawn(browser: BrowserContext, lab: str) -> None:
    """Each diagram of each notebook, in its prose and as a stored output."""
    first, *others = [name for name, count in DIAGRAMS.items() if count]
    notebook = NotebookPage.open(browser, lab, first)
    assert_drawn(notebook.diagrams(), DIAGRAMS[first])
    for name in others:
        notebook = notebook.switch(name)
        assert_drawn(notebook.diagrams(), DIAGRAMS[name])
    notebook.page.close()


def assert_drawn(diagrams: Locator, count: int) -> None:
    """Lab shows pictures, with a title for those who do not see them; no source text, no parser's
    complaint.
    """
    expect(diagrams).to_have_count(count)
    expect(diagrams.get_by_role("img")).to_have_count(count)
    for picture in diagrams.get_by_role("img").all():
        assert picture.get_attribute("alt")
        assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
