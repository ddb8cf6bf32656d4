"""A template of the learner's: read from its file, and the values that its parameters get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatkit.cloud.how import template_values as known
from chatkit.core.errors import SetupError
from chatkit.core.reading.app_json import read_object
from chatkit.core.settings import Names

SCHEME = "appScheme"
WRITTEN = "Notebook 13 has a cell that writes template/main.json."
WRITE_AGAIN = "run the cell of notebook 13 that begins with %%chatfile template/main.json"
NOT_SAID = "not made yet"
"""In the place of a client secret that only a deployment needs."""


@dataclass(frozen=True)
class Template:
    """A template, as its file has it.

    Attributes:
        name: Path of the file below my-chat, with slashes.
        document: What it says.
    """

    name: str
    document: dict[str, Any]

    @classmethod
    def read(cls, folder: Path, name: str) -> Template:
        """Read a file of the learner's.

        Args:
            folder: The learner's app.
            name: Path below it.

        Raises:
            SetupError: It is not there, cannot be read, or is no template.
        """
        path = folder / name
        if not path.exists():
            hint = f"workshop.export_template() writes one. {WRITTEN}"
            raise SetupError(f"There is no my-chat/{name}.", hint=hint)
        document = read_object(path, again=WRITE_AGAIN)
        if not isinstance(document.get("resources"), dict | list):
            hint = "A template begins with $schema, contentVersion and resources."
            raise SetupError(f"my-chat/{name} is no template: it has no resources.", hint=hint)
        return cls(name, document)

    def declares(self, parameter: str) -> bool:
        """Whether it has a parameter; their names have no case."""
        declared = self.document.get("parameters")
        names = declared if isinstance(declared, dict) else {}
        return parameter.lower() in (name.lower() for name in names)

    def values(self, given: Mapping[str, object], known: Mapping[str, str]) -> dict[str, object]:
        """The value of each parameter: what somebody gave, else what the kit knows of it."""
        chosen = {name.lower() for name in given}
        ours = {
            name: value
            for name, value in known.items()
            if self.declares(name) and name.lower() not in chosen
        }
        return {**ours, **given}


def of_kit(names: Names, scheme: str) -> dict[str, str]:
    """What the kit knows: the names that its other verbs use, and the scheme of the target."""
    return {
        known.SIGNALR_NAME: names.signalr,
        known.ACCOUNT_NAME: names.storage_account,
        known.PLAN_NAME: names.plan,
        known.SITE_NAME: names.function_app,
        known.IDENTITY_NAME: names.sign_in_identity,
        SCHEME: scheme,
    }


def check_given(given: Mapping[str, object], names: Names) -> None:
    """Refuse a name that is not the one under which the kit's other verbs look.

    Raises:
        SetupError: One is another.
    """
    ours = {name.lower(): value for name, value in of_kit(names, "").items() if value}
    for name, value in given.items():
        wanted = ours.get(name.lower(), value)
        if value != wanted:
            raise SetupError(
                f"{name} is {wanted} here: checks, publishing and clean-up look for that name.",
                hint="`Workshop.open(suffix='...')` chooses other names, when nothing is there.",
            )
