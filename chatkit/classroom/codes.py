"""Join codes: who has one is in the class. 60 random bits, in letters that nobody mistakes.

The letters are those of Douglas Crockford's Base32: no I, L, O and U. What is read for another
letter by people is read as the one that was meant.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from dataclasses import dataclass, field

from chatkit.core.errors import NoJoinCode
from chatkit.core.text.constant_time import is_same_secret

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 12  # of five bits each
GROUP = 4
LOOK_ALIKES = str.maketrans({"I": "1", "L": "1", "O": "0", "U": "V"})
# Every dash of Unicode, minus and underscore, and what stands at the end of a sentence.
BETWEEN = re.compile(r"[\s\u00ad\u200b-\u200d\u2060\ufeff_.,;:\-\u2010-\u2015\u2212]+")
# What is around a code where somebody pastes the whole command, or what a chat made of it.
AROUND = " .,\t\r\n\"'`<>\u00ab\u00bb\u2018\u2019\u201a\u201c\u201d\u201e"
COMMAND = re.compile(r"^[!%]?\s*(python3? -m )?chatkit class join\s+", re.IGNORECASE)
HOST = "127.0.0.1"
PORT = 8070  # the board's usual one
MOST = 300  # characters of what somebody types
MASK = "****-****-****"
HINT = "It looks like ABCD-EFGH-JKMN; your page of the hand-out has it."
ADDRESS_HINT = "What you type looks like ABCD-EFGH-JKMN@192.0.2.1:8070."


@dataclass(frozen=True)
class Invitation:
    """A code, and where the board is that takes it.

    Attributes:
        code: As `read_code` returns it; not in the repr.
        host: Name or address, without the brackets of IPv6.
        port: Of the board.
    """

    code: str = field(repr=False)
    host: str = HOST
    port: int = PORT


def new_code() -> str:
    """Make a code that nobody can guess, for example ABCD-EFGH-JKMN."""
    return _grouped("".join(secrets.choice(LETTERS) for _ in range(LENGTH)))


def read_code(text: str) -> str:
    """Return the code that somebody has typed, as `new_code` writes it.

    Small letters, spaces, dashes and look-alikes do not matter.

    Raises:
        NoJoinCode: It cannot be one. The error does not repeat it.
    """
    if len(text) > MOST:
        raise NoJoinCode("That is too long for a join code.", hint=HINT)
    plain = BETWEEN.sub("", unicodedata.normalize("NFKC", text)).upper().translate(LOOK_ALIKES)
    if len(plain) != LENGTH:
        count = f"{len(plain)} of {LENGTH} letters"
        raise NoJoinCode(f"That is no join code: it has {count}.", hint=HINT)
    if any(letter not in LETTERS for letter in plain):
        raise NoJoinCode("That is no join code: it has other letters.", hint=HINT)
    return _grouped(plain)


def read_invitation(text: str) -> Invitation:
    """Return what `CODE@HOST:PORT` says; host and port may be left out.

    The command around it, as a QR code has it, and quotation marks do not matter.

    Raises:
        NoJoinCode: The code cannot be one, or the address none.
    """
    code, is_addressed, address = unwrapped(text).partition("@")
    known = read_code(code)
    if not is_addressed:
        return Invitation(known)
    return Invitation(known, *read_address(address))


def unwrapped(text: str) -> str:
    """What somebody has typed, without the command and the quotation marks around it."""
    plain = unicodedata.normalize("NFKC", text[: MOST + 1]).strip(AROUND)
    return COMMAND.sub("", plain).strip(AROUND)


def read_address(text: str) -> tuple[str, int]:
    """Return host and port of a board; the port may be left out.

    Raises:
        NoJoinCode: It is no address.
    """
    # Phones put spaces behind points and colons.
    plain = re.sub(r"([.:])\s++", r"\1", text.strip())
    plain = re.sub(r"(?<!\s)\s++([.:])", r"\1", plain)
    address = re.sub(r"^http://", "", plain, flags=re.IGNORECASE).rstrip("/.")
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]{1,253})(?::([0-9]{1,5}))?", address)
    if found is None:
        raise NoJoinCode("That is no address of a board.", hint=ADDRESS_HINT)
    port = int(found[2] or PORT)
    if not 0 < port < 65536:
        raise NoJoinCode(f"There is no port {port}.", hint=ADDRESS_HINT)
    return found[1].strip("[]"), port


def address_of(host: str, port: int) -> str:
    """A host and a port, as `read_address` reads them."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def fingerprint(code: str, class_id: str) -> str:
    """What is kept in the place of a code, by who only has to recognise it.

    Args:
        code: As `read_code` returns it.
        class_id: Of the class: the same code in two classes would have two fingerprints.
    """
    # Whatever somebody sends for a code may come here, half characters too.
    content = f"chatkit-class {class_id} {code}".encode(errors="surrogatepass")
    return hashlib.sha256(content).hexdigest()


def is_code_of(code: str, known: str, class_id: str) -> bool:
    """Whether a code has a fingerprint, in a time that does not tell how much of it is right."""
    return is_same_secret(fingerprint(code, class_id), known)


def _grouped(letters: str) -> str:
    return "-".join(letters[start : start + GROUP] for start in range(0, LENGTH, GROUP))
