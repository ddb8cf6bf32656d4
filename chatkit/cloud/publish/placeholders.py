"""Texts in the place of a secret that are none: words for people, and keys that are public.

A false alarm teaches to ignore the next one.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

PUBLIC_KEYS = {
    # Of Azurite and its predecessors: Microsoft's page "Use the Azurite emulator".
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw",
    # Of the SignalR emulator: "Azure SignalR local emulator".
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGH",
    # Of the Cosmos DB emulator: "Develop locally using the Azure Cosmos DB emulator".
    "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw",
    # Of the emulators of Event Hubs and Service Bus.
    "SAS_KEY_VALUE",
}
# One of these says what is to be done with the text.
INVITING = (
    "your yours here placeholder changeme change replace replaced insert enter todo tbd dummy "
    "fake sample example redacted hidden removed masked omitted fill paste put xxx"
)
INVITATIONS = frozenset(INVITING.split())
# Texts that consist of these only describe what belongs there.
NAMING = (
    "a an and app application access account active aad api azure base64 client connection "
    "credential credentials database db default entra for from function functions generated "
    "google hub id in is it key keys long me my name new none not null of on openai or pass "
    "passphrase password passwd primary private production pwd random real redis secret "
    "secrets server service setting shared signalr some something sql storage string strong "
    "super test text that the this to token undefined user username value very"
)
NAMES = frozenset(NAMING.split())
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
# Brackets, variables of shells, templates and pipelines, and what is left out.
TEMPLATE = re.compile(r"[<>{}]|\$\(|^\$|^%.{1,200}%$|\.\.\.|\u2026|\*\*\*|^@|^\[.{0,200}\]$")
RANDOM_RUN = re.compile(r"(?=[A-Za-z+/]{0,60}[0-9])(?=[0-9+/]{0,60}[A-Za-z])[A-Za-z0-9+/]{16}")
MEMBER = re.compile(r"[A-Za-z_$][\w$]{0,80}(?:[?!]?\.[A-Za-z_$][\w$]{0,80}){1,8}")
PATTERN = re.compile(r"://|a-z|A-Z|0-9|\.[*+]|^/")
NAME = re.compile(r"[_-]{0,2}[A-Za-z]{1,60}(?:[_-][A-Za-z]{1,60}){0,20}[_-]?[0-9]{0,2}")


def is_placeholder(value: str) -> bool:
    """Whether a text only stands where a secret belongs, or is a key that everybody knows."""
    text = unquote(value)
    if text.rstrip("=") in PUBLIC_KEYS or TEMPLATE.search(text) is not None:
        return True
    if len({*text.lower()} - {*"=-_. "}) <= 1:  # xxxx-xxxx
        return True
    words = [word.lower() for word in WORD.findall(text)]
    if RANDOM_RUN.search(text) is None and not INVITATIONS.isdisjoint(words):
        return True
    spelled = [word for word in words if not word.isdecimal()]
    return bool(spelled) and NAMES.issuperset(spelled) and len(words) - len(spelled) <= 1


def is_part(value: str) -> bool:
    """Whether a text without quotes is a part of an object of the program, `page.password`."""
    return MEMBER.fullmatch(value) is not None


def is_name(value: str) -> bool:
    """Whether a text consists of words, as a name of the program does."""
    return NAME.fullmatch(value) is not None


def is_pattern(value: str) -> bool:
    """Whether a text is an address, a path or an expression for texts."""
    return PATTERN.search(value) is not None
