"""Extension bundles: which one host.json asks for, and whether the host takes it.

Follows Microsoft's page "Azure Functions extension bundles" and ExtensionBundleManager of the
Functions host: it takes the newest released version in a range, and refuses to start with one
below its minimum.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from chatkit.localcloud.functions.host.errors import AppInvalid

DEFAULT_ID = "Microsoft.Azure.Functions.ExtensionBundle"
PREVIEW_ID = f"{DEFAULT_ID}.Preview"
EXPERIMENTAL_ID = f"{DEFAULT_ID}.Experimental"
Version = tuple[int, int, int]
# The newest release of each major version; all of them but 1 have the SignalR bindings. Previews
# and experiments are taken to be as new.
RELEASED: tuple[Version, ...] = ((1, 8, 1), (2, 35, 0), (3, 37, 0), (4, 38, 0))
IDS = (DEFAULT_ID, PREVIEW_ID, EXPERIMENTAL_ID)
# extensionrequirements.json of the host, and what its pull request 10290 asks for on Flex.
MINIMUM: Version = (2, 6, 1)
FLEX_MINIMUM: Version = (4, 12, 0)
ID = re.compile(r"\w+(?:[.-]\w+)*")  # of a NuGet package
FLOATING = re.compile(r"(\d{1,9})(?:\.(\d{1,9}|\*)){0,1}(?:\.(\d{1,9}|\*)){0,1}")
EXAMPLE = f'{{"id": "{DEFAULT_ID}", "version": "[4.*, 5.0.0)"}}'


@dataclass(frozen=True)
class Bundle:
    """A bundle that the host uses."""

    id: str
    version: Version


@dataclass(frozen=True)
class Range:
    """Versions from a lowest one on, as NuGet writes them: `[4.*, 5.0.0)`, `4.0.0`, `[4.38.0]`."""

    lowest: Version = (0, 0, 0)
    with_lowest: bool = True
    highest: Version | None = None
    with_highest: bool = False

    @classmethod
    def parse(cls, text: str) -> Range:
        """Read a range.

        Raises:
            ValueError: The text is not a range.
        """
        text = text.strip()
        if not text.startswith(("[", "(")):
            return cls(_version(text))
        low, comma, high = text[1:-1].partition(",")
        if text[-1] not in ")]" or not (low.strip() or high.strip()):
            raise ValueError(f"{text!r} is no range")
        if not comma:
            only = _version(low)
            return cls(only, True, only, True)
        lowest = _version(low) if low.strip() else (0, 0, 0)
        highest = _version(high) if high.strip() else None
        return cls(lowest, text[0] == "[", highest, text[-1] == "]")

    def __contains__(self, version: Version) -> bool:
        if version < self.lowest or (version == self.lowest and not self.with_lowest):
            return False
        if self.highest is None:
            return True
        return version < self.highest or (version == self.highest and self.with_highest)

    def newest(self, released: tuple[Version, ...]) -> Version | None:
        """The newest version in the range.

        Only the newest release of each major version is known here. A range that ends before it
        has older ones: the newest of them is taken to be where the range ends.
        """
        known = [version for version in released if version in self]
        if not known:
            known = [self._end() for version in released if self.lowest < version > self._end()]
        return max(known, default=None)

    def _end(self) -> Version:
        if self.highest is None:
            return self.lowest
        major, minor, patch = self.highest
        before = (major, minor - 1, 0)
        if self.with_highest:
            return self.highest
        if minor and not patch and before in self:
            return before
        return self.lowest


def used(wanted: dict[str, Any], *, is_flex: bool = False) -> Bundle | None:
    """The bundle that the host gets for `extensionBundle`; None for one that there is not.

    Args:
        wanted: `extensionBundle` of host.json.
        is_flex: The app is deployed to Flex Consumption, which asks for a newer one.

    Raises:
        AppInvalid: id or version are malformed, or the host refuses the version.
    """
    if not wanted:
        return None
    id_ = wanted.get("id")
    if not isinstance(id_, str) or not ID.fullmatch(id_) or len(id_) > 100:
        raise AppInvalid(
            "The value of id property in extensionBundle section of host.json file is invalid or"
            " missing.",
            hint=f"For example {EXAMPLE}.",
        )
    try:
        versions = Range.parse(str(wanted.get("version") or ""))
    except ValueError:
        raise AppInvalid(
            "The value of version property in extensionBundle section of host.json file is invalid"
            " or missing.",
            hint=f"For example {EXAMPLE}.",
        ) from None
    # The address that bundles are downloaded from compares their names without case.
    name = next((known for known in IDS if known.lower() == id_.lower()), "")
    version = versions.newest(RELEASED)
    if not name or version is None:
        return None
    if name == DEFAULT_ID:
        _check_minimum(version, FLEX_MINIMUM if is_flex else MINIMUM)
    return Bundle(name, version)


def _check_minimum(version: Version, minimum: Version) -> None:
    if version >= minimum:
        return
    needed = version_text(minimum)
    raise AppInvalid(
        f"Referenced bundle {DEFAULT_ID} of version {version_text(version)} does not meet the"
        f" required minimum version of {needed}. Update your extension bundle reference in"
        f" host.json to reference {needed} or later.",
        hint=f"For example {EXAMPLE}.",
    )


def version_text(version: Version) -> str:
    """A version as people write it."""
    return ".".join(map(str, version))


def _version(text: str) -> Version:
    """A version; what is left out or floats is 0, its lowest."""
    found = FLOATING.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no version")
    major, minor, patch = (int(part) if part and part != "*" else 0 for part in found.groups())
    return (major, minor, patch)
