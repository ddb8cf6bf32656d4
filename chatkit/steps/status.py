"""Results with a shape of their own: the status of a workshop, the receipt of a clean-up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

from chatkit.cloud.provision.receipt import Item
from chatkit.core.public_urls import public_url
from chatkit.core.results import Result, escape, table

KEPT = (
    ("your code", "my-chat, to build on or to deploy again"),
    ("names and progress", "settings.json, which has no secret in it"),
)


@dataclass(frozen=True, repr=False)
class Status:
    """What exists and where; unknown values are None.

    `chatkit status --json` prints exactly these, in this order.

    Attributes:
        absence: Why none of it answers now, empty while it does. Not among the values.
    """

    target: str
    resource_group: str | None
    signalr: str | None
    function_app: str | None
    storage_account: str | None
    api_base_url: str | None
    web_url: str | None
    local_api_base_url: str | None
    local_web_url: str | None
    authentication: str | None
    completed: list[str]
    absence: str = ""

    def as_dict(self) -> dict[str, str | list[str] | None]:
        """The values, ready for JSON."""
        known = asdict(self)
        del known["absence"]
        return known

    def __repr__(self) -> str:
        lines = [f"{name:20} {public_url(text)}" for name, text in self._rows()]
        if self.absence:
            lines.insert(0, self.absence)
        return "\n".join(lines)

    def _repr_mimebundle_(self, **_options: object) -> dict[str, str]:
        absent = f"<p>{escape(self.absence)}</p>" if self.absence else ""
        return {"text/plain": repr(self), "text/html": f"{absent}{table((), self._rows())}"}

    def _rows(self) -> list[tuple[str, str]]:
        return [(name, _shown(value)) for name, value in self.as_dict().items()]


@dataclass(frozen=True, repr=False)
class Receipt(Result):
    """What a clean-up removed, each line with its proof."""

    items: tuple[Item, ...] = ()
    last: str = ""

    @classmethod
    def of(cls, items: Iterable[Item], made: Result) -> Receipt:
        """Write the receipt of some items; calls and time come from the verb's result."""
        proven = tuple(items)
        text = _text(_rows(proven, KEPT))
        return cls(text, made.rows, made.calls, made.seconds, made.data, made.forms, items=proven)

    @property
    def complete(self) -> bool:
        """Whether every line is proven."""
        return all(item.gone for item in self.items)

    def of_reset(self, text: str) -> Receipt:
        """Return the receipt with a last line, which says in the place of others what is kept."""
        return replace(self, text=f"{_text(_rows(self.items, ()))}\n{text}", last=text)

    def _summary(self) -> str:
        last = f"<p>{escape(self.last)}</p>" if self.last else ""
        rows = _rows(self.items, () if self.last else KEPT)
        return f"<b>Clean-up receipt</b>{table((), rows)}{last}"


def _text(rows: list[tuple[str, str, str]]) -> str:
    width = max(len(what) for _, what, _ in rows)
    lines = [f"  {mark}  {what:{width}}  {proof}" for mark, what, proof in rows]
    return "\n".join(["Clean-up receipt", *lines])


def _rows(items: Iterable[Item], kept: Iterable[tuple[str, str]]) -> list[tuple[str, str, str]]:
    gone = [("gone" if item.gone else "STILL THERE", item.what, item.proof) for item in items]
    return [*gone, *(("kept", what, why) for what, why in kept)]


def _shown(value: str | list[str] | None) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "-"
    return value or "-"
