"""A run sheet, made of notebooks that were executed."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from chatkit.core.errors import NoSuchChoice, NotStarted
from chatkit.core.settings import kit
from chatkit.lesson import sections
from chatkit.lesson.notebooks import run_sheet

TEXT = """# A title

Read me not.

## Ask it

Oh. Now **ask** the `function`, as [we](x) do: a <b>."""


def executed(folder: Path, number: str, seconds: float | None, *, code: str = "ask()") -> None:
    """Keep an executed copy of a notebook of two cells."""
    cell = nbformat.v4.new_code_cell(code)  # type: ignore[no-untyped-call]
    if seconds is not None:
        cell.metadata["execution"] = {
            run_sheet.BEGAN: "2026-11-29T10:00:00.000000Z",
            run_sheet.ENDED: f"2026-11-29T10:00:{seconds:09.6f}Z",
        }
    text = nbformat.v4.new_markdown_cell(TEXT)  # type: ignore[no-untyped-call]
    content = nbformat.v4.new_notebook(cells=[text, cell])  # type: ignore[no-untyped-call]
    content.metadata[run_sheet.NOTE] = {"target": "local", "time": "instant"}
    folder.mkdir(exist_ok=True)
    path = folder / f"{number}-x.ipynb"
    path.write_text(nbformat.writes(content), encoding="utf-8")  # type: ignore[no-untyped-call]


def test_a_sheet_has_seconds_words_and_what_helps(tmp_path: Path) -> None:
    """Cells follow one another over the notebooks; the clock counts waiting alone."""
    executed(tmp_path, "04", 2.5)
    executed(tmp_path, "10", 3.0, code="a | `b`\n")
    sheet = run_sheet.read(tmp_path)
    four, ten = sheet.parts
    assert (four.title, four.lines[0].seconds) == ("A title", 2.5)
    assert four.lines[0].say == "Now ask the function, as we do: a <b>."
    assert four.helps == "`chatkit catch-up 05`, and go on with notebook 05"
    assert "chatkit catch-up 10" in ten.helps
    assert ten.lines[0].at_s == 2.5
    assert sheet.seconds == 5.5
    assert "Measured on 2026-11-29 on this machine, target local, time instant." in sheet.measured
    shown = run_sheet.markdown(sheet)
    assert "| 0:00 | 2 s | `ask()` | Now ask the function, as we do: a <b>. |" in shown
    assert "a \\| 'b'" in shown
    page = run_sheet.html(sheet)
    assert "@page" in page and "<code>chatkit catch-up 05</code>" in page
    assert "a &lt;b&gt;." in page


def test_what_was_not_run_is_left_out(tmp_path: Path) -> None:
    """A copy without times tells nothing."""
    with pytest.raises(NotStarted, match="chatkit run"):
        run_sheet.read(tmp_path)
    executed(tmp_path, "04", None)
    executed(tmp_path, "05", 0.2)
    assert [part.number for part in run_sheet.read(tmp_path).parts] == ["05"]
    with pytest.raises(NotStarted):
        run_sheet.read(tmp_path, ["4"])
    with pytest.raises(NoSuchChoice):
        run_sheet.read(tmp_path, ["44"])
    assert run_sheet.took(0.2) == "<1 s"
    assert run_sheet.clock(61) == "1:01"


def test_every_notebook_has_something_to_say() -> None:
    """The first sentence of a cell's own text, and never a mark of Markdown."""
    for path in sections.TUTORIAL.notebooks(kit() / "notebooks").values():
        content = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        said = [
            run_sheet.sentence(cell.source)
            for cell in content.cells
            if cell.cell_type == "markdown"
        ]
        assert all(said), path.name
        assert not [one for one in said if "**" in one or "`" in one or "](" in one]
