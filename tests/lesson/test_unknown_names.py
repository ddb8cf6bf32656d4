"""Names in a cell that are not there are one card: the nearest, or the cell that makes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatkit.chat.client.background_loop import BackgroundLoop
from chatkit.chat.panel.panel import ChatPanel
from chatkit.cli.lab_server import EXTENSION, KernelsWithCards
from chatkit.core.results import Result
from chatkit.core.settings import kit
from chatkit.lesson.mistakes import card_of
from chatkit.lesson.unknown_names import NOTEBOOK
from chatkit.workshop import Workshop
from tests.chat.stub_room import StubRoom

NEW = "Why: A kernel that was started anew knows nothing of what cells have made before."


def lines_of(code: str, **known: object) -> list[str]:
    """What the card of a cell says; empty without one."""
    try:
        exec(compile(code, "cell", "exec"), {"__name__": "__main__", **known})
    except Exception as error:
        card = card_of(error)
        return card.lines() if card else []
    raise AssertionError("The cell has raised nothing.")


@pytest.fixture
def in_notebook(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Be the kernel of one of the notebooks."""

    def be(number: str) -> None:
        path = next((kit() / "notebooks").glob(f"{number}-*.ipynb"))
        monkeypatch.setenv(NOTEBOOK, str(path))

    return be


@pytest.fixture
def panel(app: StubRoom, background: BackgroundLoop) -> Iterator[ChatPanel]:
    """Of alice."""
    opened = ChatPanel.open(app.url, ("alice",), background=background)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("code", "what", "remedy"),
    [
        ("Workshop.opn()", "The Workshop has no 'opn'.", "Workshop.open() is the nearest."),
        ("shown.azz()", "The shown has no 'azz'.", "shown.az() is the nearest."),
        ("print(shown.tex)", "The shown has no 'tex'.", "shown.text is the nearest."),
        ("[shown][0].quit()", "The shown has no 'quit'.", "Press Tab behind `shown.` for all"),
        ("Result('').rset()", "The result has no 'rset'.", "result.rest() is the nearest."),
    ],
)
def test_the_nearest_verb_is_named(code: str, what: str, remedy: str) -> None:
    """Of a class and of results, by what they are called in the cell."""
    shown = Result("done")
    lines = lines_of(code, Workshop=Workshop, Result=Result, shown=shown)
    assert lines[0] == f"NoSuchVerb: {what}" and lines[1].startswith(f"Do: {remedy}")


def test_the_nearest_verb_of_a_panel_is_named(panel: ChatPanel) -> None:
    """By the name that the cell has for it."""
    assert lines_of("mine.sya('alice', 'x')", mine=panel)[1] == "Do: mine.say() is the nearest."
    assert lines_of("mine.mesages('alice')", mine=panel)[1] == "Do: mine.messages() is the nearest."


@pytest.mark.parametrize("code", ["(1).foo", "'x'.foo", "shown._foo", "import os; os.foo", "foo"])
def test_what_is_not_the_kits_has_no_card(code: str) -> None:
    """Python's own words are for these."""
    assert lines_of(code, shown=Result("")) == []


def test_a_mistake_of_the_kits_own_has_no_card() -> None:
    """Where no cell has asked, nobody has mistyped anything."""

    def inside() -> None:
        Result("").foo  # type: ignore[attr-defined]  # noqa: B018

    assert lines_of("inside()", inside=inside) == []


@pytest.mark.parametrize(
    ("number", "code", "remedy"),
    [
        ("06", "workshop.check('06')", "Run the cell that begins with `%load_ext chatkit`,"),
        ("06", "workshop = 1; len(api)", "Run the cell that begins with `from chatkit import get,"),
        ("06", "panel.say('alice', 'x')", "In the menu Run choose Run All Above Selected Cell"),
        (
            "06",
            "workshop = 1; inspector.diagram()",
            "In the menu Run choose Run All Above Selected Cell",
        ),
        ("10", "def mine():\n  alice.name\nworkshop = 1; phone = 2; mine()", "Run the cell that"),
    ],
)
def test_a_new_kernel_is_told_which_cell_makes_a_name(
    in_notebook: Callable[[str], None], number: str, code: str, remedy: str
) -> None:
    """That one alone, where nothing else is missing for it."""
    in_notebook(number)
    what, why, do = lines_of(code)
    assert what.endswith("yet.") and why == NEW and do.startswith(f"Do: {remedy}")


def test_a_mistyped_name_gets_the_nearest_that_a_cell_makes(
    in_notebook: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And Python's own words where none is near, or nobody has told which notebook this is."""
    in_notebook("06")
    assert lines_of("worksop") == [
        "NameError: There is no 'worksop'.",
        "Do: workshop is the nearest.",
    ]
    assert lines_of("something_of_mine") == []
    for path in ("", str(tmp_path), str(tmp_path / "none.ipynb")):
        monkeypatch.setenv(NOTEBOOK, path)
        assert lines_of("workshop") == []


def test_lab_starts_kernels_that_show_cards() -> None:
    """Before any cell has run; a kernel of another program stays as it is."""
    argv = KernelsWithCards().get_kernel_spec("python3").argv
    assert argv[-1] == EXTENSION and argv.count(EXTENSION) == 1
