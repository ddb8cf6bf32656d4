"""The kernel in which `chatkit run` and catching up run the cells."""

from __future__ import annotations

from pathlib import Path

import pytest
from nbformat import v4

from chatkit.lesson.notebooks.execution import execute

CELL = """\
import json
from pathlib import Path
from ipykernel import get_connection_file
"curve_secretkey" in json.loads(Path(get_connection_file()).read_text())
"""


def test_nobody_else_reads_what_a_cell_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All users of a machine reach a kernel's ports: what it sends there is encrypted."""
    monkeypatch.setenv("CHATKIT_HOME", str(tmp_path / "home"))
    content = v4.new_notebook(cells=[v4.new_code_cell(CELL)])  # type: ignore[no-untyped-call]
    execute(content, "a", tmp_path, done=lambda _cell: None)
    assert content.cells[0].outputs[0]["data"]["text/plain"] == "True"
