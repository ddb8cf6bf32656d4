"""What the doctor shows: the same text each time, html that foreign text cannot break, nothing
secret; and nobody waits long.
"""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import Any

import pytest

from chatkit.knowledge.problems import problem
from chatkit.lesson.doctor.preflight.finding import Finding
from chatkit.lesson.doctor.report import HEALTHY, NOT_KNOWN, Diagnosis, Report, clean
from chatkit.lesson.doctor.snapshot.lookups import Lookups, NotThere, Unknown, known

GOOD, BAD = Finding("Python", True, "3.12.1"), Finding("Disk", False, "5 MB free", "Free 600 MB.")
ONE = Diagnosis(problem("wildcard-with-credentials"), "the function app allows the origin *")
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJ4In0.c2lnbmF0dXJl"


def shown(found: Report) -> str:
    """Everything of it that anybody sees."""
    return "\n".join(
        [*found.lines(), *found._repr_mimebundle_().values(), json.dumps(found.as_dict())]
    )


def test_when_all_is_well_one_line_says_so() -> None:
    """The checks are in the html, folded, and in the terminal."""
    found = Report((GOOD,), seconds=0.2)
    assert repr(found) == HEALTHY and found.ok is True
    assert found.lines() == [HEALTHY, "", "Looked at, and in order: Python (3.12.1)."]
    assert "<details><summary>1 checks" in found._repr_mimebundle_()["text/html"]


def test_what_is_wrong_comes_with_what_to_do() -> None:
    """The answer first: a problem with what was seen, cause and fix, and a failed check with its
    hint; where others met it is in the html.
    """
    found = Report((GOOD, BAD), (ONE,))
    lines = repr(found).splitlines()
    assert lines[:2] == [
        "NO  CORS does not allow credentials",
        "     seen:  the function app allows the origin *",
    ]
    assert lines[-2:] == ["NO  Disk: 5 MB free", "     Free 600 MB."]
    assert "fix:   Name the page's exact origin" in repr(found) and found.ok is False
    assert (
        "https://github.com/dotnet/aspnetcore/issues/20568"
        in found._repr_mimebundle_()["text/html"]
    )


def test_json_says_the_same() -> None:
    """For scripts: stable keys."""
    value = Report((BAD,), (ONE,)).as_dict()
    assert set(value) == {"ok", "problems", "unknown", "others", "checks", "advice", "memory"}
    assert value["ok"] is False and value["unknown"] == [] and value["others"] == []
    assert value["checks"] == [
        {"what": "Disk", "ok": False, "found": "5 MB free", "hint": "Free 600 MB."}
    ]
    assert [set(one) for one in value["problems"]] == [
        {"title", "cause", "fix", "seen", "links"}
    ] * 2
    assert [one["title"] for one in value["problems"]] == [
        ONE.problem.title,
        "Disk: 5 MB free",
    ]


def test_what_is_not_known_is_no_good_news() -> None:
    """It has a line of its own, and nobody says that nothing is wrong."""
    lost = replace(GOOD, what="Rights", ok=None, found="not known")
    found = Report((GOOD, lost), unknown=("the region: no answer in time",))
    assert found.ok is None and HEALTHY not in shown(found)
    assert repr(found).splitlines() == [
        NOT_KNOWN,
        "??  Rights: not known",
        "??  the region: no answer in time",
    ]
    assert found.as_dict()["unknown"] == ["Rights: not known", "the region: no answer in time"]
    assert replace(found, problems=(ONE,)).ok is False


def test_with_a_pasted_text_the_problems_are_those_it_may_be() -> None:
    """What is wrong besides stands beside them; without any, the list is empty."""
    said = replace(ONE, matches_symptom=True)
    value = Report((BAD,), (said,), symptom=True).as_dict()
    assert [one["title"] for one in value["problems"]] == [ONE.problem.title]
    assert [one["title"] for one in value["others"]] == ["Disk: 5 MB free"]
    other = Report((GOOD,), (ONE,), symptom=True).as_dict()
    assert other["problems"] == [] and other["advice"] and other["ok"] is False


def test_foreign_text_stays_text() -> None:
    """An origin that somebody wrote into a setting is no markup."""
    evil = "<script>alert('alice')</script>"
    found = Report((replace(BAD, found=evil),), (replace(ONE, seen=evil),), unknown=(evil,))
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


def test_what_an_exception_says_moves_no_cursor() -> None:
    """Its text is anybody's."""
    assert clean("a\x1b[31mb\nc") == "a\\u001b[31mb\nc"


def test_nobody_waits_for_what_never_answers() -> None:
    """It is not known, and listed; what has answered is known."""
    lookups, never = Lookups(0.05), threading.Event()
    slow, quick = lookups.ask("slow", never.wait), lookups.ask("quick", lambda: 7)
    assert known(slow) is None and known(quick) == 7
    assert lookups.unanswered() == ["slow: no answer in time"]
    never.set()


def test_what_fails_is_not_known_and_what_is_not_made_is_no_matter() -> None:
    """A mistake of the doctor's own is listed, too: it must not look like health. What only stands
    on another thing that has no answer is not.
    """
    lookups = Lookups(1.0)

    def fails(error: Exception) -> Any:
        raise error

    network = lookups.ask("network", lambda: fails(OSError()))
    assert known(network) is None
    assert known(lookups.ask("bug", lambda: fails(TypeError()))) is None
    assert known(lookups.ask("page", lambda: fails(NotThere("not yet")))) is None
    assert known(lookups.ask("site", network)) is None
    assert lookups.unanswered() == [
        "network: no answer (OSError)",
        "bug: the doctor's own mistake (TypeError)",
    ]


def test_each_thing_is_looked_up_once() -> None:
    """Two probes that need the same answer cause one request."""
    lookups, count = Lookups(1.0), []
    for _ in range(3):
        lookups.ask("site", lambda: count.append(1))()
    with pytest.raises(Unknown, match="missing: KeyError"):
        lookups.ask("missing", lambda: dict[str, str]()["x"])()
    assert len(count) == 1
