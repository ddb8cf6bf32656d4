"""JSON as people write it: comments, a comma too many."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit.core.reading import commented_json
from tests.attacks.app_files import SLOW_PARTS

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('// first\n{"a": 1}', {"a": 1}),
        ('{"a": 1, // why\n "b": 2}', {"a": 1, "b": 2}),
        ('{"a": /* between */ 1}', {"a": 1}),
        ('{"a": 1,}', {"a": 1}),
        ('{"a": [1, 2,\n],\n}', {"a": [1, 2]}),
        ('{"a": 1, /* last */ // so far\n}', {"a": 1}),
        ('{"a": 1} // end', {"a": 1}),
        ('{"a": "http://x/*y*/,}"}', {"a": "http://x/*y*/,}"}),
        ('{"a": "\\"//", }', {"a": '"//'}),
    ],
)
def test_comments_and_a_last_comma_are_skipped(text: str, value: object) -> None:
    """And what looks like one inside of a text stays."""
    assert commented_json.loads(text) == value


@pytest.mark.parametrize(
    "text", ["", "{", '{"a"}', '{"a": 1,,}', "[,]x", '{"a": 1} {}', '{"a": "b}', "/*", "{'a': 1}"]
)
def test_what_is_no_json_even_so_is_refused(text: str) -> None:
    """Nothing else is repaired."""
    with pytest.raises(ValueError, match=r".+"):
        commented_json.loads(text)


def test_an_error_is_where_it_was() -> None:
    """Comments become blanks: line and column are those of the file."""
    with pytest.raises(ValueError, match="line 3 column 9"):
        commented_json.loads('/* one\ntwo */ { // three\n   "a": nonsense }')


def test_deep_nesting_is_an_error_like_others() -> None:
    """No RecursionError reaches who reads a file."""
    for text in ("[" * 100_000, "// deep\n" + "[" * 100_000):
        with pytest.raises(ValueError, match="nested too deeply"):
            commented_json.loads(text)


@given(JSON)
def test_json_itself_is_read_as_ever(value: object) -> None:
    """With a comment behind it, too."""
    text = json.dumps(value)
    assert commented_json.loads(text) == value
    assert commented_json.loads(text + " // and so on") == value


@pytest.mark.parametrize("name", SLOW_PARTS)
def test_a_large_file_is_read_in_time_that_grows_with_its_size(name: str) -> None:
    """An app comes from anybody, and its host.json as well."""
    part = SLOW_PARTS[name]
    text = "{" + part * 300_000
    before = time.process_time()
    with pytest.raises(ValueError, match=r".+"):
        commented_json.loads(text)
    assert time.process_time() - before < 5
