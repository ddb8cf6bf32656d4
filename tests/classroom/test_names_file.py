"""Lists of people, as spreadsheets and forms write them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit.classroom import names_file
from chatkit.classroom.names_file import Entry
from chatkit.core.errors import SetupError

TABLE = "Name;E-Mail;Region\r\nAlice Ångström;alice@example.org;West US 2\r\nBob;;\r\n"
TWO = [Entry(2, "Alice Ångström", "alice@example.org", "westus2"), Entry(3, "Bob")]


def parse(content: bytes) -> list[Entry]:
    """The people of some bytes."""
    return names_file.parse(content, "names.csv")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
def test_every_encoding_and_separator_says_the_same(encoding: str, separator: str) -> None:
    """Spreadsheets of different countries and ages."""
    assert parse(TABLE.replace(";", separator).encode(encoding)) == TWO


@pytest.mark.parametrize(
    "text",
    [
        "sep=;\r\nname;mail\r\nBob;\r\n",
        '"name"\r\n"Bob"\r\n',
        'name;mail\r\n="Bob";=""\r\n',
        "NAME ;;;\r\n;;;\r\n  Bob ;;;\r\n",
        "\r\n\r\nname\rBob",
        "mail,name\n,\u00a0Bob\n",
    ],
    ids=["sep line", "quoted", "as text", "empty columns", "old Mac", "other order"],
)
def test_the_odd_forms_of_spreadsheets_are_read(text: str) -> None:
    """A list of one."""
    assert [entry.name for entry in parse(text.encode())] == ["Bob"]


@pytest.mark.parametrize(
    "header",
    ["Vorname;Name", "First name;Surname", "Given name;Last name", "Vorname;Nachname"],
)
def test_a_name_in_two_columns_is_one(header: str) -> None:
    """As learning platforms and address books write it: two people of a family stay two."""
    found = parse(f"{header}\nAnna;M\u00fcller\nBernd;M\u00fcller\n;Cher\n".encode())
    assert [entry.name for entry in found] == ["Anna M\u00fcller", "Bernd M\u00fcller", "Cher"]


@pytest.mark.parametrize("header", ["Full name;First name;Called", "Name;First name;Last name"])
def test_a_whole_name_beside_its_parts_is_taken_once(header: str) -> None:
    """Exports have both."""
    found = parse(f"{header}\nAnna Lind;Anna;Lind\n".encode())
    assert [entry.name for entry in found] == ["Anna Lind"]


def test_the_order_of_the_two_columns_is_theirs() -> None:
    """The family's first is usual in German lists."""
    assert [entry.name for entry in parse(b"Name;Vorname\nAdler;Eva\n")] == ["Eva Adler"]


def test_a_name_may_have_two_lines_and_the_next_row_keeps_its_number() -> None:
    """A cell with a line end in it."""
    found = parse(b'name,mail\n"Bob\nMartin",\n\nCarol,\n')
    assert found == [Entry(2, "Bob Martin"), Entry(5, "Carol")]


def test_names_are_kept_in_every_script() -> None:
    """Composed, so that the same name is the same text."""
    found = parse("name\nJose\u0301\n李雷\nمريم\n".encode())
    assert [entry.name for entry in found] == ["Jos\u00e9", "李雷", "مريم"]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("\u200f\u05e9\u05e8\u05d4\u200e", "\u05e9\u05e8\u05d4"),
        (
            "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627",
            "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627",
        ),
        ("\u0dc1\u0dca\u200d\u0dbb\u0dd3\u200d", "\u0dc1\u0dca\u200d\u0dbb\u0dd3"),
        ("Bob \U0001f469\u200d\U0001f4bb", "Bob \U0001f469\u200d\U0001f4bb"),
    ],
    ids=["direction marks", "Persian", "Sinhala", "emoji"],
)
def test_letters_that_scripts_need_are_no_fault(written: str, name: str) -> None:
    """Marks of a spreadsheet go, joiners within a name stay."""
    assert [entry.name for entry in parse(f"name\n{written}\n".encode())] == [name]


