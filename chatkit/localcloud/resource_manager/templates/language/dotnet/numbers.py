"""Numbers by .NET's format strings, in the invariant culture.

Follows the pages "Standard numeric format strings" and "Custom numeric format strings".
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal

STANDARD = re.compile(r"([A-Za-z])([0-9]{0,9})")
# How many digits a specifier takes that says nothing about them.
DEFAULT_DIGITS = {"F": 2, "N": 2, "C": 2, "P": 2, "E": 6}
PLACES = ("0", "#")
MOST_DIGITS = 1_000  # Ours; .NET takes up to 999,999,999.
CUSTOM_PIECE = re.compile(r"""'[^']*'|"[^"]*"|\\.|[eE][+-]?0+|.""", re.DOTALL)
ARITHMETIC = Context(prec=2_000, rounding=ROUND_HALF_UP)


class NotANumberFormat(ValueError):
    """A format string is not one for numbers."""


def formatted_number(value: int | float, wanted: str) -> str:
    """A number, written as a format string says.

    Raises:
        NotANumberFormat: It says nothing for such a number.
    """
    standard = STANDARD.fullmatch(wanted)
    if standard is None:
        return _custom(value, wanted)
    digits = int(standard[2]) if standard[2] else None
    if digits is not None and digits > MOST_DIGITS:
        raise NotANumberFormat("Format specifier was invalid.")
    return _standard(value, standard[1], digits)


def _standard(value: int | float, specifier: str, digits: int | None) -> str:
    kind = specifier.upper()
    exact = Decimal(repr(value))
    if kind in ("D", "X", "B"):
        return _whole(value, specifier, digits or 0)
    if kind in ("G", "R"):
        return _general(value, exact, digits)
    if kind not in DEFAULT_DIGITS:
        raise NotANumberFormat("Format specifier was invalid.")
    places = DEFAULT_DIGITS[kind]
    if digits is not None:
        places = digits
    if kind == "E":
        return _exponential(exact, specifier, places)
    if kind == "P":
        return _fixed(exact * 100, places, grouped=True) + " %"
    if kind == "C":
        return _currency(exact, places)
    return _fixed(exact, places, grouped=kind == "N")


def _currency(value: Decimal, digits: int) -> str:
    """With the invariant culture's sign of a currency; a negative amount in brackets."""
    amount = "¤" + _fixed(abs(value), digits, grouped=True)
    if value < 0:
        return f"({amount})"
    return amount


def _whole(value: int | float, specifier: str, digits: int) -> str:
    if not isinstance(value, int):
        raise NotANumberFormat("Format specifier was invalid.")
    if specifier in ("D", "d"):
        sign = "-" if value < 0 else ""
        return sign + str(abs(value)).rjust(digits, "0")
    # Two's complement of 64 bits, as .NET shows a long.
    return format(value % 2**64, specifier.replace("B", "b")).rjust(digits, "0")


def _fixed(value: Decimal, digits: int, *, grouped: bool) -> str:
    rounded = _rounded(value, digits)
    return f"{rounded:,f}" if grouped else f"{rounded:f}"


def _rounded(value: Decimal, digits: int) -> Decimal:
    """Half away from zero; a zero has no sign."""
    found = value.quantize(Decimal(1).scaleb(-digits), context=ARITHMETIC)
    return abs(found) if found == 0 else found


def _exponential(value: Decimal, specifier: str, digits: int) -> str:
    mantissa, _, exponent = f"{value:.{digits}e}".lower().partition("e")
    return f"{mantissa}{specifier}{int(exponent):+04d}"


def _general(value: int | float, exact: Decimal, digits: int | None) -> str:
    if not digits:
        return repr(value).replace("e", "E").removesuffix(".0")
    written = f"{exact:.{digits}g}".upper()
    mantissa, mark, exponent = written.partition("E")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return mantissa + (f"E{int(exponent):+03d}" if mark else "")


def _custom(value: int | float, wanted: str) -> str:
    """`positive;negative;zero` with `0`, `#`, `.`, `,`, `%` and literals in each."""
    sections = _sections(wanted)
    exact = Decimal(repr(value))
    if exact == 0 and len(sections) > 2 and sections[2]:
        return _custom_section(exact, sections[2])
    if exact < 0 and len(sections) > 1 and sections[1]:
        return _custom_section(-exact, sections[1])
    if exact < 0:
        return "-" + _custom_section(-exact, sections[0])
    return _custom_section(exact, sections[0])


def _sections(wanted: str) -> list[list[str]]:
    sections: list[list[str]] = [[]]
    for piece in CUSTOM_PIECE.findall(wanted):
        if piece == ";":
            sections.append([])
        else:
            sections[-1].append(piece)
    return sections


def _custom_section(value: Decimal, pieces: list[str]) -> str:
    point = pieces.index(".") if "." in pieces else len(pieces)
    before = pieces[:point]
    after = pieces[point + 1 :]
    scaling = _commas_behind_the_digits(before)
    scaled = value.scaleb(-3 * scaling + 2 * pieces.count("%"), context=ARITHMETIC)
    digits = after.count("0") + after.count("#")
    whole, _, fraction = f"{_rounded(scaled, digits):f}".partition(".")
    grouped = before.count(",") > scaling
    found = _before_the_point(before, whole.lstrip("0"), grouped=grouped)
    behind = _behind_the_point(after, fraction)
    has_digits = any(one.isdecimal() for one in behind) or "0" in after
    return found + ("." if has_digits else "") + behind


def _commas_behind_the_digits(pieces: list[str]) -> int:
    """Each divides by a thousand; one between digits asks for groups."""
    found = 0
    for piece in reversed(pieces):
        if piece in PLACES:
            return found
        found += piece == ","
    return found


def _before_the_point(pieces: list[str], whole: str, *, grouped: bool) -> str:
    """From the right: each place takes a digit, and the leftmost all that are left."""
    places = [index for index, piece in enumerate(pieces) if piece in PLACES]
    zeros = [index for index in places if pieces[index] == "0"]
    least = sum(index >= zeros[0] for index in places) if zeros else 0
    digits = _grouped(whole.rjust(least, "0"), grouped)
    found: list[str] = []
    if not places:
        found = digits[::-1]
    for index in range(len(pieces) - 1, -1, -1):
        piece = pieces[index]
        if piece not in PLACES:
            found.append(_literal(piece))
        elif index == places[0]:
            found += digits[::-1]
        elif digits:
            found.append(digits.pop())
    return "".join(reversed(found))


def _grouped(whole: str, grouped: bool) -> list[str]:
    """The digits, those that begin a group of three but the first with a comma before them."""
    if not grouped:
        return [*whole]
    count = len(whole)
    return [
        f",{digit}" if index and (count - index) % 3 == 0 else digit
        for index, digit in enumerate(whole)
    ]


def _behind_the_point(pieces: list[str], fraction: str) -> str:
    places = [piece for piece in pieces if piece in PLACES]
    least = len(places) - places[::-1].index("0") if "0" in places else 0
    digits = [*fraction.rstrip("0").ljust(least, "0")]
    found = ""
    for piece in pieces:
        if piece not in PLACES:
            found += _literal(piece)
        elif digits:
            found += digits.pop(0)
    return found


def _literal(piece: str) -> str:
    if piece == ",":
        return ""
    if piece[0] in "'\"" and len(piece) > 1:
        return piece[1:-1]
    if piece[0] == "\\":
        return piece[1:]
    return piece
