"""One step in four forms: az, Python, REST, and a template's resources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chatkit.cloud.how import az, python, rest, template
from chatkit.cloud.how.requests import Place, Request

NOTHING_SENT = "Nothing goes to Azure in this step."
NO_RESOURCE = "Nothing that this step makes is a resource of a template."
NEW_LINE = "\n"


@dataclass(frozen=True)
class StepForms:
    """What a step sent, told in four forms.

    Attributes:
        requests: What was sent; what was there already, as it is made.
        place: Where.
        here: What the step does on this machine, in sentences.
    """

    requests: Sequence[Request]
    place: Place
    here: tuple[str, ...] = ()

    def az(self) -> str:
        """Commands of the Azure CLI, for a POSIX shell."""
        return self._with_notes(az.text(az.commands(self.requests, self.place)))

    def python(self) -> str:
        """Code with the Azure SDKs."""
        return self._with_notes(python.text(self.requests, self.place) if self.requests else "")

    def rest(self) -> str:
        """HTTP requests."""
        return self._with_notes(rest.text(self.requests, self.place))

    def template(self) -> str:
        """Resources of a template, as JSON; a comment where there are none."""
        return template.text(self.requests) or f"# {NO_RESOURCE}"

    def _with_notes(self, text: str) -> str:
        notes = [*([] if text else [NOTHING_SENT]), *self.here]
        return NEW_LINE.join([*(f"# {note}" for note in notes), *([text] if text else [])])
