"""Replaces names in a report: one thing has the same invented name everywhere in it.

A reader of the report can follow which id comes back where, and learns nobody's name by it.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from typing import Any

from chatkit.cloud.how.app_commands import ROLES
from chatkit.cloud.trace.scrubbing import GUID, scrub

MAIL = re.compile(r"(?<![^\s'\"<>(,;:=/])[^\s'\"<>(),;:=/@]++@[^\s'\"<>(),;:=/@]+")
IP = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])")
# Behind such a part of a path stands a name that somebody chose.
NAMED = re.compile(
    r"/(resourceGroups|SignalR|storageAccounts|serverfarms|sites|userAssignedIdentities"
    r"|deployments|components)/([^/?&\s'\"<>\\]+)",
    re.IGNORECASE,
)
KINDS = {
    "resourcegroups": "group",
    "signalr": "instance",
    "storageaccounts": "account",
    "serverfarms": "plan",
    "sites": "app",
    "userassignedidentities": "identity",
    "deployments": "deployment",
    "components": "component",
}
SUFFIXES = (
    "azurewebsites.net",
    "core.windows.net",
    "service.signalr.net",
    "azurestaticapps.net",
    "onmicrosoft.com",
)
KEPT_HOSTS = frozenset(
    {
        *("management.azure.com", "graph.microsoft.com", "login.microsoftonline.com"),
        *("aka.ms", "learn.microsoft.com", "go.microsoft.com", "storage.azure.com"),
    }
)
HOST = re.compile(r"(?<=://)[^/\s'\"<>?#]+")
NAKED_HOST = re.compile(
    r"(?<![\w.-])[\w-]++(?:\.[\w-]++)*?\.(?:azurewebsites\.net|windows\.net|signalr\.net"
    r"|azurestaticapps\.net|onmicrosoft\.com)(?::\d+)?(?![\w.-])",
    re.IGNORECASE,
)
# What services quote: a name of somebody, or a word of theirs, which has a slash or a dot.
QUOTED = re.compile(r"(?<!\w)'([^'/\n]{1,200})'(?!\w)")
# Of these no name is made: providers, versions and dates, fields, and what was replaced already.
WORDS = re.compile(
    r"Microsoft(?:\.\w+)+|[\d.-]+|<[^>]*>|location|name|kind|properties|sku|tags|identity"
    r"|type|value|id|api-version|code|scope"
)
KEPT_IDS = frozenset({*ROLES, "00000003-0000-0000-c000-000000000000"})
SHORTEST = 3
LONG_NAME = 6
LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class Renaming:
    """Replaces what names somebody or something, and remembers what by.

    Args:
        known: Names and what stands for them: those of the home, the user of this machine.
        kept_ids: Ids that are the same in every tenant, in lower case.
    """

    def __init__(self, known: Mapping[str, str], kept_ids: frozenset[str] = KEPT_IDS) -> None:
        self._kept_ids = kept_ids
        self._names: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        for name, meant in known.items():
            if len(name) >= SHORTEST:
                self._names[_lower(name)] = f"<{meant}>"

    @property
    def replaced(self) -> dict[str, int]:
        """How many of each kind were replaced."""
        kinds = [re.sub(r" \d+(?=>)", "", name).strip("<>") for name in self._names.values()]
        return {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}

    def learn(self, text: str) -> None:
        """Find the names that stand in addresses, before anything is replaced."""
        for kind, name in NAMED.findall(text):
            is_word = name.lower() in ("default", "publishxml") or name.startswith("<")
            if len(name) >= SHORTEST and not is_word and not GUID.fullmatch(name):
                self._name(name, KINDS[kind.lower()])

    def text(self, text: str) -> str:
        """A text without names and without secrets."""
        found = scrub(text).replace("%40", "@")  # as addresses have it
        found = MAIL.sub(lambda one: self._name(one[0], "person"), found)
        found = HOST.sub(self._host, found)
        found = NAKED_HOST.sub(self._host, found)
        found = GUID.sub(self._id, found)
        found = IP.sub(lambda one: self._name(one[0], "address"), found)
        for name in sorted(self._names, key=len, reverse=True):
            if "<" not in name:
                found = _without(found, name, self._names[name])
        return found

    def message(self, text: str) -> str:
        """A message of a service: what it quotes may be anybody's name."""
        return QUOTED.sub(self._quoted, self.text(text))

    def value(self, value: Any) -> Any:
        """A document, its names and its values."""
        if isinstance(value, dict):
            return {self.text(str(name)): self.value(one) for name, one in value.items()}
        if isinstance(value, list):
            return [self.value(one) for one in value]
        return self.text(value) if isinstance(value, str) else value

    def _host(self, found: re.Match[str]) -> str:
        host = found[0].rpartition("@")[2].lower()
        if host in KEPT_HOSTS or host.startswith("<"):
            return host
        ends = next((one for one in SUFFIXES if host.partition(":")[0].endswith(one)), "")
        name = self._name(host, "host")
        return f"{name}.{ends}" if ends else name

    def _id(self, found: re.Match[str]) -> str:
        if found[0].lower() in self._kept_ids:
            return found[0]
        return self._name(found[0], "id")

    def _quoted(self, found: re.Match[str]) -> str:
        if WORDS.fullmatch(found[1]):
            return found[0]
        return f"'{self._name(found[1], 'name')}'" if "<" not in found[1] else found[0]

    def _name(self, text: str, kind: str) -> str:
        known = self._names.get(_lower(text))
        if known is None:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            known = f"<{kind} {self._counts[kind]}>"
            self._names[_lower(text)] = known
        return known


def _lower(text: str) -> str:
    """A text in lower case, as long as it was: some other letters get longer."""
    return text.translate(LOWER)


def _without(text: str, name: str, meant: str) -> str:
    """A text with something else in the place of a name; of a short one only as a whole word."""
    parts: list[str] = []
    lower = _lower(text)
    done = 0
    at = lower.find(name)
    while at >= 0:
        end = at + len(name)
        around = lower[max(0, at - 1) : at] + lower[end : end + 1]
        if len(name) >= LONG_NAME or not any(map(str.isalnum, around)):
            parts += [text[done:at], meant]
            done = end
        at = lower.find(name, end)
    return "".join([*parts, text[done:]])
