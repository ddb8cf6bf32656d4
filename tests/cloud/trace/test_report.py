"""The report that somebody sends: neither a secret nor a name, wherever one was planted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit.cloud.trace import record
from chatkit.cloud.trace.record import Record
from chatkit.cloud.trace.renaming import Renaming
from chatkit.cloud.trace.report import of
from tests.cloud.trace.planted import ACCOUNT_KEY, PLANTED

SUBSCRIPTION = "0aa0aaa0-0000-4000-8000-00000000000a"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
SIGNALR_OWNER = "7e4f1700-ea5a-4f59-8f37-079cfe29dce3"
MANAGER = "https://management.azure.com"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/chatkit-abc123"
NAMES = {
    "chatkit-abc123-api": "app",
    "chatkitabc123": "account",
    "chatkit-abc123": "group",
    "abc123": "suffix",
}
ABOUT = {"target": "azure"}
# Names of people, things and machines that nobody has told the kit.
NAMED = (
    SUBSCRIPTION,
    "alice@contoso.com",
    "live.com#bob@outlook.com",
    "contoso.onmicrosoft.com",
    "chatkit-abc123",
    "chatkitabc123",
    "older-group",
    "203.0.113.7",
    "secrets-of-carol.azurewebsites.net",
)


def entry(**fields: Any) -> dict[str, Any]:
    """A request as it is noted."""
    known = {
        "at": 1.0,
        "target": "azure",
        "step": "Creating the function app",
        "operation": "WebAppsOperations.get",
        "method": "GET",
        "url": f"{MANAGER}{GROUP}/providers/Microsoft.Web/sites/chatkit-abc123-api?api-version=1",
        "status": 200,
        "seconds": 0.5,
    }
    return {**known, **fields}


def report(home: Path, *entries: dict[str, Any]) -> str:
    """The report of some requests."""
    for one in entries:
        Record(home, "azure").note(one)
    packed = of(record.read(home, "azure"), NAMES, ABOUT)
    return packed.text() + "\n".join(packed.summary())


@pytest.mark.parametrize("what", PLANTED)
@pytest.mark.parametrize(
    "field", ["step", "operation", "method", "url", "code", "message", "failure", "unknown"]
)
def test_a_secret_in_a_field_is_in_no_report(what: str, field: str, home: Path) -> None:
    """Whoever has written it into the record."""
    text, secret = PLANTED[what]
    assert secret not in report(home, entry(**{field: text}))


@pytest.mark.parametrize("what", PLANTED)
@pytest.mark.parametrize("field", ["body", "headers", "answer", "states"])
def test_a_secret_in_a_document_is_in_no_report(what: str, field: str, home: Path) -> None:
    """As a name, as a value, in a list, deep."""
    text, secret = PLANTED[what]
    document = {text: {"list": [text, {"deep": {text: text}}]}, "value": text}
    packed = report(home, entry(**{field: document}))
    assert secret not in packed and json.dumps(secret)[1:-1] not in packed


@pytest.mark.parametrize("name", NAMED)
def test_a_name_is_in_no_report(name: str, home: Path) -> None:
    """In addresses, documents and in what services say."""
    url = f"{MANAGER}/subscriptions/{SUBSCRIPTION}/resourceGroups/older-group/x?api-version=1"
    said = f"The client '{name}' with object id '{name}' may not do it on {name}."
    packed = report(
        home,
        entry(url=url, message=said),
        entry(body={"tags": {name: name}}, headers={"location": f"https://{name}/x"}),
    )
    assert name not in packed and name.upper() not in packed


@pytest.mark.parametrize("name", ["alice", "Alice", "Alice Smith", "AliceSmith", "älice"])
def test_what_a_service_quotes_is_a_name(name: str, home: Path) -> None:
    """A person's, for all that is known."""
    assert name not in report(home, entry(message=f"The client '{name}' may not do it."))


