"""What a cell and a terminal show of a stage: its code, its address, and notes."""

from __future__ import annotations

from dataclasses import dataclass

from chatkit.core.codes import qr
from chatkit.core.results import Result, escape


@dataclass(frozen=True, repr=False)
class StageShown(Result):
    """A stage that is open.

    Attributes:
        url: Where phones go; empty while the stage waits for a network.
    """

    url: str = ""

    def code(self, *, in_colour: bool) -> str:
        """The code for a terminal; empty while there is no address.

        Args:
            in_colour: Whether the terminal takes colours.
        """
        return qr.text(self.url, in_colour=in_colour) if self.url else ""

    def lines(self) -> list[str]:
        """What is to know, for a terminal."""
        width = max((len(name) for name, _ in self.rows), default=0)
        return [self.text, *(f"  {name:{width}}  {value}" for name, value in self.rows)]

    def _summary(self) -> str:
        text = f"<p>{escape(self.text)}</p>"
        if not self.url:
            return text
        picture = escape(qr.data_url(self.url))
        alt = escape(f"QR code of {self.url}")
        return f'<p><img src="{picture}" alt="{alt}" width="300" height="300"></p>{text}'
