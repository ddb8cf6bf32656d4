"""What a guest posts: whether the app gets it, and what of it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chatkit.core import strict_json
from chatkit.localcloud.stage.moderation.rates import Rates
from chatkit.localcloud.stage.moderation.rules import Rules
from chatkit.localcloud.stage.moderation.words import WordList

# The stage says who has sent a message. The others are what a SignalR output binding reads: an app
# that hands on what it was sent would let a guest send whatever there is to whomever.
NOT_HANDED_ON = frozenset(
    {
        "actions",
        "arguments",
        "connectionid",
        "endpoints",
        "groupname",
        "sender",
        "senderid",
        "target",
        "userid",
    }
)
# More than any page of the kit sends; to look for words in endless texts takes endless time.
MAX_CHARACTERS = 4_000
TOO_LONG = f"A message has at most {MAX_CHARACTERS:,} characters."
NO_MESSAGE = "A message is a JSON object with a text."
PAUSED = "The presenter has paused the chat. Please send it again when the chat goes on."
MUTED = "The presenter has muted you. Nobody sees what you write."
WORD = "The presenter does not allow “{word}” in this chat. Please say it in other words."
NAME = "Your name has a word that the presenter does not allow. Please change your name."
SLOW = "The chat is in slow mode: one message every {every:g} s. Please wait {wait} s."
GUEST = "You are writing too fast. Please wait {wait} s."
ROOM = "Everybody is writing at the same time. Please wait {wait} s."


class PostRefused(Exception):
    """A message that the app does not get; the text is for its writer.

    Attributes:
        status: The HTTP status.
        reason: One word for the page.
        wait_s: After which it can be sent again; 0 when nobody knows.
    """

    def __init__(self, status: int, reason: str, sentence: str, wait_s: int = 0) -> None:
        super().__init__(sentence)
        self.status = status
        self.reason = reason
        self.wait_s = wait_s


@dataclass(frozen=True)
class Writer:
    """Who posts.

    Attributes:
        id: By which the room knows the writer.
        name: What everybody sees.
        has_cookie: Whether it is one phone; else it is everybody at one address without a cookie.
        names: All that the writer has and had.
    """

    id: str
    name: str
    has_cookie: bool
    names: tuple[str, ...] = ()


def read(body: bytes) -> dict[str, Any]:
    """The message in what was posted.

    Raises:
        PostRefused: There is no message, or it is too long.
    """
    try:
        message = strict_json.loads(body)
    except ValueError:
        message = None
    if not isinstance(message, dict):
        raise PostRefused(400, "form", NO_MESSAGE)
    if sum(len(text) for text in _texts(message)) > MAX_CHARACTERS:
        raise PostRefused(413, "form", TOO_LONG)
    return message


def signed(message: Mapping[str, Any], writer: Writer) -> bytes:
    """A message with its writer as the sender, whoever it says: some apps believe it."""
    told = {name: item for name, item in message.items() if name.casefold() not in NOT_HANDED_ON}
    return json.dumps({**told, "sender": writer.name}).encode()


def check(
    message: Mapping[str, Any], writer: Writer, rules: Rules, words: WordList, rates: Rates
) -> None:
    """Look whether a writer may send a message now.

    Raises:
        PostRefused: Not now, or not this one.
    """
    # By name those who had chosen none yet, or had written to an app that tells no ids.
    if writer.id in rules.muted or not rules.muted_names.isdisjoint(writer.names):
        raise PostRefused(403, "muted", MUTED)
    if rules.is_paused:
        raise PostRefused(403, "paused", PAUSED)
    if words.found_in(writer.name):
        raise PostRefused(403, "word", NAME)
    for text in _texts(message):
        word = words.found_in(text)
        if word:
            raise PostRefused(403, "word", WORD.format(word=word))
    _check_rates(writer, rules, rates)


def _check_rates(writer: Writer, rules: Rules, rates: Rates) -> None:
    wait_s = math.ceil(rates.slow_wait_s(writer.id, rules.slow_s))
    if wait_s:
        raise PostRefused(429, "slow", SLOW.format(every=rules.slow_s, wait=wait_s), wait_s)
    wait_s = math.ceil(rates.guest_wait_s(writer.id, has_cookie=writer.has_cookie))
    if wait_s:
        raise PostRefused(429, "guest", GUEST.format(wait=wait_s), wait_s)
    wait_s = math.ceil(rates.room_wait_s())
    if wait_s:
        raise PostRefused(429, "room", ROOM.format(wait=wait_s), wait_s)


def _texts(value: object) -> Iterator[str]:
    """Every text in a message, but not for whom it is."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name != "recipient":
                yield from _texts(item)
