"""A notebook open in JupyterLab, by what a person sees of it: menus, cells, counts, outputs, the
chat panel.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Locator, Page, ViewportSize, expect

from tests.notebooks.refresh import NOTEBOOKS, read

KERNEL_READY = "text=Python 3 (ipykernel) | Idle"
WAIT_MS = 60_000
VIEWPORT: ViewportSize = {"width": 1280, "height": 800}
RAN = re.compile(r"\[(\d+)\]:")
IN_FRONT = ".jp-NotebookPanel:not(.lm-mod-hidden)"
ERROR = "[data-mime-type='application/vnd.jupyter.error']"


@dataclass(frozen=True)
class NotebookPage:
    """One notebook in one browser window."""

    page: Page
    name: str

    @classmethod
    def open(cls, browser: BrowserContext, address: str, name: str) -> NotebookPage:
        """Open a notebook at the address that `chatkit lab` has printed, and wait for its cells."""
        page = browser.new_page()
        page.set_default_timeout(WAIT_MS)
        path, query = f"/lab/tree/notebooks/{name}", f"{urlsplit(address).query}&reset"
        page.goto(urlsplit(address)._replace(path=path, query=query).geturl())
        return cls(page, name).shown(name)

    def switch(self, name: str) -> NotebookPage:
        """Open another notebook by the menu, in a tab of its own, and wait for its cells."""
        self.choose("File", "Open from Path…")
        self.page.get_by_role("dialog").get_by_role("textbox").fill(f"notebooks/{name}")
        self.page.keyboard.press("Enter")
        return self.shown(name)

    def shown(self, name: str) -> NotebookPage:
        """The notebook of a name, when its cells are there."""
        count = len(read(NOTEBOOKS / name).cells)
        cells = self.page.locator(f"{IN_FRONT} .jp-Cell")
        expect(cells).to_have_count(count, timeout=WAIT_MS)
        return NotebookPage(self.page, name)

    def choose(self, menu: str, entry: str) -> None:
        """Choose an entry of the menu bar."""
        self.page.get_by_role("menuitem", name=menu, exact=True).click()
        # Its name ends with its keys, if it has some.
        self.page.get_by_role("menuitem", name=re.compile(f"^{re.escape(entry)}")).click()

    def run_all(self) -> None:
        """Forget the stored outputs, run every cell by the menu, and wait for the last one, or for
        one that fails.
        """
        self.page.wait_for_selector(KERNEL_READY)
        self.choose("Edit", "Clear Outputs of All Cells")
        assert self.counts() == []
        self.choose("Run", "Run All Cells")
        self.prompts().last.filter(has_text=RAN).or_(self.page.locator(ERROR).first).first.wait_for(
            state="attached"
        )

    def run_above(self, heading: str, last: str) -> None:
        """Run the cells above a heading, by the menu, and wait for the last of them: the one whose
        source has a text.
        """
        self.page.wait_for_selector(KERNEL_READY)
        self.choose("Edit", "Clear Outputs of All Cells")
        self.page.get_by_role("heading", name=heading).click()
        self.choose("Run", "Run All Above Selected Cell")
        expect(self.cell(last).locator(".jp-InputArea-prompt")).to_have_text(RAN, timeout=WAIT_MS)

    def cell(self, source: str) -> Locator:
        """The code cell whose source has a text."""
        return self.page.locator(".jp-CodeCell").filter(
            has=self.page.locator(".jp-InputArea-editor", has_text=source)
        )

    def prompts(self) -> Locator:
        """What stands before each code cell: "[7]:" when it has run."""
        return self.page.locator(".jp-CodeCell .jp-InputArea-prompt")

    def counts(self) -> list[int]:
        """The execution counts of the cells that have run, from top to bottom, whether or not they
        are in view.
        """
        return [
            int(text)
            for prompt in self.prompts().all_text_contents()
            for text in RAN.findall(prompt)
        ]

    def failures(self) -> list[str]:
        """What went wrong in a cell, as Lab shows it."""
        return self.page.locator(ERROR).all_text_contents()

    def run(self, source: str) -> Locator:
        """Run again the cell whose source has a text, by Shift+Enter; return it when it has run."""
        cell = self.cell(source)
        prompt = cell.locator(".jp-InputArea-prompt")
        before = prompt.inner_text()
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Shift+Enter")
        expect(prompt).not_to_have_text(before)
        expect(prompt).to_have_text(RAN, timeout=WAIT_MS)
        expect(cell.locator(ERROR)).to_have_count(0)
        return cell

    def write(self, panel: Locator, user: str, text: str, *, to: str = "") -> None:
        """Type a message in a user's column of a panel, choose whom it is for, and press Enter."""
        column = self.column(panel, user)
        if to:
            column.get_by_label("To", exact=True).select_option(label=to)
        box = column.get_by_placeholder(f"Message from {user}")
        box.fill(text)
        box.press("Enter")

    def column(self, panel: Locator, user: str) -> Locator:
        """A user's column of a panel: what they see and where they write."""
        return panel.locator(".widget-vbox").filter(
            has=self.page.get_by_placeholder(f"Message from {user}")
        )

    def diagrams(self, within: Locator | None = None) -> Locator:
        """Every Mermaid diagram, drawn or not."""
        shown = within or self.page.locator(IN_FRONT)
        return shown.locator(".jp-RenderedMermaid, code.language-mermaid")
