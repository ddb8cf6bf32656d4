"""Take the README's picture of JupyterLab: `python -m tests.cli.lab_picture`. Needs Chromium.

Starts `chatkit lab` in a home of its own and shows two people chatting in notebook 06.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from chatkit.cli import cloud_process
from chatkit.development import FUNCTIONS, PAGE, Development
from chatkit.settings import checkout

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PICTURE = checkout() / "docs" / "images" / "lab.png"
NOTEBOOK = "06-web-page.ipynb"
TALK = ("Hello bob, here is alice.", "Hello alice! This is a notebook, too.", "And the web page shows the same.")
KERNEL_READY = "text=Python 3 (ipykernel) | Idle"


def take(address: str) -> None:
    """Open the notebook in Lab, run it up to its check, let the two people of the panel talk, and take the picture."""
    with sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, BROWSERS)))
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(90_000)
        page.goto(re.sub("00-[a-z-]+.ipynb", NOTEBOOK, address))
        page.wait_for_selector(KERNEL_READY)
        page.click('h2:has-text("Check")')
        page.click('text="Run"')
        page.click('.lm-Menu-itemLabel:text-is("Run All Above Selected Cell")')
        boxes = page.locator(".jp-OutputArea .widget-text input")
        boxes.nth(1).wait_for()
        for box, text in enumerate(TALK):
            boxes.nth(box % 2).fill(text)
            boxes.nth(box % 2).press("Enter")
            page.locator(f".jp-OutputArea >> text={text}").nth(1).wait_for()
        page.evaluate("""() => {
            const box = document.querySelector('.jp-OutputArea .widget-text input');
            box.blur();
            box.closest('.jp-Cell').scrollIntoView({ block: 'center' });
        }""")
        page.screenshot(path=PICTURE)
        browser.close()


def main() -> None:
    """Run the notebooks before, start Lab, take the picture, clear away."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        folders = {f"JUPYTER_{name}_DIR": f"{home}/jupyter-{name}" for name in ("CONFIG", "DATA", "RUNTIME")}
        os.environ.update(CHATKIT_HOME=home, CHATKIT_SUFFIX="demo42", JUPYTERLAB_WORKSPACES_DIR=f"{home}/workspaces", **folders)
        subprocess.run([sys.executable, "-m", "chatkit", "run", "--until", "05"], cwd=checkout(), check=True)
        command = [sys.executable, "-m", "chatkit", "lab", "--no-browser"]
        with subprocess.Popen(command, cwd=checkout(), stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            try:
                take(next(filter(None, (re.search(r"http://127\S+", line) for line in process.stderr)))[0])
            finally:
                process.terminate()
                process.stderr.read()
                for name in (FUNCTIONS, PAGE):
                    Development(Path(home)).stop(name)
                cloud_process.stop(Path(home) / "local")


if __name__ == "__main__":
    main()
