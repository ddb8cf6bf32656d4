"""What the kit shows is shown by every front end, VS Code's among them: common mime types, core
widgets, no code of its own.

VS Code brings the core widgets along; for others it asks a CDN, which a workshop without internet
cannot reach.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ipywidgets.embed import dependency_state

from chatkit.chat.client.background_loop import BackgroundLoop
from chatkit.chat.panel.panel import ChatPanel
from tests.chat.fixtures import app, background
from tests.chat.stub_room import StubRoom
from tests.notebooks.refresh import code_cells, paths, read

__all__ = ["app", "background"]
TEXT, MERMAID = "text/plain", "text/vnd.mermaid"
WIDGET = "application/vnd.jupyter.widget-view+json"
SHOWN = {TEXT, "text/html", "image/png", "image/svg+xml", MERMAID, WIDGET}
CORE = {"@jupyter-widgets/base", "@jupyter-widgets/controls", "@jupyter-widgets/output"}


@pytest.fixture
def panel(app: StubRoom, background: BackgroundLoop) -> Iterator[ChatPanel]:
    """Alice and bob, connected, after a message; the inspector is open and has drawn."""
    opened = ChatPanel.open(app.url, ("alice", "bob"), background=background)
    opened.inspector()
    opened.say("alice", "hello")
    opened.inspector()._draw()
    yield opened
    opened.close()


@pytest.mark.parametrize("name", [path.name for path in paths()])
def test_stored_outputs_are_of_kinds_that_all_show(name: str) -> None:
    """Each has a plain text to fall back to, and nothing in it runs."""
    notebook = next(read(path) for path in paths() if path.name == name)
    bundles = [
        output.data for cell in code_cells(notebook) for output in cell.outputs if "data" in output
    ]
    assert bundles
    for bundle in bundles:
        assert_shown(bundle)


def test_what_a_cell_ends_on_is_of_kinds_that_all_show(panel: ChatPanel) -> None:
    """The live panel, its inspector and its diagram."""
    inspector = panel.inspector()
    for shown in (panel, inspector, inspector.diagram(), panel.say("bob", "hello")):
        assert_shown(shown._repr_mimebundle_())


def test_live_widgets_are_core_widgets(panel: ChatPanel) -> None:
    """Models and views, in every corner: no front-end code of the kit's own, nothing to fetch."""
    models = dependency_state([panel.widget, panel.inspector().widget]).values()
    modules = {(model["model_module"], model["state"].get("_view_module")) for model in models}
    assert len(models) > 20
    assert {module for pair in modules for module in pair if module} <= CORE
    assert not [model for model in models if "_esm" in model["state"] or "_css" in model["state"]]


def test_what_the_inspector_draws_is_of_kinds_that_all_show(panel: ChatPanel) -> None:
    """The output inside its widget, too."""
    models = dependency_state([panel.inspector().widget]).values()
    drawn = [output for model in models for output in model["state"].get("outputs", ())]
    assert [set(output["data"]) for output in drawn] == [{MERMAID, TEXT}]


def assert_shown(bundle: dict[str, Any]) -> None:
    """Fail unless the kinds are common ones, with a plain text and without script."""
    assert set(bundle) <= SHOWN and bundle[TEXT]
    html = "".join(bundle.get("text/html", ""))
    assert "<script" not in html and "javascript:" not in html
