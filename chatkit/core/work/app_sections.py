"""Which section the learner's functions belong to, and what brings them to another section.

Later sections write files of earlier ones anew: 09's messages have a sender that 06's functions do
not give. A cell of an earlier section therefore brings the other files along.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from pathlib import Path

from chatkit.core.settings import HUB

MAGIC = "%%chatfile"
WRITTEN_HUB = re.compile(rb'(hubName=|^HUB = )"chat"', re.MULTILINE)
FOLDER = "functions/"
NONE = "00"
"""Of which section a file is that is not there."""
ALIKE = 0.6
"""How much of an edited file is a version's, for it to be made from that version."""


@dataclass(frozen=True)
class Version:
    """A file as a cell writes it.

    Attributes:
        section: Of the cell's notebook.
        content: The file's.
    """

    section: str
    content: bytes


@dataclass(frozen=True)
class Move:
    """The way of the functions to another section.

    Attributes:
        section: The one they are brought to.
        before: The one that they were of; empty when they were of several.
        files: What has to be written besides the file that set it off.
        added: Files that no section up to this one has: they have to go.
    """

    section: str
    before: str
    files: Mapping[str, bytes]
    added: Sequence[str] = ()

    @property
    def is_back(self) -> bool:
        """Whether it leads to an earlier section."""
        return self.section < self.before


@dataclass(frozen=True)
class AppSections:
    """What the notebooks write, in their order.

    Args:
        notebooks: Their folder.
        hub: The hub that the app uses in the place of the notebooks' own.
    """

    notebooks: Path
    hub: str = HUB

    def versions(self, name: str) -> Sequence[Version]:
        """Every version of a file that some notebook writes, the first one first."""
        return self._versions.get(name, ())

    @property
    def functions(self) -> list[str]:
        """The names of all functions' files that some notebook writes."""
        return [name for name in self._versions if name.startswith(FOLDER)]

    def section_of(self, name: str, content: bytes) -> str:
        """The last section that leaves a file like that; empty when it is no notebook's."""
        known = self.versions(name)
        same = [version.section for version in known if version.content == content]
        if same or not known:
            return max(same, default="")
        nearest = max(known, key=lambda version: _likeness(version.content, content))
        return nearest.section if _likeness(nearest.content, content) >= ALIKE else ""

    def at_end_of(self, section: str) -> dict[str, Version]:
        """The functions as a section leaves them."""
        last = {}
        for name in self.functions:
            for version in self._versions[name]:
                if version.section <= section:
                    last[name] = version
        return last

    def at_start_of(self, section: str) -> dict[str, Version]:
        """The functions as a section finds them."""
        earlier = [one for one in self._sections if one < section]
        return self.at_end_of(max(earlier)) if earlier else {}

    def of(self, app: Mapping[str, bytes]) -> str:
        """The last section that leaves functions as these are; empty when none does.

        Files that are nobody's, and those that a later section adds, change nothing.
        """
        for section in sorted(self._sections, reverse=True):
            wanted = self.at_end_of(section)
            if all(
                name in app and self.section_of(name, app[name]) in ("", version.section)
                for name, version in wanted.items()
            ):
                return section
        return ""

    def set_off(
        self, name: str, content: bytes, app: Mapping[str, bytes], done: Collection[str]
    ) -> Move | None:
        """What a cell sets off that writes a file of another section than the one that is there.

        Args:
            name: The file's.
            content: What the cell writes.
            app: The files that are there.
            done: Sections that were completed.
        """
        old = app.get(name)
        section = self.section_of(name, content)
        if old == content or not section:
            return None
        before = self.section_of(name, old or b"")
        if old is None or section > before > "":
            return self.forward(section, app, done, besides=name)
        if not section < before:
            return None
        wanted = self.at_end_of(section)
        later = [one for one in app if one != name and self.section_of(one, app[one]) > section]
        files = {one: wanted[one].content for one in later if one in wanted}
        added = [one for one in later if one not in wanted]
        return Move(section, max(self.of(app), before), files, added)

    def forward(
        self, section: str, app: Mapping[str, bytes], done: Collection[str], *, besides: str = ""
    ) -> Move | None:
        """What brings functions of an earlier section to the start of one; None when nothing does.

        Only what completed sections have left comes back, and nothing in an app that another
        version of the kit, or somebody by themselves, has written.
        """
        if not self._are_most_ours(app):
            return None
        # A file that is missing in the middle of others is no sign that somebody has gone back.
        missing = NONE if self.of(app) else ""
        files = {}
        for name, wanted in self.at_start_of(section).items():
            there = self.section_of(name, app[name]) if name in app else missing
            if name != besides and there and there < wanted.section and wanted.section in done:
                files[name] = wanted.content
        return Move(section, self.of(app), files) if files else None

    def _are_most_ours(self, app: Mapping[str, bytes]) -> bool:
        ours = [
            name
            for name, content in app.items()
            if content in [version.content for version in self.versions(name)]
        ]
        return 2 * len(ours) > len(app)

    @cached_property
    def _sections(self) -> set[str]:
        """Those that write functions."""
        return {version.section for name in self.functions for version in self._versions[name]}

    @cached_property
    def _versions(self) -> dict[str, list[Version]]:
        found: dict[str, list[Version]] = {}
        for path in sorted(self.notebooks.glob("*.ipynb")):
            for name, content in _written(path):
                own = with_hub(content, self.hub)
                found.setdefault(name, []).append(Version(path.name[:2], own))
        return found


def content_of(text: str) -> bytes:
    """A cell's text as a file: with exactly one newline at its end."""
    return f"{text.rstrip(chr(10))}\n".encode()


def with_hub(content: bytes, hub: str) -> bytes:
    """A file of the app with its own hub, in the place of the one that the notebooks write.

    On an instance that a class shares, everybody would be in the same chat otherwise.
    """
    return content if hub == HUB else WRITTEN_HUB.sub(rb"\g<1>" + f'"{hub}"'.encode(), content)


def _written(path: Path) -> Iterator[tuple[str, bytes]]:
    # A notebook may be damaged, or being saved.
    with suppress(OSError, ValueError, KeyError, TypeError):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            text = "".join(cell["source"])
            if text.startswith(f"{MAGIC} "):
                head, _, body = text.partition("\n")
                yield head.removeprefix(MAGIC).strip(), content_of(body)


def _likeness(one: bytes, other: bytes) -> float:
    matcher = SequenceMatcher(None, one.splitlines(), other.splitlines(), autojunk=False)
    return matcher.ratio()