def test_a_name_with_and_without_a_joiner_is_one() -> None:
    """Nobody sees the difference."""
    with pytest.raises(SetupError, match="line 3 has the name of line 2"):
        parse("name\nBob\nB\u200dob\n".encode())


def test_a_region_may_be_written_as_the_portal_shows_it() -> None:
    """With its continent."""
    found = parse(b"name,region\nBob,(Europe) West Europe\n")
    assert found == [Entry(2, "Bob", "", "westeurope")]


@pytest.mark.parametrize(("encoding", "is_guessed"), [("utf-8", False), ("cp1251", True)])
def test_an_encoding_that_was_assumed_is_known(
    encoding: str, is_guessed: bool, tmp_path: Path
) -> None:
    """Bulgarian as code page 1252 is letters, too."""
    path = tmp_path / "names.csv"
    path.write_text("name\n\u0418\u0432\u0430\u043d\n", encoding=encoding)
    assert names_file.is_guessed(path) is is_guessed


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (",x@example.org", "line 2 has no name"),
        ("Bob,nowhere", "line 2 has no mail address in its column: nowhere"),
        ("Bob,<b@example.org>", "no mail address"),
        ("B\u202eob,", "letters that nobody can see (U+202E behind 'B')"),
        ("B" * 81 + ",", "more than 80 letters"),
        ("Bob,,west us!", "line 2 has no region in its column: westus!"),
        ("Bob,b@example.org\nBo,B@example.org", "line 3 has the mail of line 2"),
        ('"Bob,b@example.org\nCarol,', "line 2: unexpected end of data"),
        ('"Bob,\n"Carol, C.",', "line 2: ',' expected after"),
        ("Adams, Alice,,west", "line 2 has more columns than the first line"),
        ("Bob,\nBOB,", "line 3 has the name of line 2, and no mail tells them apart"),
    ],
)
def test_a_bad_row_is_named_with_its_line(row: str, said: str) -> None:
    """What was wrong, and where."""
    with pytest.raises(SetupError) as refused:
        parse(f"name,mail,region\n{row}\n".encode())
    assert said in refused.value.message


def test_all_bad_rows_are_named_at_once() -> None:
    """Eight of them, and how many more."""
    rows = "".join(f"P{number},nowhere\n" for number in range(11))
    with pytest.raises(SetupError, match="line 2 .*line 9 .*and 3 more lines"):
        parse(f"name,mail\n{rows}".encode())


def test_two_people_of_one_name_are_told_apart_by_their_mail() -> None:
    """There are two Bobs in many classes."""
    assert len(parse(b"name,mail\nBob,b1@example.org\nBob,b2@example.org\n")) == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\xff\xfe", "is empty"),
        (b"name\n", "names nobody"),
        (b"Bob,b@example.org\nCarol,\n", "no column 'name': its first line is Bob, b@example.org"),
        (b"PK\x03\x04", "is a workbook"),
        (b"name\n\x81\x8d\n", "no text in an encoding"),
        (b"name\n" + b"".join(b"P%d\n" % one for one in range(501)), "at most 500"),
    ],
    ids=["empty", "a mark", "no rows", "no header", "xlsx", "no text", "too many"],
)
def test_what_is_no_list_is_refused(content: bytes, said: str) -> None:
    """With what it should be."""
    with pytest.raises(SetupError, match=said):
        parse(content)


@pytest.mark.parametrize("number", [1, 500])
def test_a_class_has_one_to_five_hundred_people(number: int) -> None:
    """Both ends."""
    assert len(parse(b"name\n" + b"".join(b"P%d\n" % one for one in range(number)))) == number


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    """A file of anything ends in one sentence at most."""
    with suppress(SetupError):
        assert all(entry.name for entry in parse(b"name\n" + content))
    with suppress(SetupError):
        parse(content)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    """A folder is none either."""
    with pytest.raises(SetupError, match="no such file"):
        names_file.read(tmp_path / "names.csv")
    with pytest.raises(SetupError, match="a folder"):
        names_file.read(tmp_path)
