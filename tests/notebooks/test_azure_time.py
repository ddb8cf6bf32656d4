"""The whole tutorial on a local cloud that knows changes late, as Azure does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatkit.cloud import local_cloud
from chatkit.lesson.notebooks.execution import execute
from chatkit.lesson.sections import TUTORIAL
from chatkit.workshop import Workshop
from tests.homes import switch_off
from tests.notebooks.refresh import NOTEBOOKS, read

pytestmark = [pytest.mark.slow, pytest.mark.long]
SCALE = 0.03  # ten minutes until a role counts become 18 seconds
PAUSES = ("sleep(", "time.sleep", "asyncio.sleep")


@pytest.fixture
def late_cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home whose local cloud is in the mode "azure"."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("CHATKIT_HOME", str(home))
    local_cloud.start(home / "local")
    yield home
    switch_off(Workshop.open())


@pytest.mark.parametrize("seed", [1, 2])
def test_every_notebook_passes_where_changes_are_known_late(late_cloud: Path, seed: int) -> None:
    """With its checks; the verbs wait for what they need, and no cell has a pause for it."""
    order = {"mode": "azure", "scale": SCALE, "seed": seed}
    local_cloud.ask("PUT", "/time", order, where=late_cloud / "local")
    for path in TUTORIAL.notebooks(NOTEBOOKS).values():
        notebook = read(path)
        for cell in notebook.cells:
            assert cell.cell_type != "code" or not any(word in cell.source for word in PAUSES)
        execute(notebook, path.name, path.parent, done=lambda _cell: None)
    assert local_cloud.ask("GET", "/time", where=late_cloud / "local")["mode"] == "azure"
