"""Retry policies: how often and when a failed invocation is made again.

Follows Microsoft's page "Azure Functions error handling and retries" and the WebJobs SDK, whose
exponential backoff is randomized by a fifth.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

EXPONENTIAL = "exponential_backoff"
FOR_EVER = -1
JITTER = 0.2
# Doubling goes on to the longest interval, which is an int32 at most.
MOST_DOUBLINGS = 31


class PolicyInvalid(ValueError):
    """Azure's host refuses a policy; the message says why."""


@dataclass(frozen=True)
class RetryPolicy:
    """The policy of one function.

    Attributes:
        max_count: Retries after the first invocation; FOR_EVER without an end.
        shortest_s: The interval, or the first one of an exponential backoff.
        longest_s: No interval is longer.
        is_exponential: Whether intervals grow.
    """

    max_count: int
    shortest_s: float
    longest_s: float
    is_exponential: bool = False

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> RetryPolicy:
        """What the child has read of a function's decorator.

        Raises:
            PolicyInvalid: Azure's host refuses it.
        """
        is_exponential = found["strategy"] == EXPONENTIAL
        policy = cls(found["max_count"], found["shortest_s"], found["longest_s"], is_exponential)
        if policy.max_count < FOR_EVER:
            raise PolicyInvalid(
                f"has max_retry_count {policy.max_count}; it is a number of retries, or -1 for"
                " retries without an end"
            )
        if policy.shortest_s > policy.longest_s:
            raise PolicyInvalid("has a minimumInterval that is greater than its maximumInterval")
        return policy

    def allows(self, attempt: int) -> bool:
        """Whether another attempt follows so many retries."""
        return self.max_count == FOR_EVER or attempt < self.max_count

    def delays_s(self, uniform: random.Random | None = None) -> Iterator[float]:
        """How long each retry waits for the attempt before it, without an end."""
        chance = uniform or random.Random()
        for doublings in count(-1):
            interval = self.shortest_s
            if self.is_exponential and doublings >= 0:
                factor = chance.uniform(1 - JITTER, 1 + JITTER)
                interval += factor * 2 ** min(doublings, MOST_DOUBLINGS) * self.shortest_s
            yield min(interval, self.longest_s)
