"""One step in four forms: az, Python, REST, and a template's resources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chatkit.cloud.how import az, python, rest, template
from chatkit.cloud.how.requests import LocalFile, Place, Request

NOTHING_CHANGED = "This step changes nothing in Azure."
NO_RESOURCE = "Nothing that this step makes is a resource of a template."
NEW_LINE = "\n"


@dataclass(frozen=True)
class StepForms:
    """What a step sent, told in four forms.

    Attributes:
        requests: What was sent; what was there already, as it is made.
        place: Where.
        files: What the step writes on this machine.
        here: What else it does there, in sentences.
    """

    requests: Sequence[Request]
    place: Place
    files: tuple[LocalFile, ...] = ()
    here: tuple[str, ...] = ()

    def az(self) -> str:
        """Commands of the Azure CLI, for a POSIX shell."""
        return self._with_notes(az.text(az.commands(self.requests, self.place, self.files)))

    def python(self) -> str:
        """Code with the Azure SDKs."""
        return self._with_notes(python.text(self.requests, self.place, self.files))

    def rest(self) -> str:
        """HTTP requests."""
        written = [f"{file.path} is written on this machine:\n{file.text()}" for file in self.files]
        return self._with_notes(rest.text(self.requests, self.place), *written)

    def template(self) -> str:
        """Resources of a template, as JSON; a comment where there are none."""
        return template.text(self.requests, self.place) or f"# {NO_RESOURCE}"

    def _with_notes(self, text: str, *more: str) -> str:
        nothing = () if any(one.changes_something for one in self.requests) else (NOTHING_CHANGED,)
        notes = NEW_LINE.join([*nothing, *self.here, *more])
        said = NEW_LINE.join(f"# {line}" for line in notes.splitlines())
        # A form may begin with comments of its own.
        return f"{said}\n\n{text}" if said and text else said or text
