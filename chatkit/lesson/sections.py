"""The sections of the tutorial: one table, from which notebooks, checks, catching up and `chatkit
run` take what they know.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from chatkit.core.errors import NoSuchChoice, SetupError
from chatkit.core.settings import Known


@dataclass(frozen=True)
class Section:
    """One section: a notebook, whose name begins with the number, and a check.

    Attributes:
        number: Two digits.
        check: Its module in `chatkit.lesson.checks`.
        starts: The server on this machine that it starts and leaves running.
        uses_local_servers: Its check asks the servers on this machine.
        asks_deployed: Its check asks the deployed functions.
        ends_local_run: After it nothing needs those servers any more.
        cleans_up: It deletes what the others have made.
        has_resources: Its work is, or needs, something in the cloud.
        is_appendix: It stands after the clean-up, begins with the whole chat, and cleans up itself.
    """

    number: str
    check: str
    starts: Literal["functions", "page"] | None = None
    uses_local_servers: bool = False
    asks_deployed: bool = False
    ends_local_run: bool = False
    cleans_up: bool = False
    has_resources: bool = True
    is_appendix: bool = False

    @property
    def where(self) -> Literal["local", "deployed", ""]:
        """Which functions its check asks; empty for none."""
        if self.uses_local_servers:
            return "local"
        return "deployed" if self.asks_deployed else ""

    def notebook(self, folder: Path) -> Path | None:
        """Its notebook in a folder, None when it is not there."""
        return next(iter(sorted(folder.glob(f"{self.number}-*.ipynb"))), None)


SECTIONS = (
    Section("00", "start", has_resources=False),
    Section("01", "sign_in", has_resources=False),
    Section("02", "signalr"),
    Section("03", "app_folder"),
    Section("04", "connection_info", starts="functions", uses_local_servers=True),
    Section("05", "send_message", uses_local_servers=True),
    Section("06", "local_page", starts="page", uses_local_servers=True),
    Section("07", "deployed_app", asks_deployed=True),
    Section("08", "deployed_page", asks_deployed=True, ends_local_run=True),
    Section("09", "authentication", asks_deployed=True),
    Section("10", "private_messages", asks_deployed=True),
    Section("11", "clean_up", cleans_up=True, has_resources=False),
    Section("12", "without_keys", asks_deployed=True, is_appendix=True),
)
CLEAN_UP = next(section for section in SECTIONS if section.cleans_up)

PAGE = next(section for section in SECTIONS if section.check == "deployed_page")
"""After it the chat page has an address."""


def find(number: str | int) -> Section:
    """Return the section of a number; "7" and 7 are "07".

    Raises:
        NoSuchChoice: There is no such section.
    """
    return _find(number, SECTIONS)


def after(completed: Sequence[str]) -> Section:
    """Return the section to do next: the one after the last that was completed.

    The clean-up is the last there is; an appendix comes only to who names it.
    """
    following = SECTIONS[0]
    main = [section for section in SECTIONS if not section.is_appendix]
    for section, next_one in zip(main, main[1:], strict=False):
        if section.number in completed:
            following = next_one
    return following


def done(facts: Known) -> tuple[str, ...]:
    """The sections that are done now, as far as is known.

    What was completed is gone when its resources are; and nothing is cleaned up as long as there
    are any. `Known.completed` goes on knowing how far somebody has come.
    """
    exists = bool(facts.resource_group)
    is_true = {
        section.number: exists if section.has_resources else not (exists and section.cleans_up)
        for section in SECTIONS
    }
    return tuple(number for number in facts.completed if is_true.get(number))


def before(section: Section) -> list[Section]:
    """The sections that one builds on, in order: neither the clean-up nor an appendix."""
    builds = [one for one in SECTIONS if not (one.cleans_up or one.is_appendix)]
    return [one for one in builds if one.number < section.number]


def notebooks(folder: Path) -> dict[Section, Path]:
    """The notebooks in a folder, in the order of the sections.

    Raises:
        SetupError: There are none.
    """
    found = {section: section.notebook(folder) for section in SECTIONS}
    known = {section: path for section, path in found.items() if path is not None}
    if not known:
        raise SetupError("The notebooks are not here.", hint="Run this in a checkout of chatkit.")
    return known


def with_notebook(number: str | int, folder: Path) -> Section:
    """Return the section of a number that has a notebook in a folder.

    Raises:
        SetupError: There are no notebooks.
        NoSuchChoice: There is none of such a section.
    """
    return _find(number, [*notebooks(folder)])


def _find(number: str | int, known: Sequence[Section]) -> Section:
    wanted = str(number).strip()
    for section in known:
        # "7" is "07", but no number at all is not "00".
        if wanted and section.number == wanted.zfill(2):
            return section
    raise NoSuchChoice("section", wanted, [section.number for section in known])
