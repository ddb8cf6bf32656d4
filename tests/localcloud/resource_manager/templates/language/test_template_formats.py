"""What the language has from .NET: formats of numbers and dates, durations, lenient JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit.localcloud.resource_manager.templates.language.core.values import Json
from chatkit.localcloud.resource_manager.templates.language.dotnet.composite import (
    NotAFormat,
    composed,
)
from chatkit.localcloud.resource_manager.templates.language.dotnet.culture import sort_key
from chatkit.localcloud.resource_manager.templates.language.dotnet.dates import (
    NotADate,
    date_of,
    duration_of,
    formatted_date,
)
from chatkit.localcloud.resource_manager.templates.language.dotnet.newtonsoft import (
    NotJson,
    read_json,
)
from chatkit.localcloud.resource_manager.templates.language.dotnet.numbers import (
    NotANumberFormat,
    formatted_number,
)

MOMENT = datetime(2009, 6, 15, 13, 45, 30, 617_500, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "wanted", "text"),
    [
        # The examples of Microsoft's pages on numeric format strings, in the invariant culture.
        (1234, "D", "1234"),
        (-1234, "D6", "-001234"),
        (1052, "E2", "1.05E+003"),
        (-1052, "e2", "-1.05e+003"),
        (-1234.56, "F4", "-1234.5600"),
        (1234, "F1", "1234.0"),
        (1234.567, "N", "1,234.57"),
        (1234, "N1", "1,234.0"),
        (-1234.56, "N3", "-1,234.560"),
        (1, "P", "100.00 %"),
        (123.456, "C", "¤123.46"),
        (-123.456, "C3", "(¤123.456)"),
        (255, "X", "FF"),
        (255, "x4", "00ff"),
        (42, "B", "101010"),
        (1234.5678, "G5", "1234.6"),
        (123456789, "G3", "1.23E+08"),
        (1234.5678, "00000", "01235"),
        (0.45678, "0.00", "0.46"),
        (1234.5678, "#####", "1235"),
        (0.45678, "#.##", ".46"),
        (2147483647, "##,#", "2,147,483,647"),
        (2147483647, "#,#,,", "2,147"),
        (0.3697, "%#0.00", "%36.97"),
        (68, "# 'degrees'", "68 degrees"),
        (12.345, "#0.0#;(#0.0#);-\\0-", "12.35"),
        (0, "#0.0#;(#0.0#);-\\0-", "-0-"),
        (-12.345, "#0.0#;(#0.0#);-\\0-", "(12.35)"),
        (12, "\\###00\\#", "#12#"),
        (1234567890, "0,0", "1,234,567,890"),
        (5, "(###) ###-####", "() -5"),
    ],
)
def test_a_number_is_written_as_its_format_says(value: int | float, wanted: str, text: str) -> None:
    """Standard and custom ones."""
    assert formatted_number(value, wanted) == text


@pytest.mark.parametrize(("value", "wanted"), [(1.5, "D"), (1, "Q"), (1.5, "X"), (1, "D999999999")])
def test_a_format_that_says_nothing_for_a_number_is_an_error(
    value: int | float, wanted: str
) -> None:
    """As in .NET."""
    with pytest.raises(NotANumberFormat):
        formatted_number(value, wanted)


@given(st.integers(-(2**63), 2**63 - 1) | st.floats(-1e30, 1e30), st.text(max_size=6))
def test_any_format_writes_a_number_or_is_an_error(value: int | float, wanted: str) -> None:
    """Nothing else comes out of it."""
    try:
        assert isinstance(formatted_number(value, wanted), str)
    except NotANumberFormat as error:
        assert str(error)


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("{{{0}}}", [1], "{1}"),
        ("[{0,5}|{0,-5}]", ["ab"], "[   ab|ab   ]"),
        ("{0,8:N1}", [1234.56], " 1,234.6"),
        ("{1}{0}", ["a", None], "a"),
        ("{0:yyyy}", ["2020"], "2020"),
        ("{0}", [["it's", {"a": 1.0}]], "['it\\'s',{'a':1.0}]"),
        ("", [], ""),
    ],
)
def test_a_composite_format_is_filled(text: str, values: list[Json], expected: str) -> None:
    """Escapes, alignments, formats."""
    assert composed(text, values) == expected


@pytest.mark.parametrize("text", ["{", "}", "{0", "{a}", "{-1}", "{0:{", "{1}", "{0:Q}"])
def test_what_is_no_composite_format_is_an_error(text: str) -> None:
    """With .NET's sentence."""
    with pytest.raises(NotAFormat, match="format|Format|Index"):
        composed(text, [1])


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        # The examples of Microsoft's pages on date and time format strings.
        ("d", "06/15/2009"),
        ("D", "Monday, 15 June 2009"),
        ("f", "Monday, 15 June 2009 13:45"),
        ("F", "Monday, 15 June 2009 13:45:30"),
        ("g", "06/15/2009 13:45"),
        ("G", "06/15/2009 13:45:30"),
        ("M", "June 15"),
        ("o", "2009-06-15T13:45:30.6175000Z"),
        ("R", "Mon, 15 Jun 2009 13:45:30 GMT"),
        ("s", "2009-06-15T13:45:30"),
        ("t", "13:45"),
        ("T", "13:45:30"),
        ("u", "2009-06-15 13:45:30Z"),
        ("U", "Monday, 15 June 2009 13:45:30"),
        ("Y", "2009 June"),
        ("yyyyMMddTHHmmssZ", "20090615T134530Z"),
        ("%d", "15"),
        ("ddd dddd", "Mon Monday"),
        ("h hh H HH", "1 01 13 13"),
        ("t tt", "P PM"),
        ("f ff fff F FFFF", "6 61 617 6 6175"),
        ("y yy yyy yyyyy", "9 09 2009 02009"),
        ("M MM MMM MMMM", "6 06 Jun June"),
        ("z zz zzz K", "+0 +00 +00:00 Z"),
        ("'at' \\h \"o'clock\"", "at h o'clock"),
        ("d/M", "15/6"),
        ("gg", "A.D."),
    ],
)
def test_a_date_is_written_as_its_format_says(wanted: str, text: str) -> None:
    """Standard and custom ones, in the invariant culture."""
    assert formatted_date(MOMENT, wanted) == text


