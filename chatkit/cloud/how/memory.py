"""What each step sent the last time, kept in the home: the whole chat can be told from it.

Secrets are not in it: they are replaced before a request is noted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from chatkit.cloud.how import az, portable
from chatkit.cloud.how.forms import StepForms
from chatkit.cloud.how.requests import LocalFile, Place, Request
from chatkit.core.errors import NotWritten
from chatkit.core.files import write_private
from chatkit.core.home import records
from chatkit.core.results import Result, capitalised
from chatkit.core.settings import Names

FILE = "steps.json"
LOST = "`workshop.how()` knows the steps that are done from now on"
NOTHING = "Nothing was made yet."
PAGE_CONFIG = "/config.json"
DELETES_ALL = "ResourceGroupsOperations.begin_delete"


@dataclass(frozen=True)
class Remembered:
    """The steps of one target, by title in the order in which they were done first.

    Attributes:
        steps: Forms of each step.
    """

    steps: Mapping[str, StepForms]

    def whole(self) -> StepForms | None:
        """Everything that makes the chat, as one step; None when nothing was done yet."""
        parts = [step for step in self.steps.values() if _is_part(step)]
        if not parts:
            return None
        requests = [request for step in parts for request in step.requests]
        files = {file.path: file for step in parts for file in step.files if _is_page(file)}
        return StepForms(requests, _common([step.place for step in parts]), tuple(files.values()))


def load(home: Path, target: str) -> Remembered:
    """Read what the steps of a target sent the last time."""
    path = home / FILE
    known = records.read_record(path, lost=LOST)
    try:
        found = {name: Remembered(dict(_read(steps))) for name, steps in known.items()}
    except (AttributeError, KeyError, TypeError):
        records.forget_record(path, lost=LOST)
        return Remembered({})
    return found.get(target, Remembered({}))


def tell(home: Path, target: str, what: str) -> Result:
    """How to make the whole of it without the kit.

    Args:
        home: Where the steps are remembered.
        target: Whose steps.
        what: What they make together, in the course's words.
    """
    whole = load(home, target).whole()
    if whole is None:
        return Result(NOTHING)
    commands = az.commands(whole.requests, whole.place, whole.files)
    count = sum(command.program == "az" for command in commands)
    commands_are = "az command" if count == 1 else "az commands"
    return Result(f"{capitalised(what)} in {count} {commands_are}.", forms=whole)


def template(home: Path, target: str) -> str:
    """The whole chat as one template; a comment when no step has made a resource yet."""
    whole = load(home, target).whole()
    found = portable.text(whole.requests, whole.place) if whole is not None else ""
    return found or f"# {NOTHING}"


def note(home: Path, target: str, title: str, forms: StepForms) -> None:
    """Remember what a step sent, where the disk takes it: the step itself is done."""
    path = home / FILE
    known: dict[str, Any] = {**records.read_record(path, lost=LOST)}
    steps = known.get(target)
    if not isinstance(steps, dict) or (_is_part(forms) and _is_gone(steps)):
        steps = {}
    known[target] = {**steps, title: asdict(replace(forms, here=()))}
    with suppress(NotWritten):
        write_private(path, json.dumps(known))


def _is_gone(steps: Mapping[str, Any]) -> bool:
    """Whether what the steps have made was deleted: what is made now is another chat."""
    with suppress(AttributeError, KeyError, TypeError):
        return any(
            request["operation"] == DELETES_ALL
            for step in steps.values()
            for request in step["requests"]
        )
    return False


def _read(known: Any) -> Iterator[tuple[str, StepForms]]:
    for title, step in known.items():
        requests = [_request(one) for one in step["requests"]]
        files = tuple(LocalFile(one["path"], one["content"]) for one in step["files"])
        place = {**step["place"], "names": Names(**step["place"]["names"])}
        place["function_files"] = tuple(place["function_files"])
        yield title, StepForms(requests, Place(**place), files)


def _request(known: Mapping[str, Any]) -> Request:
    listed = {
        "arguments": tuple(known["arguments"]),
        "headers": tuple((name, value) for name, value in known["headers"]),
        "meant": tuple(known["meant"]),
    }
    return Request(**{**known, **listed})


def _is_part(step: StepForms) -> bool:
    """Whether a step makes something of the deployed chat."""
    if any(request.operation == DELETES_ALL for request in step.requests):
        return False
    if any(request.changes_something for request in step.requests):
        return True
    return any(_is_page(file) for file in step.files)


def _is_page(file: LocalFile) -> bool:
    return file.path.endswith(PAGE_CONFIG)


def _common(places: list[Place]) -> Place:
    """The last place, with what only earlier steps knew of it."""
    found = places[0]
    for place in places[1:]:
        known = {one.name: getattr(place, one.name) for one in fields(place)}
        found = replace(found, **{name: value for name, value in known.items() if value})
    return found
