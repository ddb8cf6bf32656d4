"""A mistyped verb of the workshop is one card that names the nearest."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from chatkit.core.errors import NoSuchVerb
from chatkit.lesson.mistakes import NamesNearest, card_of
from chatkit.workshop import Workshop


class Session:
    """A session without a home."""

    settings = None


@pytest.fixture
def workshop() -> Any:
    """A workshop that nothing was asked of."""
    session: Any = Session()
    return Workshop(session)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("creat_signalr", "workshop.create_signalr() is the nearest."),
        ("chek", "workshop.check() is the nearest."),
        ("catchup", "workshop.catch_up() is the nearest."),
        ("open_panel", "workshop.chat_panel() is the nearest."),
        ("web_ulr", "workshop.web_url is the nearest."),
        ("quit_everything", "Press Tab behind `workshop.` for all there are."),
    ],
)
def test_the_nearest_is_named_on_a_card(workshop: Any, wrong: str, right: str) -> None:
    """With brackets, where it is called."""
    with pytest.raises(NoSuchVerb) as caught:
        getattr(workshop, wrong)("05")
    card = card_of(caught.value)
    assert card is not None
    what = f"NoSuchVerb: The workshop has no '{wrong}'."
    assert card.lines() == [what, f"Do: {right}"]


@pytest.mark.parametrize(
    ("call", "what", "remedy"),
    [
        ("allow_page('mine')", "allow_page() takes 1", "workshop.allow_page()."),
        ("check()", "check() missing 1 required", "workshop.check(section)."),
        ("chat_panel(size=3)", "chat_panel() got an unexpected", "workshop.chat_panel("),
        ("__class__()", "Workshop() missing 1", "Workshop.open() opens one."),
    ],
)
def test_a_verb_with_other_arguments_says_how_it_is_called(
    workshop: Any, call: str, what: str, remedy: str
) -> None:
    """On a card, too."""
    with pytest.raises(TypeError) as caught:
        eval(f"workshop.{call}")
    card = card_of(caught.value)
    assert card is not None and card.what.startswith(what) and remedy in card.remedy


def test_other_type_errors_have_no_card() -> None:
    """They are the learner's own."""
    for text in ("unsupported operand type(s) for +: 'NoneType' and 'str'", "C.f() takes 1"):
        assert card_of(TypeError(text)) is None


def test_python_meets_an_attribute_error(workshop: Any) -> None:
    """For hasattr, getattr with a default, copy and pickle."""
    assert not hasattr(workshop, "creat_signalr") and getattr(workshop, "chek", 1) == 1
    assert not hasattr(workshop, "_repr_html_")
    assert isinstance(copy.copy(workshop).session, Session)
    assert isinstance(copy.deepcopy(workshop).session, Session)
    assert isinstance(pickle.loads(pickle.dumps(workshop)).session, Session)
    assert "create_signalr" in dir(workshop)


def test_a_property_that_fails_by_itself_says_why() -> None:
    """Its own error is not taken for a missing verb."""

    class Broken(NamesNearest):
        @property
        def address(self) -> object:
            nothing: Any = None
            return nothing.url

    with pytest.raises(AttributeError, match="'NoneType' object has no attribute 'url'"):
        _ = Broken().address
