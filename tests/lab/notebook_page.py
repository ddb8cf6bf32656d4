"""A notebook open in JupyterLab, by what a person sees of it: menus, cells, counts, outputs, the chat panel."""

from __future__ import annotations

import re
from dataclasses import dataclass

from playwright.sync_api import Browser, Locator, Page, expect

from tests.notebooks.refresh import NOTEBOOKS, read

KERNEL_READY = "text=Python 3 (ipykernel) | Idle"
WAIT_MS = 60_000
FIRST = re.compile(r"00-[a-z-]+\.ipynb")
RAN = re.compile(r"\[(\d+)\]:")
ERROR = "[data-mime-type='application/vnd.jupyter.error']"


@dataclass(frozen=True)
class NotebookPage:
    """One notebook in one browser window."""

    page: Page
    name: str

    @classmethod
    def open(cls, browser: Browser, address: str, name: str) -> NotebookPage:
        """Open a notebook at the address that `chatkit lab` has printed, and wait for its cells."""
        page = browser.new_page(viewport={"width": 1280, "height": 800}, locale="en-GB")
        page.set_default_timeout(WAIT_MS)
        page.goto(FIRST.sub(name, address) + "&reset")
        expect(page.locator(".jp-Notebook .jp-Cell")).to_have_count(len(read(NOTEBOOKS / name).cells), timeout=WAIT_MS)
        return cls(page, name)

    def choose(self, menu: str, entry: str) -> None:
        """Choose an entry of the menu bar."""
        self.page.get_by_role("menuitem", name=menu, exact=True).click()
        self.page.get_by_role("menuitem", name=entry, exact=True).click()

    def run_all(self) -> None:
        """Forget the stored outputs, run every cell by the menu, and wait for the last one, or for one that fails."""
        self.page.wait_for_selector(KERNEL_READY)
        self.choose("Edit", "Clear Outputs of All Cells")
        assert self.counts() == []
        self.choose("Run", "Run All Cells")
        self.prompts().last.filter(has_text=RAN).or_(self.page.locator(ERROR).first).first.wait_for(state="attached")

    def prompts(self) -> Locator:
        """What stands before each code cell: "[7]:" when it has run."""
        return self.page.locator(".jp-CodeCell .jp-InputArea-prompt")

    def counts(self) -> list[int]:
        """The execution counts of the cells that have run, from top to bottom, whether or not they are in view."""
        return [int(text) for prompt in self.prompts().all_text_contents() for text in RAN.findall(prompt)]

    def failures(self) -> list[str]:
        """What went wrong in a cell, as Lab shows it."""
        return self.page.locator(ERROR).all_text_contents()

    def run(self, source: str) -> Locator:
        """Run again the cell whose source has a text, by Shift+Enter; returns it when it has run."""
        cell = self.page.locator(".jp-CodeCell").filter(has=self.page.locator(".jp-InputArea-editor", has_text=source))
        prompt = cell.locator(".jp-InputArea-prompt")
        before = prompt.inner_text()
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Shift+Enter")
        expect(prompt).not_to_have_text(before)
        expect(prompt).to_have_text(RAN, timeout=WAIT_MS)
        expect(cell.locator(ERROR)).to_have_count(0)
        return cell

    def write(self, panel: Locator, user: str, text: str) -> None:
        """Type a message in a user's box of a panel and press Enter."""
        box = panel.get_by_placeholder(f"Message from {user}")
        box.fill(text)
        box.press("Enter")

    def diagrams(self) -> Locator:
        """Every Mermaid diagram, drawn or not."""
        return self.page.locator(".jp-RenderedMermaid, code.language-mermaid")
