"""Who does what in a rehearsal, and when: how a room behaves that scans a code and begins to write.

Nine in ten come within half a minute, the others while the rest writes already. One in five writes,
half of the messages one by one, half in bursts. One phone in ten sleeps for a while and wakes.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

SCAN_S = 30.0
SCANS_A_SECOND = 10.0
EARLY = 0.9
WRITERS = 0.2
SLEEPERS = 0.1
SETTLE_S = 0.5
BLOCK = 10
BURST = 5
BURST_S = 0.2
MOST_A_WRITER = 0.5
"""Messages a second of one who writes: people do not write faster."""
MOST_A_PERSON = 1.0
LEAST = 2.0
SHORTEST_SLEEP_S = 1.0
LONGEST_SLEEP_S = 15.0
SEED = 17


@dataclass(frozen=True)
class Write:
    """One message.

    Attributes:
        at_s: When, from the beginning.
        who: Number of the phone.
        number: Of the message, from 0.
    """

    at_s: float
    who: int
    number: int


@dataclass(frozen=True)
class Sleep:
    """A phone that locks, and wakes.

    Attributes:
        at_s: When, from the beginning.
        for_s: How long.
        who: Number of the phone.
    """

    at_s: float
    for_s: float
    who: int


@dataclass(frozen=True)
class Plan:
    """A whole rehearsal.

    Attributes:
        joins: When each phone comes, from the beginning.
        writes: The messages, in order.
        sleeps: Phones that sleep.
        talk_from_s: When the first message is written.
        talk_ends_s: When the last is written.
        ends_s: When every phone is awake, too.
    """

    joins: tuple[float, ...]
    writes: tuple[Write, ...]
    sleeps: tuple[Sleep, ...]
    talk_from_s: float
    talk_ends_s: float
    ends_s: float

    @property
    def people(self) -> int:
        """How many phones."""
        return len(self.joins)


def made(people: int, messages: int, per_second: float) -> Plan:
    """The same plan for the same numbers: two rehearsals can be compared.

    Args:
        people: How many phones.
        messages: How many they write together.
        per_second: How many a second, on average; fewer where few people are.
    """
    per_second = min(per_second, max(LEAST, people * MOST_A_PERSON))
    dice = random.Random(SEED)
    early = max(1, math.floor(people * EARLY))
    scans_a_second = max(SCANS_A_SECOND, people / SCAN_S)
    talk_from_s = early / scans_a_second + SETTLE_S
    talk_s = messages / per_second
    joins = [number / scans_a_second for number in range(early)]
    joins += [dice.uniform(0, talk_from_s + talk_s / 2) for _ in range(people - early)]
    moments = _moments(dice, messages, per_second)
    count = max(1, round(early * WRITERS), math.ceil(per_second / MOST_A_WRITER))
    writers = dice.sample(range(early), min(early, count))
    writes = [
        Write(talk_from_s + moment, dice.choice(writers), number)
        for number, moment in enumerate(moments)
    ]
    others = sorted(set(range(early)) - set(writers))
    sleepers = dice.sample(others, min(len(others), round(people * SLEEPERS)))
    sleeps = [_sleep(dice, talk_from_s, talk_s, who) for who in sleepers]
    talk_ends_s = talk_from_s + talk_s
    ends_s = max(talk_ends_s, *(sleep.at_s + sleep.for_s for sleep in sleeps), *joins)
    return Plan(tuple(joins), tuple(writes), tuple(sleeps), talk_from_s, talk_ends_s, ends_s)


def _moments(dice: random.Random, messages: int, per_second: float) -> list[float]:
    """When messages are written, from the first: of every ten, five in a burst."""
    block_s = BLOCK / per_second
    moments: list[float] = []
    for number in range(messages):
        block, place = divmod(number, BLOCK)
        if place == 0:
            burst_at_s = dice.uniform(0, block_s)
        at_s = place * block_s / BLOCK
        if place >= BLOCK - BURST:
            at_s = burst_at_s + dice.uniform(0, BURST_S)
        moments.append(block * block_s + at_s)
    return sorted(moments)


def _sleep(dice: random.Random, talk_from_s: float, talk_s: float, who: int) -> Sleep:
    longest_s = min(LONGEST_SLEEP_S, talk_s / 3)
    for_s = dice.uniform(SHORTEST_SLEEP_S, max(SHORTEST_SLEEP_S, longest_s))
    return Sleep(talk_from_s + dice.uniform(0, talk_s * 2 / 3), for_s, who)
