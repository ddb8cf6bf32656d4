"""What a step needs and does not find, and the shortest command that makes it from here."""

from __future__ import annotations

import re
from dataclasses import dataclass

from chatkit.core.work.course_choice import is_tutorial


@dataclass(frozen=True)
class Thing:
    """Something that a section makes and later ones need.

    Attributes:
        name: What it is.
        words: What Azure says when it is not there.
        verb: What makes it, when everything before its section is there.
        section: The section of the tutorial that does.
    """

    name: str
    words: re.Pattern[str]
    verb: str
    section: str

    def remedy(self, section: str = "") -> str:
        """What to type.

        Args:
            section: The section whose step needs it; empty when that is not known.
        """
        if section > self.section and is_tutorial():  # other courses number otherwise
            return f'workshop.catch_up("{section}") makes what comes before section {section}.'
        return f"{self.verb} makes it."


APP = Thing(
    "function app",
    re.compile(r"Microsoft\.Web/sites", re.I),
    "workshop.create_function_app()",
    "07",
)
THINGS = (
    Thing(
        "resource group",
        re.compile(r"resource group .{0,90} could not be found", re.I),
        "workshop.create_resource_group()",
        "02",
    ),
    Thing(
        "SignalR Service instance",
        re.compile(r"Microsoft\.SignalRService/SignalR", re.I),
        "workshop.create_signalr()",
        "02",
    ),
    Thing(
        "storage account",
        re.compile(r"Microsoft\.Storage/storageAccounts", re.I),
        "workshop.create_storage_account()",
        "07",
    ),
    APP,
)


def remedy(said: str, section: str = "") -> str:
    """What helps when Azure says that something is not there; empty when that is not known.

    Args:
        said: Azure's message.
        section: The section whose step has met it; empty when that is not known.
    """
    for thing in THINGS:
        if thing.words.search(said):
            return f"There is no {thing.name} yet. {thing.remedy(section)}"
    return ""
