"""An address as a QR code: as a picture, and as text for a terminal."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import segno

QUIET_ZONE = 4  # light modules around a code, ISO/IEC 18004 §5.3.8

# Light modules are drawn: white on black, whatever colours the terminal has.
WHITE_ON_BLACK = "\x1b[97;40m"
PLAIN = "\x1b[0m"


def svg(address: str) -> str:
    """The code as a picture."""
    picture = io.BytesIO()
    _code(address).save(picture, kind="svg", scale=8, border=QUIET_ZONE, light="#fff")
    return picture.getvalue().decode()


def data_url(address: str) -> str:
    """The picture as an address of its own, for a page without a server."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg(address).encode()).decode()}"


def text(address: str, *, in_colour: bool) -> str:
    """The code in half blocks, two modules to a character.

    Args:
        address: What it says.
        in_colour: Set the colours, for a terminal; else light modules are drawn in the text's
            colour, which is right on a dark ground.
    """
    written = io.StringIO()
    _code(address).terminal(written, border=QUIET_ZONE, compact=True)
    lines = written.getvalue().splitlines()
    if in_colour:
        lines = [f"{WHITE_ON_BLACK}{line}{PLAIN}" for line in lines]
    return "\n".join(lines)


def _code(address: str) -> segno.QRCode:
    import segno  # only here: it takes long

    return segno.make(address, error="m", micro=False)
