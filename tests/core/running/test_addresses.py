"""Texts that name a server of this machine follow it to another port."""

from __future__ import annotations

import pytest

from chatkit.core.running.addresses import follow, follow_text
from tests.attacks.ports import NOT_MOVED

MOVED = {8888: 8889, 8889: 8890, 41000: 41001}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("http://localhost:8888", "http://localhost:8889"),
        ("http://127.0.0.1:8888/", "http://127.0.0.1:8889/"),
        ("http://[::1]:8888/x", "http://[::1]:8889/x"),
        ("HTTP://LOCALHOST:8888", "HTTP://LOCALHOST:8889"),
        ("localhost:41000", "localhost:41001"),
        (
            "https://localhost:41000/account/c?sv=1&sig=a",
            "https://localhost:41001/account/c?sv=1&sig=a",
        ),
        (
            "a http://localhost:8888, http://127.0.0.1:41000",
            "a http://localhost:8889, http://127.0.0.1:41001",
        ),
        (
            "Endpoint=http://localhost;Port=8888;AccessKey=k=;Version=1.0;",
            "Endpoint=http://localhost;Port=8889;AccessKey=k=;Version=1.0;",
        ),
        (
            "Endpoint=http://localhost;AccessKey=k;Version=1.0;port=8888",
            "Endpoint=http://localhost;AccessKey=k;Version=1.0;port=8889",
        ),
        (
            "Endpoint=http://localhost:8888;AccessKey=k",
            "Endpoint=http://localhost:8889;AccessKey=k",
        ),
        ("BlobEndpoint=https://localhost:41000/a;", "BlobEndpoint=https://localhost:41001/a;"),
    ],
)  # fmt: skip
def test_an_address_follows(before: str, after: str) -> None:
    """In every form in which the kit, the SDKs and az write it."""
    assert follow_text(before, MOVED) == after


@pytest.mark.parametrize("name", NOT_MOVED)
def test_another_address_stays(name: str) -> None:
    """Another port, another machine, a number that is no port."""
    assert follow_text(NOT_MOVED[name], MOVED) == NOT_MOVED[name]


def test_a_document_follows_at_every_depth_and_keeps_its_names() -> None:
    """Numbers and names of fields are nobody's address."""
    before = {"localhost:8888": [{"a": "localhost:8888", "n": 8888}, None, True]}
    after = {"localhost:8888": [{"a": "localhost:8889", "n": 8888}, None, True]}
    assert follow(before, MOVED) == after
