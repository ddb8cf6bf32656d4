"""What is noted of requests: enough to compare with Azure, and no secret wherever one stands."""

from __future__ import annotations

import json
import stat
import string
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import AzureError
from hypothesis import given
from hypothesis import strategies as st

from chatkit.cloud.connection import Cloud
from chatkit.cloud.trace import record
from chatkit.cloud.trace.entry import answered, sent, shape
from chatkit.cloud.trace.record import BEFORE, FILE, Record
from chatkit.cloud.trace.scrubbing import scrub, scrub_url
from tests.cloud.fake_azure import FakeAzure
from tests.cloud.trace.planted import ACCOUNT_KEY, PLANTED

PLAIN = (
    "/subscriptions/0aa0aaa0-0000-4000-8000-00000000000a/resourceGroups/chatkit-abc123",
    "Microsoft.SignalRService/SignalR/write",
    "chatkit-abc123-api.scm.azurewebsites.net",
    "The resource group 'chatkit-abc123' could not be found.",
    "AzureADTokenExchange",
    "2026-11-29T15:00:00.0000000Z",
)


@pytest.fixture
def noted(cloud: Cloud, home: Path) -> Cloud:
    """A cloud whose requests are noted in that home."""
    return replace(cloud, record=Record(home, "azure"))


def line(home: Path) -> str:
    """Everything that was noted."""
    return (home / FILE).read_text(encoding="utf-8")


@pytest.mark.parametrize("what", PLANTED)
def test_a_secret_is_taken_out_of_a_text(what: str) -> None:
    """With something before it and behind it."""
    text, secret = PLANTED[what]
    assert secret not in scrub(f"It was '{text}', said alice.")


@pytest.mark.parametrize("text", PLAIN)
def test_names_ids_and_sentences_stay(text: str) -> None:
    """A report without them says nothing."""
    assert scrub(text) == text


@pytest.mark.parametrize("what", PLANTED)
def test_no_secret_is_noted_wherever_it_is_planted(
    what: str, azure: FakeAzure, noted: Cloud, home: Path
) -> None:
    """In the address, in names and values of the body, in headers, in the answer, in an error."""
    text, secret = PLANTED[what]
    error = {"error": {"code": text, "message": f"Refused: {text}", "details": [{"message": text}]}}
    headers = {"Location": f"https://management.azure.com/x?{text}", "x-ms-error-code": text}
    azure.on("PUT", "", (400, error, headers))
    azure.on("GET", "", (200, {"status": text, text: text, "keys": [{"value": text}]}, headers))
    body = {"tags": {text: text}, "properties": {"appSettings": [{"name": "A", "value": text}]}}
    url = f"{noted.resource_manager}/subscriptions/sub/x?q={text}&api-version={text}"
    manager = noted.rest(noted.resource_manager)
    manager.send("PUT", url, json=body)
    manager.get(url, headers={"Authorization": text, "x-functions-key": text})
    written = line(home)
    assert written.count("\n") == 2 and secret not in written
    assert json.dumps(secret)[1:-1] not in written


def test_what_is_asked_of_the_app_is_noted_without_bodies(
    azure: FakeAzure, noted: Cloud, home: Path
) -> None:
    """People's messages are theirs, in requests and in answers."""
    azure.on("POST", "", (200, {"text": "Hello, bob!", "sender": "alice"}, {}))
    app = noted.rest("https://app.azurewebsites.net", signed_in=False)
    app.post(
        "/api/messages",
        content=b'{"text": "Hello, alice!"}',
        headers={"Content-Type": "application/json"},
    )
    written = line(home)
    assert "Hello" not in written and "alice" not in written
    assert json.loads(written)["size_bytes"] == 25


def test_an_answer_is_noted_by_its_form_and_its_states(
    azure: FakeAzure, noted: Cloud, home: Path
) -> None:
    """With step and method where a verb sent it: here none did."""
    document = {"name": "mine", "properties": {"provisioningState": "Creating", "units": [1, 2]}}
    azure.on("PUT", "", (201, document, {"Retry-After": "15"}))
    noted.rest(noted.resource_manager).send("PUT", f"{noted.resource_manager}/x?api-version=1")
    (entry,) = record.read(home, "azure")
    assert entry["status"] == 201 and entry["headers"]["retry-after"] == "15"
    assert entry["answer"] == {
        "name": "string",
        "properties": {"provisioningState": "string", "units": ["number"]},
    }
    assert entry["states"] == {"provisioningState": "Creating"}
    assert entry["url"].endswith("/x?api-version=1")