@pytest.mark.parametrize("wanted", ["Q", "ffffffff"])
def test_what_is_no_format_for_dates_is_an_error(wanted: str) -> None:
    """As in .NET."""
    with pytest.raises(NotADate):
        formatted_date(MOMENT, wanted)


@given(st.text(max_size=8))
def test_any_text_is_a_format_for_dates_or_an_error(wanted: str) -> None:
    """Nothing else comes out of it."""
    try:
        assert isinstance(formatted_date(MOMENT, wanted), str)
    except NotADate as error:
        assert str(error)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2020-04-07 14:53:14Z", "2020-04-07T14:53:14+00:00"),
        ("2020-04-07T14:53:14.1234567+02:00", "2020-04-07T12:53:14.123456+00:00"),
        ("20200407T145314Z", "2020-04-07T14:53:14+00:00"),
        ("2020-04-07", "2020-04-07T00:00:00+00:00"),
        ("2020-04", "2020-04-01T00:00:00+00:00"),
        ("2020-04-07T14:53-0730", "2020-04-07T22:23:00+00:00"),
        ("04/07/2020", "2020-04-07T00:00:00+00:00"),
        ("04/07/2020 14:53:14", "2020-04-07T14:53:14+00:00"),
    ],
)
def test_dates_of_iso_8601_are_read(text: str, moment: str) -> None:
    """Basic and extended, with and without a zone."""
    assert date_of(text).isoformat() == moment


@pytest.mark.parametrize("text", ["", "today", "2020-13-01", "2020-02-30", "0000-01-01", "1/2/3"])
def test_what_is_no_date_is_an_error(text: str) -> None:
    """A day that no calendar has, too."""
    with pytest.raises(NotADate):
        date_of(text)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("P1Y", timedelta(days=365)),
        ("-P1M2D", timedelta(days=-32)),
        ("PT36H", timedelta(hours=36)),
        ("P1DT1H1M1.5S", timedelta(days=1, seconds=3661.5)),
        ("PT0S", timedelta()),
    ],
)
def test_durations_are_read(text: str, length: timedelta) -> None:
    """Years and months have one length."""
    assert duration_of(text) == length


@pytest.mark.parametrize("text", ["", "P", "PT", "-P", "P1W", "1D", "P1D ", "P999999999Y", "P1H"])
def test_what_is_no_duration_is_an_error(text: str) -> None:
    """At least one part, each in its place, and not longer than time is."""
    with pytest.raises(NotADate):
        duration_of(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{'a': \"it's\", 'b\"c': 'd\\'e'}", {"a": "it's", 'b"c': "d'e"}),
        ("{a: 1, /* one */ b: [1, 2,], } // end", {"a": 1, "b": [1, 2]}),
        ("{true: true}", {"true": True}),
        (' "\\u0041" ', "A"),
        ("1e5", 100000.0),
    ],
)
def test_json_is_read_as_newtonsoft_reads_it(text: str, value: Json) -> None:
    """Single quotes, bare names, comments, commas at the end."""
    assert read_json(text) == value


@pytest.mark.parametrize("text", ["", "{", "'a", "/* a", "NaN", "hello", "1 2", "[1,,2]", "1e999"])
def test_what_is_no_json_is_an_error(text: str) -> None:
    """Not a value that JSON cannot hold."""
    with pytest.raises(NotJson):
        read_json(text)


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(documents)
def test_json_is_read_as_any_reader_reads_it(value: Json) -> None:
    """What is lenient does not change what is strict."""
    assert read_json(json.dumps(value)) == value
    assert read_json(json.dumps(value) + "//") == value


def test_strings_are_in_the_order_of_the_invariant_culture() -> None:
    """Marks, digits, letters; a small letter before the same as a capital one."""
    words = ["b", "B", "a", "A", "é", "e", "ab", "aB", "1", "_", "É"]
    assert sorted(words, key=sort_key) == [
        *("_", "1", "a", "A", "ab", "aB", "b", "B", "e", "é", "É"),
    ]
