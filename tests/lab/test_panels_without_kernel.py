"""What a panel leaves behind, in JupyterLab for real."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.lab.beginnings import begin_06
from tests.lab.notebook_page import KERNEL_READY, NotebookPage

SHOWN = ("panel = workshop.chat_panel(", "inspector = panel.inspector()")
LAST = "as it was last"

pytestmark = [pytest.mark.slow, pytest.mark.long]


def test_panels_outlive_their_kernel(home: Path, browser: BrowserContext, lab: str) -> None:
    """Their last state is shown then, and nothing of a model that is not found."""
    begin_06(home)
    notebook = NotebookPage.open(browser, lab, "06-web-page.ipynb")
    notebook.run_all()
    for source in SHOWN:
        expect(notebook.cell(source).get_by_text(LAST)).to_be_hidden()
    notebook.choose("Kernel", "Restart Kernel…")
    notebook.page.get_by_role("button", name="Confirm Kernel Restart").click()
    for source in SHOWN:
        expect(notebook.cell(source).get_by_text(LAST)).to_be_visible()
    said = notebook.cell(SHOWN[0]).get_by_text("I can see what was said")
    expect(said.locator("visible=true")).to_have_count(2)
    for told in notebook.page.get_by_text("not found").all():
        expect(told).to_be_hidden()
    notebook.page.wait_for_selector(KERNEL_READY)  # Jupyter does not end while a kernel starts
    notebook.page.close()