def test_each_attempt_is_noted(azure: FakeAzure, noted: Cloud, home: Path) -> None:
    """Also one that is tried again."""
    azure.on("GET", "", (503, {"error": {"code": "Busy", "message": ""}}, {"Retry-After": "0.01"}))
    noted.rest(noted.resource_manager).get(f"{noted.resource_manager}/x", retry_total=2)
    assert [entry["code"] for entry in record.read(home, "azure")] == ["Busy"] * 3


def test_a_request_without_an_answer_is_noted(
    azure: FakeAzure, noted: Cloud, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the kind of failure."""

    def broken(*_args: Any, **_kwargs: Any) -> None:
        raise OSError("secret words")

    monkeypatch.setattr(azure, "send", broken)
    with pytest.raises((AzureError, OSError)):
        noted.rest(noted.resource_manager).get(f"{noted.resource_manager}/x", retry_total=0)
    (entry,) = record.read(home, "azure")
    assert entry["status"] == 0 and entry["failure"] and "secret words" not in line(home)


def test_the_record_is_for_its_owner_and_bounded(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was there is in a second file, and the one before it is gone."""
    monkeypatch.setattr(record, "MAX_BYTES", 200)
    kept = Record(home, "azure")
    for number in range(20):
        kept.note({"url": str(number), "method": "GET"})
    assert (home / FILE).stat().st_size + (home / BEFORE).stat().st_size < 700
    assert [entry["url"] for entry in record.read(home, "azure")][-1] == "19"
    assert stat.S_IMODE((home / FILE).stat().st_mode) == 0o600 or not hasattr(stat, "S_IRWXU")


def test_a_record_that_cannot_be_written_stops_nothing(home: Path) -> None:
    """A folder has its name, or the home is gone."""
    (home / FILE).mkdir()
    Record(home, "azure").note({"url": "x"})
    Record(home / "gone", "azure").note({"url": "x"})
    assert not (home / "gone").exists()


def test_damaged_lines_are_left_out(home: Path) -> None:
    """A machine was switched off in the middle of one."""
    Record(home, "azure").note({"url": "a"})
    with (home / FILE).open("ab") as file:
        file.write(b'{"target": "azure", "url": \n[]\n\xff\n')
    Record(home, "local").note({"url": "b"})
    assert [entry["url"] for entry in record.read(home, "azure")] == ["a"]


TEXTS = st.text(st.sampled_from(string.printable + "äß'\"<>€"), max_size=60)


@given(TEXTS, TEXTS)
def test_a_key_is_taken_out_of_any_text(before: str, behind: str) -> None:
    """Whatever stands around it, as long as it is a word of its own."""
    assert ACCOUNT_KEY not in scrub(f"{before} {ACCOUNT_KEY} {behind}")


@given(st.text())
def test_any_address_is_noted(text: str) -> None:
    """Also one that is none."""
    assert ACCOUNT_KEY not in scrub_url(f"https://alice:{ACCOUNT_KEY}@host/{text}")
    assert scrub_url(text) is not None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_the_form_of_a_document_has_none_of_its_values(document: Any) -> None:
    """Only the kinds of them."""
    kinds = {"string", "number", "boolean", "null"}

    def leaves(value: Any) -> set[Any]:
        if isinstance(value, dict):
            return {leaf for one in value.values() for leaf in leaves(one)}
        if isinstance(value, list):
            return {leaf for one in value for leaf in leaves(one)}
        return {value}

    assert leaves(shape(document)) <= kinds


def test_a_document_of_any_depth_is_noted() -> None:
    """A service may send anything."""
    for depth in (500, 50_000):
        body = b'{"a":' * depth + b"1" + b"}" * depth
        noted = answered(200, {"Content-Type": "application/json"}, body, is_api=True)
        assert noted["status"] == 200


@given(st.binary(max_size=200), st.integers(100, 599))
def test_any_answer_is_noted(body: bytes, status: int) -> None:
    """Also one that says it is JSON, and is not."""
    headers = {"Content-Type": "application/json"}
    assert answered(status, headers, body, is_api=True)["status"] == status
    assert sent("PUT", "https://x/", "application/json", body, is_api=True)["method"] == "PUT"
