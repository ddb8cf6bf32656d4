"""Attempts in a class: to be somebody else on its board, to read names, to fill it."""

from __future__ import annotations

from typing import Any

from tests.attacks.group import Group

HTML = "<img src=x onerror=alert(1)>"

# What is sent in the place of a join code; {own} is a person's code.
CODES: dict[str, str] = {
    "no code": "",
    "a code of nobody": "0000-0000-0000",
    "a code with one letter less": "{own_but_one}",
    "a number of a person": "p01",
    "the fingerprint of a code": "{fingerprint}",
    "a code behind a line feed": "p01\t{own}",
    "a code of 10,000 letters": "A" * 10_000,
}

# What a result has that it should not have.
BODIES: dict[str, dict[str, Any]] = {
    "somebody else's number in a result": {"person": "p01"},
    "a name in a result": {"name": "bob"},
    "markup as the kind of an error": {"error": HTML},
    "markup as a section": {"section": HTML},
    "markup as an id": {"id": HTML},
    "a path as an id": {"id": "../../people.json"},
    "code beside a result": {"source": "def answer(): ..."},
    "a time in the future": {"ago": -3600},
    "seconds without end": {"seconds": 1e308},
    "a result that is a list": {"passed": [True]},
}

# What a person's code is used for that is for the instructor: method, path, body.
OTHERS_PATHS: dict[str, tuple[str, str, dict[str, Any] | None]] = {
    "results of everybody": ("GET", "results", None),
    "somebody else's hand": ("POST", "hands", {"person": "p01"}),
}

# What is shown to the page's server in the place of a proof.
PROOFS: dict[str, str] = {
    "nothing": "",
    "a person's join code": "{code}",
    "the token of the screen": "{screen}",
    "the token of the board's functions": "{functions}",
    "the token of the page, without a proof": "{page}",
    "a proof for another run": "{other_run}",
}

REPLAYS = ("the same events again", "a known id with another result", "an id of somebody else")
FLOODS = ("more events than a person can have", "a body without end", "50,000 events at once")

_FILE = "test_board_attacks.py"
GROUPS = (
    Group(
        "Join codes of others, to a class's board",
        _FILE,
        "test_another_code_reports_nothing",
        (*CODES,),
    ),
    Group(
        "Results with more in them, to a class's board",
        _FILE,
        "test_a_forged_result_is_refused_whole",
        (*BODIES,),
    ),
    Group(
        "A person's code for what is the instructor's",
        _FILE,
        "test_a_persons_code_opens_nothing_else",
        (*OTHERS_PATHS,),
    ),
    Group(
        "Names of a class, from its board's page",
        _FILE,
        "test_names_need_a_proof_of_the_token",
        (*PROOFS,),
    ),
    Group("Results again, to a class's board", _FILE, "test_a_replay_changes_nothing", REPLAYS),
    Group("Results without end", _FILE, "test_a_flood_ends", FLOODS),
)
