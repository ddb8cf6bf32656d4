"""Take the README's pictures of JupyterLab: `python -m tests.lab.pictures [FOLDER]`. Needs
Chromium.

Starts `chatkit lab` in a home of its own, runs notebooks 06 and 10, lets people talk in their
panels, and writes
docs/images/lab*.png.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import BrowserContext, Locator, ViewportSize, expect

from chatkit.core.settings import checkout
from chatkit.workshop import Workshop
from tests.chromium import launched
from tests.lab.beginnings import begin_06, begin_10
from tests.lab.notebook_page import VIEWPORT, NotebookPage
from tests.lab.running_lab import running_lab
from tests.notebooks.refresh import SUFFIX
from tests.web.screenshots import Said

PANEL = "panel = workshop.chat_panel("
TWO = (
    Said("alice", "Hello bob, here is alice."),
    Said("bob", "Hello alice! This is a notebook, too."),
    Said("alice", "And the web page shows the same."),
)
THREE = (
    Said("alice", "Good morning! Everybody signed in?"),
    Said("bob", "Yes, as myself this time."),
    Said("alice", "The cake for carol comes at four.", to="bob"),
    Said("bob", "I bring the candles.", to="alice"),
    Said("carol", "You two are so quiet…"),
)
WIRE = (
    Said("bob", "What does a message look like on the wire?"),
    Said("alice", "A request, and a frame for each of us."),
)
TALL: ViewportSize = {"width": 1280, "height": 1160}
INTO_VIEW = "cell => cell.scrollIntoView({ block: 'start' })"


def main() -> None:
    """Take every picture, and clear everything away."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else checkout() / "docs" / "images"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        os.environ.update(CHATKIT_HOME=home, CHATKIT_SUFFIX=SUFFIX)
        with running_lab(Path(home)) as address, launched() as browser:
            window = browser.new_context(viewport=VIEWPORT, locale="en-GB", color_scheme="light")
            workshop = begin_06(Path(home))
            take_two(window, address, folder)
            take_three(window, address, folder, workshop)


def take_two(window: BrowserContext, address: str, folder: Path) -> None:
    """Notebook 06: alice and bob in Lab as one sees it; then what goes over the wire, as rows and
    as a diagram.
    """
    notebook = NotebookPage.open(window, address, "06-web-page.ipynb")
    notebook.run_above("Check", "inspector.diagram()")
    panel = notebook.cell(PANEL)
    talk(notebook, panel, TWO)
    shoot(notebook, panel, folder / "lab.png")
    inspector = notebook.run("inspector = panel.inspector()")
    notebook.page.set_viewport_size(TALL)
    inspector.get_by_role("button", name="Clear").click()
    expect(inspector.locator("details")).to_have_count(0)
    talk(notebook, panel, WIRE)
    expect(inspector.locator("details", has_text=WIRE[-1].text)).to_have_count(4)
    inspector.get_by_role("button", name="Draw as a sequence diagram").click()
    notebook.diagrams(inspector).get_by_role("img").wait_for()
    shoot(notebook, inspector, folder / "lab-inspector.png")
    notebook.page.close()


def take_three(window: BrowserContext, address: str, folder: Path, workshop: Workshop) -> None:
    """Notebook 10: three people, two of whom share a secret; with the whole window for the
    notebook.
    """
    begin_10(workshop)
    notebook = NotebookPage.open(window, address, "10-private-messages.ipynb")
    notebook.run_above("Away, and unknown", "[message.text for message in phone")
    notebook.page.keyboard.press("Control+b")
    panel = notebook.cell(PANEL)
    talk(notebook, panel, THREE)
    shoot(notebook, panel, folder / "lab-panel.png")


def talk(notebook: NotebookPage, panel: Locator, said: tuple[Said, ...]) -> None:
    """Let people write, each after the one before has arrived."""
    for one in said:
        notebook.write(panel, one.who, one.text, to=one.to)
        notebook.column(panel, one.to or "bob").get_by_text(one.text).wait_for()


def shoot(notebook: NotebookPage, cell: Locator, file: Path) -> None:
    """Bring a cell to the top of the window and take the picture."""
    notebook.page.evaluate("() => document.activeElement.blur()")
    cell.evaluate(INTO_VIEW)
    notebook.page.wait_for_function(
        "() => document.getAnimations().every(one => one.playState !== 'running')"
    )
    notebook.page.screenshot(path=file)
    print(file)


if __name__ == "__main__":
    main()
