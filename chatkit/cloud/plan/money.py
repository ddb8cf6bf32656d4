"""What a day of a chat and a class cost on Azure; `chatkit class cost` counts a class by hours."""

from __future__ import annotations

from dataclasses import dataclass

from chatkit.cloud.provision import tiers
from chatkit.cloud.provision.prices import HOURS_A_MONTH, SIGNALR, STORAGE, paid_use

CALLS_A_PERSON = 1_000
"""Of functions in a day: generous."""
GB_A_CHAT = 0.05
"""Its package, its page, its messages."""


@dataclass(frozen=True)
class Cost:
    """What something costs, in US dollars.

    Attributes:
        what: What it is.
        dollars: The sum.
        how: How it comes about.
    """

    what: str
    dollars: float
    how: str

    def __str__(self) -> str:
        return f"{self.what}: {self.dollars:.2f} USD ({self.how})"


def costs(people: int) -> list[Cost]:
    """A day of one person's chat, and of a class: each with their own, or all in one chat.

    Args:
        people: How many are in the class.

    Raises:
        NotOffered: No instance takes so many people.
    """
    size = tiers.holding(people)
    instance = 0.0 if size.tier is tiers.FREE else SIGNALR.dollars * size.units
    use = sum(paid_use(people * CALLS_A_PERSON))
    free = f"{people} free instances; how many a region gives a subscription is a quota"
    return [
        Cost(
            "a day, one person",
            sum(paid_use(CALLS_A_PERSON)) + _stored(1),
            "free tier, within the free grant of functions",
        ),
        Cost(
            f"a class of {people}, each with a chat of their own, a day",
            use + _stored(people),
            free,
        ),
        Cost(f"a class of {people} in one chat, a day", instance + use + _stored(1), str(size)),
    ]


def _stored(chats: int) -> float:
    return chats * GB_A_CHAT * STORAGE.dollars * 24 / HOURS_A_MONTH
