"""A report of what Azure answered, for comparing it with what the kit expects.

It has what the record has, once more without secrets, with names in the place of names; requests
that were answered alike are one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

from chatkit.cloud.trace.entry import Entry
from chatkit.cloud.trace.renaming import Renaming

TEXTS = ("step", "operation", "method", "url", "code", "failure")
NUMBERS = ("status", "size_bytes")
DOCUMENTS = ("body", "headers", "answer", "states")
NEW_LINE = "\n"


@dataclass(frozen=True)
class Report:
    """What will be written.

    Attributes:
        about: Version of the kit, of Python, the target.
        calls: Requests with their answers, in order.
        replaced: How many names of each kind have another name in it.
    """

    about: dict[str, str]
    calls: list[dict[str, Any]]
    replaced: dict[str, int]

    def text(self) -> str:
        """All of it, as JSON."""
        return json.dumps({**self.about, "calls": self.calls}, indent=1) + NEW_LINE

    def summary(self) -> Iterator[str]:
        """What is in it, in lines."""
        sent = sum(call["times"] for call in self.calls)
        requests = "1 request" if sent == 1 else f"{sent} requests"
        yield f"{requests} to the target {self.about['target']}, {len(self.calls)} different."
        hosts = dict.fromkeys(urlsplit(str(call["url"])).netloc for call in self.calls)
        yield f"To: {', '.join(hosts)}"
        failed = [call for call in self.calls if not 200 <= call["status"] < 400]
        for call in failed:
            ending = f"{call['status']} {call.get('code', '')}".rstrip()
            yield f"  {call['method']} {call['url']}: {ending}"
        named = ", ".join(f"{count} {kind}" for kind, count in self.replaced.items())
        yield f"Other names stand for: {named or 'nothing'}."
        yield (
            "Of answers it has the form, states, and codes and messages of errors; of the app, of"
            " the page and of blobs no content. Read it before you send it."
        )


def of(entries: Iterable[Entry], known: Mapping[str, str], about: dict[str, str]) -> Report:
    """Make the report of a record.

    Args:
        entries: The record.
        known: Names, and what stands for each.
        about: What is said of the kit.
    """
    found = [cast("dict[str, Any]", entry) for entry in entries]
    renaming = Renaming(known)
    for entry in found:
        renaming.learn(json.dumps(entry, ensure_ascii=False))
    calls: dict[str, dict[str, Any]] = {}
    for entry in found:
        call = _call(entry, renaming)
        seconds = _seconds(entry)
        key = json.dumps(call, sort_keys=True)
        known_call = calls.setdefault(key, {**call, "times": 0, "seconds": []})
        known_call["times"] += 1
        known_call["seconds"].append(seconds)
    return Report(about, [*calls.values()], renaming.replaced)


def _call(entry: dict[str, Any], renaming: Renaming) -> dict[str, Any]:
    """What of an entry is in a report; fields that are not known are left out."""
    call: dict[str, Any] = {}
    for name in TEXTS:
        call[name] = renaming.text(str(entry.get(name) or ""))
    for name in NUMBERS:
        value = entry.get(name)
        call[name] = value if isinstance(value, int) else 0
    for name in DOCUMENTS:
        if name in entry:
            call[name] = renaming.value(entry[name])
    if entry.get("message"):
        call["message"] = renaming.message(str(entry["message"]))
    return call


def _seconds(entry: dict[str, Any]) -> float:
    value = entry.get("seconds")
    return round(value, 3) if isinstance(value, int | float) else 0.0
