"""Every verb, and every option of every verb, mistyped: 2, and the nearest there is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from chatkit.cli.app import app
from chatkit.cli.auth import _parser as auth_parser
from chatkit.cli.func_start import _parser as func_parser
from chatkit.cloud import local_cloud
from tests.cli.typing_verbs import Chatkit

# Their other arguments are az's and pytest's.
OTHERS = ("az", "test")
# Some verbs read their arguments themselves.
PARSERS: dict[str, Any] = {"auth": auth_parser, "func start": func_parser}


def verbs(command: Any, *names: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with its names, groups included."""
    if names:
        yield names, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from verbs(inner, *names, name)


VERBS = [*verbs(typer.main.get_command(app))]


def options(names: tuple[str, ...], command: Any) -> list[str]:
    """The long names of a verb's options."""
    verb = " ".join(names)
    if verb in PARSERS:
        return [one for one in PARSERS[verb]()._option_string_actions if one.startswith("--")]
    if verb in OTHERS:
        return []
    return [one for each in command.params for one in each.opts if one.startswith("--")]


@pytest.mark.parametrize("names", [names for names, _ in VERBS], ids=" ".join)
def test_a_mistyped_verb_names_the_nearest(chatkit: Chatkit, names: tuple[str, ...]) -> None:
    """One letter too many; nothing is started for it."""
    *group, last = names
    typed = chatkit(*group, f"{last}x")
    assert (typed.code, typed.out, typed.err.count("\n")) == (2, "", 1)
    assert f"Did you mean '{last}'" in typed.err
    assert not local_cloud.running(local_cloud.folder())


@pytest.mark.parametrize(
    ("names", "option"),
    [(names, option) for names, command in VERBS for option in options(names, command)],
    ids=lambda one: " ".join(one) if isinstance(one, tuple) else one,
)
def test_a_mistyped_option_names_the_nearest(
    chatkit: Chatkit, names: tuple[str, ...], option: str
) -> None:
    """Without its hyphens, or with one letter too many, also with a value."""
    for wrong in {f"--{option.replace('-', '')}", f"{option}x", f"{option}x=1"} - {option}:
        typed = chatkit(*names, wrong)
        assert (typed.code, typed.out, typed.err.count("\n")) == (2, "", 1), typed
        assert f"Did you mean '{option}'?" in typed.err


@pytest.mark.parametrize("arguments", ["local time recrded", "run --until 1x", "logs --where x"])
def test_a_mistyped_word_is_bad_usage(chatkit: Chatkit, arguments: str) -> None:
    """All there are are listed."""
    typed = chatkit(*arguments.split())
    assert typed.code == 2 and "There is no" in typed.err


def test_a_mistyped_drill_names_the_nearest(
    chatkit: Chatkit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which there are, only the local cloud knows."""
    monkeypatch.setattr(local_cloud, "ask", lambda *_: {"kinds": {"role-delay": "x"}})
    typed = chatkit("local", "fault", "role-dely")
    assert typed.code == 2 and "the nearest is role-delay" in typed.err
