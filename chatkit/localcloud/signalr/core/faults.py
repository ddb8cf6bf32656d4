"""Faults on demand, for lessons and tests: slow answers, expired tokens, used-up quotas."""

from __future__ import annotations

from dataclasses import dataclass

from chatkit.localcloud.signalr.core.errors import BadRequest, QuotaExceeded, Unauthorized

KINDS = ("drop", "delay", "expire", "429")


@dataclass
class Faults:
    """What will go wrong at one instance, and how often."""

    expiring: int = 0
    refusing: int = 0
    delaying: int = 0
    delay_s: float = 0

    def set(self, kind: str, *, count: int, seconds: float) -> None:
        """Let the next requests fail.

        Args:
            kind: "delay", "expire" or "429" ("drop" happens at once and is not kept here).
            count: How many requests fail; 0 takes the fault back.
            seconds: How long a delay is.

        Raises:
            BadRequest: There is no such fault.
        """
        if kind == "delay":
            self.delaying = count
            self.delay_s = seconds
        elif kind == "expire":
            self.expiring = count
        elif kind == "429":
            self.refusing = count
        else:
            raise BadRequest(f"There is no fault '{kind}'. There are: {', '.join(KINDS)}.")

    def reset(self) -> None:
        """Take every fault back."""
        self.expiring = 0
        self.refusing = 0
        self.delaying = 0

    def fail_token(self) -> None:
        """Fail a token check if one is due.

        Raises:
            Unauthorized: As for a token that has expired.
        """
        if self.expiring > 0:
            self.expiring -= 1
            raise Unauthorized("The token is expired")

    def fail_quota(self) -> None:
        """Fail a send or a connection if one is due.

        Raises:
            QuotaExceeded: As when the tier is used up.
        """
        if self.refusing > 0:
            self.refusing -= 1
            raise QuotaExceeded("Message count reaches limit (ordered as a fault).")

    def take_delay_s(self) -> float:
        """Seconds that the next answer waits."""
        if self.delaying <= 0:
            return 0
        self.delaying -= 1
        return self.delay_s
