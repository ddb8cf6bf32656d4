"""What a function returns becomes an answer that every client can read, or an empty 500."""

from __future__ import annotations

from typing import Any

import pytest

from chatkit.localcloud.functions.host.errors import AnswerInvalid
from chatkit.localcloud.functions.http import http_data
from chatkit.localcloud.functions.worker_process.calls import Result
from tests.attacks.functions import bad_answers


@pytest.mark.parametrize("name", bad_answers())
def test_an_answer_that_cannot_be_sent_is_refused(name: str) -> None:
    """The sentence is for the app's log; the client gets a 500."""
    with pytest.raises(AnswerInvalid):
        http_data.response(Result(returned=bad_answers()[name]), {})


def test_a_custom_header_that_cannot_be_sent_is_refused() -> None:
    """host.json is the app's, too."""
    with pytest.raises(AnswerInvalid, match="line break"):
        http_data.response(Result(returned={"string": "x"}), {"X-A": "a\nb"})


@pytest.mark.parametrize("status", [200, 204, 205, 226, 304, 418, 599, 999])
def test_a_status_of_its_own_is_sent(status: int) -> None:
    """Kestrel sends any final status."""
    answer: dict[str, Any] = {"http": {"status": str(status), "headers": {}, "cookies": []}}
    assert http_data.response(Result(returned=answer), {}).status == status


@pytest.mark.parametrize("kind", ["http", "string"])
def test_a_reset_has_no_content(kind: str) -> None:
    """RFC 9110, 15.3.6. A client would read what follows as the next answer."""
    answers: dict[str, Any] = {
        "http": {"status": "205", "headers": {"Content-Type": "text/plain"}, "cookies": []},
        "string": '{"status": 205, "body": "x"}',
    }
    answer = http_data.response(Result(returned={kind: answers[kind]}, body=b"x"), {})
    assert answer.status == 205 and not answer.body


@pytest.mark.parametrize("text", ["[" * 5000, '"\\ud800', "NaN", "1e999", "", "{"])
def test_text_that_only_looks_like_json_is_text(text: str) -> None:
    """Nothing in it can fail."""
    assert http_data.response(Result(returned={"string": text}), {}).status == 200
