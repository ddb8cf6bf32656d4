"""Connections and paths of storage accounts."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit.localcloud.functions.storage.connections import ConnectionInvalid, resolve
from chatkit.localcloud.functions.storage.paths import BlobPath, BlobPattern, PathInvalid
from chatkit.wire.connection_strings import DEFAULT, MANAGED_IDENTITY

KEY = "AccountName=chat;AccountKey=a2V5"


@pytest.mark.parametrize(
    ("settings", "name", "endpoint"),
    [
        (
            {"AzureWebJobsStorage": "UseDevelopmentStorage=true"},
            "",
            "http://127.0.0.1:10000/devstoreaccount1",
        ),
        (
            {"Mine": f"{KEY};EndpointSuffix=core.windows.net"},
            "Mine",
            "https://chat.blob.core.windows.net",
        ),
        (
            {"Mine": f"DefaultEndpointsProtocol=http;{KEY};BlobEndpoint=http://h:1/chat/"},
            "Mine",
            "http://h:1/chat",
        ),
        (
            {"AzureWebJobsMine": KEY, "Mine": "nonsense"},
            "Mine",
            "https://chat.blob.core.windows.net",
        ),
        ({"ConnectionStrings:Mine": KEY}, "Mine", "https://chat.blob.core.windows.net"),
        (
            {"Mine": "BlobEndpoint=https://h/;SharedAccessSignature=sv=1&sig=a%3D"},
            "Mine",
            "https://h",
        ),
    ],
)
def test_where_a_connection_leads(settings: dict[str, str], name: str, endpoint: str) -> None:
    """The host looks with its prefix first; secrets stay out of the repr."""
    connection = resolve(settings, name)
    assert connection.blob_endpoint == endpoint
    assert "a2V5" not in repr(connection) and "sig=" not in repr(connection)


@pytest.mark.parametrize(
    ("settings", "endpoint", "kind"),
    [
        ({"Mine__accountName": "chat"}, "https://chat.blob.core.windows.net", "default"),
        (
            {"Mine__blobServiceUri": "https://localhost:1/chat/", "Mine__accountName": "chat"},
            "https://localhost:1/chat",
            "default",
        ),
        (
            {"MINE:serviceUri": "https://localhost:1/chat", "Mine__credential": "ManagedIdentity"},
            "https://localhost:1/chat",
            "managed identity",
        ),
    ],
)
def test_connections_without_keys(settings: dict[str, str], endpoint: str, kind: str) -> None:
    """The host asks Entra ID then, as the app's identity or as what its environment names."""
    connection = resolve(settings, "Mine")
    assert connection.blob_endpoint == endpoint and not connection.key
    expected = MANAGED_IDENTITY if kind == "managed identity" else DEFAULT
    assert connection.credential is not None and connection.credential.kind == expected


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({}, "'Mine' does not exist"),
        ({"Mine": "nonsense"}, "no storage connection string"),
        ({"Mine": "UseDevelopmentStorage=false"}, "names no storage account"),
        ({"Mine": "AccountName=chat"}, "names no storage account"),
        ({"Mine": "AccountKey=a2V5"}, "names no storage account"),
        ({"Mine__accountName": "a", "Mine__credential": "x"}, "managedidentity"),
    ],
)
def test_what_leads_nowhere(settings: dict[str, str], sentence: str) -> None:
    """One sentence, which names the setting and no secret."""
    with pytest.raises(ConnectionInvalid, match=sentence) as error:
        resolve(settings, "Mine")
    assert "Mine" in str(error.value) and "a2V5" not in str(error.value)


@pytest.mark.parametrize("text", ["", "c", "c/", "/", "Upper/x", "a b/x", "../x", "ab/x", "a--b/x"])
def test_what_is_no_path(text: str) -> None:
    """A container's name, a slash, a blob's name."""
    with pytest.raises(PathInvalid):
        BlobPath.parse(text)


@pytest.mark.parametrize(
    ("pattern", "name", "captured"),
    [
        ("samples", "any/thing", {}),
        ("samples/{name}", "sub/a.txt", {"name": "sub/a.txt"}),
        ("samples/{name}.txt", "a.txt", {"name": "a"}),
        ("samples/{name}.txt", "a.png", None),
        ("samples/{n}.{ext}", "a.b.txt", {"n": "a.b", "ext": "txt"}),
        ("samples/original-{name}", "original-Blob1.txt", {"name": "Blob1.txt"}),
        ("samples/original-{name}", "other-Blob1.txt", None),
        ("samples/{{2014}}-{name}", "{2014}-a", {"name": "a"}),
        ("samples/fixed.txt", "fixed.txt", {}),
        ("samples/fixed.txt", "fixedXtxt", None),
        ("samples/{name}", "line\nbreak", {"name": "line\nbreak"}),
    ],
)
def test_which_blobs_set_a_function_off(
    pattern: str, name: str, captured: dict[str, str] | None
) -> None:
    """Expressions stand for parts of the name."""
    assert BlobPattern.parse(pattern).match(name) == captured


@pytest.mark.parametrize("text", ["{c}/{name}", "samples/{a}{a}", "samples/{}", "samples/{a b}"])
def test_what_is_no_pattern(text: str) -> None:
    """The container is fixed, and each expression has a name of its own."""
    with pytest.raises(PathInvalid):
        BlobPattern.parse(text)


@given(
    st.lists(st.sampled_from(["", "a", "b", "ab", "-"]), min_size=2, max_size=5),
    st.text("ab-", max_size=12),
)
def test_expressions_take_what_a_greedy_pattern_takes(texts: list[str], name: str) -> None:
    """The host has a regular expression with groups that take as much as they can."""
    names = [f"e{index}" for index in range(len(texts) - 1)]
    path = texts[0] + "".join(
        f"{{{key}}}{text}" for key, text in zip(names, texts[1:], strict=True)
    )
    expected = re.fullmatch("(.*)".join(texts), name, re.DOTALL)
    found = BlobPattern.parse(f"samples/{path}").match(name)
    assert (found is None) == (expected is None)
    if expected is not None:
        assert found == dict(zip(names, expected.groups(), strict=True))


def test_a_name_that_is_made_to_take_long_takes_no_time() -> None:
    """Whoever may write blobs chooses their names."""
    path = "samples/" + "".join(f"{{e{index}}}-" for index in range(20)) + "."
    began = time.process_time()
    assert BlobPattern.parse(path).match("-" * 1024) is None
    assert time.process_time() - began < 1
