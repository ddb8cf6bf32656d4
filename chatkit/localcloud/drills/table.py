"""The drills there are: what happens in each and why, and what an audience can look at.

The command line, the presenter's screen and docs/stage.md take their words from here.
"""

from __future__ import annotations

from dataclasses import dataclass

DROP = "signalr-drop"
FUNCTIONS = "functions-down"
STORAGE = "storage-down"
SLOW = "slow"
EXPIRED = "token-expired"


@dataclass(frozen=True)
class Lesson:
    """What a drill shows.

    Attributes:
        title: A few words, for a heading.
        happens: What happens now, and when that happens in Azure.
        look: What to look at.
    """

    title: str
    happens: str
    look: str


KINDS = {
    DROP: Lesson(
        "Everybody is thrown out",
        "SignalR Service has ended every connection of this chat, and takes no new one until the"
        " drill ends. In Azure that happens when the service is updated, or a network fails.",
        "Every page says that it is not connected, and tries again by itself. What is written"
        " meanwhile is in the history: who comes back reads it, and misses nothing.",
    ),
    FUNCTIONS: Lesson(
        "The functions are down",
        "The function app answers 503 to everything. In Azure that happens while an app starts"
        " anew, or when it cannot start.",
        "The pages stay connected, because that is SignalR Service's work. Only nobody can send: a"
        " message waits on its writer's page, and goes out by itself when the functions are back.",
    ),
    STORAGE: Lesson(
        "The storage is down",
        "The storage account answers 503 ServerBusy: the history cannot be read or written, and a"
        " page that lies there does not open. In Azure that happens to an account with too many"
        " requests.",
        "Messages arrive everywhere, because SignalR Service needs no storage. Their writers read"
        " that they are not kept in the history: who comes later does not see them.",
    ),
    SLOW: Lesson(
        "Everything is slow",
        "Functions and page answer late. In Azure that happens at the first request after a pause"
        " (a cold start), or far away from the region.",
        'A message of one\'s own says "Sending…" until the functions have answered; nobody can'
        " send it twice meanwhile. What is on its way arrives in order.",
    ),
    EXPIRED: Lesson(
        "All tokens have expired",
        "SignalR Service has ended every connection, and takes no token from before the drill. In"
        " Azure a token is good for an hour, and none is good after a key was made anew.",
        "Every page gets a new token from the functions (negotiate) and is back in seconds."
        " Nobody has to sign in again.",
    ),
}
