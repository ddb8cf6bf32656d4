"""How much one caller may ask: a token bucket per principal and kind of request.

Resource Manager has them since 2024.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from chatkit.localcloud.recorded.clock import Clock
from chatkit.localcloud.resource_manager.core import errors

# Kind: bucket size and refill per second of a whole subscription; a principal has a fifteenth of
# it. This machine has one principal as a rule, so the larger bucket counts; both headers show it.
GLOBAL_FACTOR = 15
LIMITS = {"reads": (16500, 375.0), "writes": (12000, 150.0), "deletes": (12000, 150.0)}
KINDS = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}


@dataclass
class Bucket:
    """Tokens that are left, as of a time."""

    tokens: float
    at: float


class Throttle:
    """Buckets of all callers."""

    def __init__(self, limits: dict[str, tuple[int, float]] | None = None) -> None:
        self.limits = limits or LIMITS
        self._buckets: dict[tuple[str, str], Bucket] = {}

    def take(self, principal: str, method: str) -> dict[str, str]:
        """Take a token; returns the headers that say how many are left.

        Raises:
            ArmError: 429 with Retry-After when the bucket is empty.
        """
        kind = KINDS.get(method, "writes")
        size, per_second = self.limits[kind]
        now = Clock.now()
        bucket = self._buckets.setdefault((principal, kind), Bucket(size, now))
        bucket.tokens = min(size, bucket.tokens + (now - bucket.at) * per_second)
        bucket.at = now
        if bucket.tokens < 1:
            wait_s = max(1, math.ceil((1 - bucket.tokens) / per_second))
            raise errors.too_many(kind, wait_s)
        bucket.tokens -= 1
        left = int(bucket.tokens)
        return {
            f"x-ms-ratelimit-remaining-subscription-{kind}": str(left // GLOBAL_FACTOR),
            f"x-ms-ratelimit-remaining-subscription-global-{kind}": str(left),
        }