def test_a_mail_address_in_an_address_is_in_no_report(home: Path) -> None:
    """Written as addresses have it, in a path and in a query."""
    url = (
        "https://graph.microsoft.com/v1.0/users/alice%40contoso.com?$filter=mail+eq+bob@contoso.com"
    )
    assert "contoso" not in report(home, entry(url=url, body={"x": "carol%40contoso.com"}))


def test_a_group_that_only_a_message_names_is_in_no_report(home: Path) -> None:
    """The one before it, too."""
    said = f"Not at /subscriptions/{SUBSCRIPTION}/resourceGroups/pay-roll/providers/A.B/sites/hr-1."
    packed = report(home, entry(message="pay-roll is deleted"), entry(message=said))
    assert "pay-roll" not in packed and "hr-1" not in packed


def test_the_same_thing_has_the_same_name_everywhere(home: Path) -> None:
    """An id that comes back can be followed."""
    other = SUBSCRIPTION.replace("a", "b")
    packed = report(
        home,
        entry(body={"id": other, "subscription": SUBSCRIPTION.upper()}),
        entry(method="PUT", message=f"No {other} in {SUBSCRIPTION}."),
    )
    calls = json.loads(packed[: packed.rindex("}\n") + 1])["calls"]
    first, second = calls
    assert first["body"]["id"] in second["message"]
    assert first["body"]["subscription"] in second["message"]
    assert first["body"]["id"] != first["body"]["subscription"]


def test_what_is_the_same_everywhere_stays(home: Path) -> None:
    """Roles, api-versions, types, states, codes."""
    packed = report(
        home,
        entry(
            url=f"{MANAGER}{GROUP}/providers/Microsoft.Authorization/roleDefinitions/"
            f"{SIGNALR_OWNER}?api-version=2022-04-01",
            status=409,
            code="MissingSubscriptionRegistration",
            message="The subscription is not registered to use namespace 'Microsoft.Web'.",
            states={"provisioningState": "Succeeded"},
        ),
    )
    for kept in (
        SIGNALR_OWNER,
        "2022-04-01",
        "MissingSubscriptionRegistration",
        "'Microsoft.Web'",
        "Succeeded",
        "management.azure.com",
    ):
        assert kept in packed, kept


def test_requests_that_were_answered_alike_are_one(home: Path) -> None:
    """With how often, and how long each took."""
    packed = report(home, entry(seconds=0.5), entry(seconds=0.7), entry(status=503))
    calls = json.loads(packed[: packed.rindex("}\n") + 1])["calls"]
    assert [(call["times"], call["seconds"]) for call in calls] == [(2, [0.5, 0.7]), (1, [0.5])]


def test_the_summary_names_hosts_failures_and_what_was_replaced(home: Path) -> None:
    """Before anything is written."""
    Record(home, "azure").note(entry(status=409, code="Conflict"))
    packed = of(record.read(home, "azure"), NAMES, ABOUT)
    text = "\n".join(packed.summary())
    assert "management.azure.com" in text and ": 409 Conflict" in text
    assert "1 request to the target azure, 1 different." in text and "1 app" in text, text


def test_a_name_within_a_longer_word_is_in_no_report(home: Path) -> None:
    """As in the names of other things that were made of it."""
    assert "abc123" not in report(home, entry(message="No chatkitabc123old, no CHATKIT-ABC123X."))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*entry(), "body", "headers", "states", "x"]), VALUES))
def test_any_record_can_be_packed(damaged: dict[str, Any]) -> None:
    """Also one that somebody has edited."""
    packed = of([damaged], NAMES, ABOUT)  # type: ignore[list-item]
    assert json.loads(packed.text())["calls"]
    assert [*packed.summary()]


@given(st.text(max_size=80), st.text(max_size=80))
def test_a_name_and_a_key_are_in_no_text(before: str, behind: str) -> None:
    """Whatever stands around them, as long as they are words of their own."""
    renaming = Renaming({"chatkit-abc123": "group"})
    found = renaming.message(f"{before} chatkit-abc123 {ACCOUNT_KEY} alice@contoso.com {behind}")
    for one in ("chatkit-abc123", ACCOUNT_KEY, "alice@contoso.com"):
        assert one not in found
