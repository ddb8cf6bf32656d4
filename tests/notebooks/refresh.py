"""Run every notebook anew, in order, on a fresh home, and store the outputs: `make notebooks`.

Files that the notebooks write are first brought in step with `functions/`, navigation and contents
are generated. An output that says the same as the stored one (after `sanitize.cfg`) is left as it
is, so that a run without news changes no file.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from chatkit.steps.app_files import EXERCISES
from chatkit.steps.local_servers import FUNCTIONS, PAGE, LocalServers

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
SANITIZE = Path(__file__).with_name("sanitize.cfg")
SUFFIX = "demo42"
MAGIC = "%%chatfile "
WIDGET = "application/vnd.jupyter.widget-view+json"
CONTENTS = re.compile(r"<!-- contents -->.*<!-- /contents -->", re.DOTALL)
HOW = re.compile(r'<details class="chatkit-how">[\s\S]*?</details></details>')
NAVIGATION = "<!-- navigation -->"
RULES = re.compile(r"^regex: (.*)$\n^replace: ?(.*)$", re.MULTILINE)
Notebook = Any


def paths() -> list[Path]:
    """The notebooks, in order."""
    return sorted(NOTEBOOKS.glob("[0-9][0-9]-*.ipynb"))


def read(path: Path) -> Notebook:
    """Read a notebook."""
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


def write(path: Path, notebook: Notebook) -> None:
    """Write a notebook, unless nothing changed."""
    text = nbformat.writes(notebook) + "\n"  # type: ignore[no-untyped-call]
    if text != path.read_text(encoding="utf-8"):
        path.write_text(text, encoding="utf-8")


def code_cells(notebook: Notebook) -> list[Any]:
    """The cells that run."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def written_files() -> Iterator[tuple[str, Path, Any]]:
    """Every file of the chat that a notebook writes, which those of exercises are not.

    Yields its path below my-chat, the notebook, the cell; in order.
    """
    for path in paths():
        for cell in code_cells(read(path)):
            if cell.source.startswith(MAGIC) and not cell.source.startswith(MAGIC + EXERCISES):
                yield cell.source.partition("\n")[0].removeprefix(MAGIC).strip(), path, cell


def synchronise() -> None:
    """Give the last cell that writes a file of `functions/` the text that the file has there."""
    last = {name: (path, cell.id) for name, path, cell in written_files()}
    for name, (path, cell_id) in last.items():
        wanted = ROOT / name
        if not wanted.exists():
            continue
        notebook = read(path)
        cell = next(cell for cell in notebook.cells if cell.get("id") == cell_id)
        cell.source = f"{MAGIC}{name}\n{wanted.read_text(encoding='utf-8')}".rstrip("\n")
        write(path, notebook)


def title(notebook: Notebook) -> str:
    """The notebook's only heading of the first level."""
    found = re.search(r"^# (.+)$", notebook.cells[0].source, re.MULTILINE)
    assert found, "a notebook begins with its title"
    return found[1]


def minutes(notebook: Notebook) -> str:
    """How long it takes, as its first lines say."""
    found = re.search(r"^\*About (\d+) minutes\.", notebook.cells[0].source, re.MULTILINE)
    assert found, "a notebook says how long it takes"
    return found[1]


def contents() -> str:
    """The table of all notebooks."""
    rows = [
        f"| {path.name[:2]} | [{title(book)}]({path.name}) | {minutes(book)} |"
        for path in paths()
        for book in [read(path)]
    ]
    return "\n".join(
        [
            "<!-- contents -->",
            "| | notebook | minutes |",
            "|---|---|---|",
            *rows,
            "<!-- /contents -->",
        ]
    )


def navigation(path: Path) -> str:
    """The line that leads to the notebooks before and after this one."""
    order = paths()
    here = order.index(path)
    before = order[here - 1] if here else None
    after = order[here + 1] if here + 1 < len(order) else None
    links = [f"[< {title(read(before))}]({before.name})"] if before else []
    links += [f"[All notebooks]({order[0].name})"] if here else []
    links += [f"Next: [{title(read(after))}]({after.name})"] if after else []
    return f"{NAVIGATION}\n---\n{' | '.join(links)}"


def navigate() -> None:
    """Write navigation and contents into the notebooks."""
    for path in paths():
        notebook = read(path)
        notebook.cells[-1].source = navigation(path)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = CONTENTS.sub(lambda _: contents(), cell.source)
        write(path, notebook)


def same(one: object, other: object) -> bool:
    """Say whether two outputs differ in nothing but what differs from run to run."""
    return bool(leaves(one) == leaves(other))


def leaves(value: Any) -> Any:
    """A value with every text in it sanitized."""
    if isinstance(value, str):
        return sanitized(value)
    if isinstance(value, dict):
        return {name: leaves(item) for name, item in value.items()}
    return [leaves(item) for item in value] if isinstance(value, list) else value


def sanitized(text: str) -> str:
    """A text as nbval compares it."""
    for pattern, replacement in RULES.findall(SANITIZE.read_text(encoding="utf-8")):
        text = re.sub(pattern, replacement, text)
    return text


def stored(outputs: list[Any]) -> list[Any]:
    """Outputs as they are stored: a live widget leaves only its text, a result no forms.

    What "show me how" unfolds comes when the cell runs; stored, it would be half of a notebook.
    """
    for output in outputs:
        data = output.get("data", {})
        data.pop(WIDGET, None)
        if "text/html" in data:
            data["text/html"] = HOW.sub("", data["text/html"])
    return outputs


def is_ignored(cell: Any) -> bool:
    """Say whether nbval compares nothing here; such an output is renewed only when its cell
    changes.
    """
    return "nbval-ignore-output" in cell.metadata.get("tags", ())


def shown(output: Any) -> str:
    """An output's text."""
    return str(
        output.get("text") or output.get("data", {}).get("text/plain") or output.get("evalue", "")
    )


def execute(path: Path) -> float:
    """Run one notebook and store its outputs.

    Returns:
        Seconds it took.
    """
    before, notebook = read(path), read(path)
    begun = time.monotonic()
    folder = {"metadata": {"path": str(NOTEBOOKS)}}
    quiet = ["--log-level=ERROR"]
    try:
        NotebookClient(
            notebook, timeout=120, kernel_name="python3", resources=folder, extra_arguments=quiet
        ).execute()
    except CellExecutionError:
        for cell in code_cells(notebook):
            print(f"{cell.id}: {[shown(output) for output in cell.outputs]}")
        raise
    seconds = time.monotonic() - begun
    notebook.metadata = before.metadata
    for old, new in zip(code_cells(before), code_cells(notebook), strict=True):
        new.metadata.pop("execution", None)
        kept = same(old.outputs, stored(new.outputs)) or (
            old.outputs and is_ignored(new) and old.source == new.source
        )
        new.outputs = old.outputs if kept else new.outputs
    write(path, notebook)
    return seconds


def main() -> int:
    """Refresh all notebooks."""
    synchronise()
    navigate()
    with tempfile.TemporaryDirectory(
        prefix="chatkit-notebooks-", ignore_cleanup_errors=True
    ) as home:
        os.environ.update(CHATKIT_HOME=home, CHATKIT_SUFFIX=SUFFIX)
        try:
            for path in paths():
                print(f"{path.stem}  {execute(path):.1f} s", flush=True)
        finally:
            for server in (FUNCTIONS, PAGE):
                LocalServers(Path(home)).stop(server)
            subprocess.run(
                [sys.executable, "-m", "chatkit", "local", "down"], cwd=ROOT, check=False
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
