"""What the doctor shows: the same text each time, html that foreign text cannot break, nothing
secret; and nobody waits long.
"""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import Any

import pytest

from chatkit.lesson.doctor.preflight.finding import Finding
from chatkit.lesson.doctor.problems import PROBLEMS
from chatkit.lesson.doctor.report import HEALTHY, Diagnosis, Report, clean
from chatkit.lesson.doctor.snapshot.lookups import Lookups, Unknown, known

GOOD, BAD = Finding("Python", True, "3.12.1"), Finding("Disk", False, "5 MB free", "Free 600 MB.")
ONE = Diagnosis(PROBLEMS[0], "the function app allows the origin *")
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJ4In0.c2lnbmF0dXJl"


def shown(found: Report) -> str:
    """Everything of it that anybody sees."""
    return "\n".join(
        [*found.lines(), *found._repr_mimebundle_().values(), json.dumps(found.as_dict())]
    )


def test_when_all_is_well_one_line_says_so() -> None:
    """The checks are in the html, folded, and in the terminal."""
    found = Report((GOOD,), seconds=0.2)
    assert repr(found) == HEALTHY and found.ok
    assert found.lines() == ["ok  Python: 3.12.1", HEALTHY]
    assert "<details><summary>1 checks" in found._repr_mimebundle_()["text/html"]


def test_what_is_wrong_comes_with_what_to_do() -> None:
    """A failed check with its hint.

    A problem with what was seen, cause, fix and where others met it.
    """
    found = Report((GOOD, BAD), (ONE,))
    assert repr(found).splitlines()[:4] == [
        "NO  Disk: 5 MB free",
        "     Free 600 MB.",
        "NO  Problem 1: The wildcard * with credentials",
        "     seen:  the function app allows the origin *",
    ]
    assert "fix:   Name the page's exact origin" in repr(found) and not found.ok
    assert (
        "https://github.com/dotnet/aspnetcore/issues/20568"
        in found._repr_mimebundle_()["text/html"]
    )


def test_json_says_the_same() -> None:
    """For scripts: stable keys."""
    value = Report((BAD,), (ONE,)).as_dict()
    assert (
        set(value) == {"ok", "checks", "problems", "unanswered", "advice"} and value["ok"] is False
    )
    assert value["checks"] == [
        {"what": "Disk", "ok": False, "found": "5 MB free", "hint": "Free 600 MB."}
    ]
    assert {"number", "title", "seen", "matches_symptom", "cause", "fix", "links"} == set(
        value["problems"][0]
    )


def test_foreign_text_stays_text() -> None:
    """An origin that somebody wrote into a setting is no markup."""
    evil = "<script>alert('alice')</script>"
    found = Report((replace(BAD, found=evil),), (replace(ONE, seen=evil),), unanswered=(evil,))
    assert "<script" not in found._repr_mimebundle_()["text/html"]


@pytest.mark.parametrize(
    "secret",
    [
        "Endpoint=http://localhost;AccessKey=AbCdEf012345==;Version=1.0;",
        "AccountName=a;AccountKey=AbCdEf012345==;EndpointSuffix=core.windows.net",
        "https://a.blob.core.windows.net/x?sv=2022-11-02&sig=AbCdEf012345%3D",
        "https://a.example/api/x?code=AbCdEf012345==",
        "https://alice:AbCdEf012345@proxy.example:3128",
        f"Bearer {TOKEN}",
    ],
)
def test_a_secret_in_what_was_seen_is_not_shown(secret: str) -> None:
    """A second guard: probes do not say such things in the first place."""
    found = Report((replace(BAD, found=secret),), (replace(ONE, seen=secret),))
    assert "AbCdEf012345" not in shown(found) and TOKEN not in shown(found)
    assert clean("nothing secret") == "nothing secret"


def test_nobody_waits_for_what_never_answers() -> None:
    """It is not known, and listed; what has answered is known."""
    lookups, never = Lookups(0.05), threading.Event()
    slow, quick = lookups.ask("slow", never.wait), lookups.ask("quick", lambda: 7)
    assert known(slow) is None and known(quick) == 7
    assert lookups.unanswered() == ["slow"]
    never.set()


def test_what_fails_in_a_foreseen_way_is_just_not_known() -> None:
    """A mistake of the doctor's own is listed: it must not look like health."""
    lookups = Lookups(1.0)

    def fails(error: Exception) -> Any:
        raise error

    assert known(lookups.ask("network", lambda: fails(OSError()))) is None
    assert known(lookups.ask("bug", lambda: fails(TypeError()))) is None
    assert lookups.unanswered() == ["bug (TypeError)"]


def test_each_thing_is_looked_up_once() -> None:
    """Two probes that need the same answer cause one request."""
    lookups, count = Lookups(1.0), []
    for _ in range(3):
        lookups.ask("site", lambda: count.append(1))()
    with pytest.raises(Unknown, match="missing: KeyError"):
        lookups.ask("missing", lambda: dict[str, str]()["x"])()
    assert len(count) == 1
