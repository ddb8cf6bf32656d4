"""Results with a shape of their own: the status of a workshop, the receipt of a clean-up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from chatkit.cloud.provision.receipt import Item
from chatkit.core.public_urls import public_url
from chatkit.core.results import Result, escape, table

KEPT = (
    ("your code", "my-chat, to build on or to deploy again"),
    ("names and progress", "settings.json, which has no secret in it"),
)


@dataclass(frozen=True)
class Status:
    """What exists and where; unknown values are None. `chatkit status --json` prints exactly these."""

    values: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """The values, ready for JSON."""
        return dict(self.values)

    def __repr__(self) -> str:
        return "\n".join(
            f"{name:20} {public_url(_shown(value))}" for name, value in self.values.items()
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {
            "text/plain": repr(self),
            "text/html": table((), [(name, _shown(value)) for name, value in self.values.items()]),
        }


@dataclass(frozen=True, repr=False)
class Receipt(Result):
    """What a clean-up removed, each line with its proof."""

    items: tuple[Item, ...] = ()
    last: str = ""

    @classmethod
    def of(cls, items: Iterable[Item], made: Result) -> Receipt:
        """Write the receipt of some items; calls and time come from the verb's result."""
        lines = tuple(items)
        width = max(len(row[1]) for row in _rows(lines))
        text = "\n".join(
            [
                "Clean-up receipt",
                *(f"  {mark}  {what:{width}}  {proof}" for mark, what, proof in _rows(lines)),
            ]
        )
        return cls(text, made.rows, made.calls, made.seconds, made.data, lines)

    @property
    def complete(self) -> bool:
        """Whether every line is proven."""
        return all(item.gone for item in self.items)

    def with_line(self, text: str) -> Receipt:
        """Return the receipt with one more line at its end."""
        return replace(self, text=f"{self.text}\n{text}", last=text)

    def _summary(self) -> str:
        return (
            f"<b>{escape('Clean-up receipt')}</b>"
            + table((), _rows(self.items))
            + (f"<p>{escape(self.last)}</p>" if self.last else "")
        )


def _rows(items: Iterable[Item]) -> list[tuple[str, str, str]]:
    gone = [("gone" if item.gone else "STILL THERE", item.what, item.proof) for item in items]
    return [*gone, *(("kept", what, why) for what, why in KEPT)]


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "-"
    return "-" if value is None else str(value)
