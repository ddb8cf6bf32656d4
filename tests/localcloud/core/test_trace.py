"""Events are bounded and carry no secrets."""

from __future__ import annotations

import pytest

from chatkit.core.text.masking import mask
from chatkit.localcloud.core.trace import CAUSE, TEXT_CHARACTERS, Event, Trace, caused


def test_old_events_make_room_for_new_ones() -> None:
    """The trace keeps its newest events only."""
    trace = Trace(capacity=3)
    for n in range(5):
        trace.emit("signalr/chat", "frame", n=n)
    assert [event.detail["n"] for event in trace.after()] == [2, 3, 4]


def test_a_reader_gets_what_is_newer_from_one_source() -> None:
    """`after` filters by number and source."""
    trace = Trace()
    trace.emit("signalr/chat", "frame")
    trace.emit("storage", "request")
    trace.emit("signalr/chat", "token")
    assert [event.kind for event in trace.after(1, source="signalr/")] == ["token"]


def test_a_listener_hears_until_it_leaves() -> None:
    """The function that `listen` returns ends listening."""
    heard: list[Event] = []
    trace = Trace()
    leave = trace.listen(heard.append)
    trace.emit("a", "b")
    leave()
    trace.emit("a", "c")
    assert [event.kind for event in heard] == ["b"]


def test_what_a_cause_sets_off_has_the_same_cause() -> None:
    """A block in a block belongs to the outer one; after it nothing is left."""
    with caused() as outer, caused() as inner:
        assert outer == inner == CAUSE.get()
    with caused() as other:
        assert other != outer
    assert CAUSE.get() == ""


@pytest.mark.parametrize(
    "text",
    [
        "Endpoint=http://localhost;AccessKey=c2VjcmV0;Version=1.0;",
        "AccountName=a;AccountKey=c2VjcmV0==;EndpointSuffix=x",
        "GET /client/?hub=chat&access_token=c2VjcmV0",
        "Authorization: Bearer c2VjcmV0",
        "/runtime/webhooks/signalr?code=c2VjcmV0",
        "the token was eyJhbGciOi.eyJzdWIi.c2VjcmV0",
    ],
)
def test_a_secret_is_masked_wherever_it_stands(text: str) -> None:
    """Keys and tokens leave no trace in texts."""
    assert "c2VjcmV0" not in mask(text)


def test_named_secrets_are_masked_at_any_depth() -> None:
    """Headers and token members are masked by name."""
    trace = Trace()
    trace.emit(
        "a", "b", headers={"Authorization": "abc", "Accept": "x"}, body=[{"accessToken": "abc"}]
    )
    (event,) = trace.after()
    assert event.detail == {
        "headers": {"Authorization": "***", "Accept": "x"},
        "body": [{"accessToken": "***"}],
    }


def test_a_long_text_is_kept_without_its_end() -> None:
    """Thousands of events are kept; what strangers send into them is bounded, and masked."""
    trace = Trace()
    trace.emit("a", "b", path="/" + "x" * (TEXT_CHARACTERS - 20) + "?code=c2VjcmV0" * 5000)
    (event,) = trace.after()
    path = str(event.detail["path"])
    assert len(path) < TEXT_CHARACTERS + 20
    assert path.endswith("?code=***")
    assert "c2VjcmV0" not in path
