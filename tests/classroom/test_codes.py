"""Join codes: made, read as people type them, and compared."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit.classroom import codes
from chatkit.core.errors import NoJoinCode


def test_a_code_has_sixty_bits_in_three_groups() -> None:
    """Twelve letters of a set of 32."""
    code = codes.new_code()
    assert [len(group) for group in code.split("-")] == [4, 4, 4]
    assert set(code) <= {*codes.LETTERS, "-"}
    assert len(codes.LETTERS) ** codes.LENGTH == 2**60


def test_codes_are_not_repeated() -> None:
    """A thousand of them are a thousand."""
    assert len({codes.new_code() for _ in range(1000)}) == 1000


@pytest.mark.parametrize(
    "typed",
    [
        "0123-4567-89AB",
        "  0123 4567 89ab\n",
        "o123-4567-89AB",
        "oi23-4567-89ab",
        "OL23456789AB",
        "0123\u20134567\u201389AB",
        "\uff10\uff11\uff12\uff13-4567-89AB",
        "0123-4567-89AB.",
        "0123\u00a04567\u200b89AB",
    ],
)
def test_a_code_is_read_as_people_type_it(typed: str) -> None:
    """Case, spaces, dashes of any kind and look-alikes do not matter."""
    assert codes.read_code(typed) == "0123-4567-89AB"


@pytest.mark.parametrize(
    "typed",
    [
        "0123-4567-89AB@192.0.2.1:8070",
        "\uff10123-4567-89AB\uff20192.0.2.1\uff1a8070",
        "\u201e0123-4567-89AB@192.0.2.1:8070\u201c",
        "`chatkit class join 0123-4567-89AB@192.0.2.1:8070`",
        "!chatkit class join 0123-4567-89AB@HTTP://192.0.2.1:8070/",
        "0123 \u2013 4567 \u2013 89ab @ 192.0.2. 1 : 8070",
        "python3 -m chatkit class join '0123-4567-89AB@192.0.2.1:8070'.",
    ],
)
def test_an_invitation_is_read_as_people_paste_it(typed: str) -> None:
    """A QR code has the whole command, a chat puts marks around it, a phone has wide letters."""
    assert codes.read_invitation(typed) == codes.Invitation("0123-4567-89AB", "192.0.2.1", 8070)


@pytest.mark.parametrize(
    "typed",
    ["", "ABCD", "ABCD-EFGH-JKM!", "ABCD-EFGH-JKMNP", "é" * 12, "A" * 10_000, "\ud800" * 12],
)
def test_what_is_no_code_is_refused_and_not_repeated(typed: str) -> None:
    """The error says what a code looks like."""
    with pytest.raises(NoJoinCode, match="ABCD-EFGH-JKMN") as refused:
        codes.read_code(typed)
    assert not typed or typed not in refused.value.message


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text does anything else."""
    with suppress(NoJoinCode):
        assert codes.read_code(codes.read_code(text)) == codes.read_code(text)


@pytest.mark.parametrize(
    ("typed", "host", "port"),
    [
        ("0123-4567-89AB", "127.0.0.1", 8070),
        ("0123-4567-89AB@192.0.2.7", "192.0.2.7", 8070),
        ("0123 4567 89ab @ board.local:9000", "board.local", 9000),
        ("0123-4567-89AB@http://192.0.2.7:8070/", "192.0.2.7", 8070),
        ("0123-4567-89AB@[2001:db8::1]:80", "2001:db8::1", 80),
    ],
)
def test_an_invitation_says_where_the_board_is(typed: str, host: str, port: int) -> None:
    """Without an address it is on this machine."""
    assert codes.read_invitation(typed) == codes.Invitation("0123-4567-89AB", host, port)


@pytest.mark.parametrize("address", ["", "a b", "x:0", "x:99999", "x/y", "x:1:2", "x@y"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    """The error says what one looks like."""
    with pytest.raises(NoJoinCode, match="192.0.2.1:8070"):
        codes.read_invitation(f"0123-4567-89AB@{address}")


def test_a_fingerprint_tells_codes_and_classes_apart() -> None:
    """It is not the code, and another class has another one."""
    known = codes.fingerprint("0123-4567-89AB", "class1")
    assert codes.is_code_of("0123-4567-89AB", known, "class1")
    assert not codes.is_code_of("0123-4567-89AC", known, "class1")
    assert not codes.is_code_of("0123-4567-89AB", known, "class2")
    assert not codes.is_code_of("0123-4567-89AB", "", "class1")


@pytest.mark.parametrize(
    "typed", ["@192.0.2.1:8170", "chatkit class join @192.0.2.1:8170", '"@192.0.2.1:8170"']
)
def test_an_address_alone_is_found_in_what_is_pasted(typed: str) -> None:
    """The board says where it is now with the command; who is in the class leaves the code out."""
    assert codes.unwrapped(typed) == "@192.0.2.1:8170"


def test_an_invitation_does_not_show_its_code() -> None:
    """A repr may land in a log."""
    assert "0123" not in repr(codes.read_invitation("0123-4567-89AB"))
