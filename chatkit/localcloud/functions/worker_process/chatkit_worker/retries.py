"""The retry policy of a function, read from its decorator as Microsoft's Python worker reads it.

What is malformed keeps the whole app from loading there, and so it does here.
"""

from __future__ import annotations

import time
from typing import Any

FIXED = "fixed_delay"
EXPONENTIAL = "exponential_backoff"
# What the worker sends for intervals that the decorator leaves out.
SHORTEST_S = 0
LONGEST_S = 2147483647
Policy = dict[str, Any]


def policy(function: Any) -> Policy | None:
    """The policy of a function; None for one without.

    Raises:
        TypeError: An interval is missing.
        ValueError: The strategy is unknown, or a number or an interval is malformed.
    """
    settings = function.get_settings_dict("retry_policy")
    if not settings:
        return None
    strategy = settings.get("strategy")
    found = {"strategy": strategy, "max_count": int(settings.get("max_retry_count"))}
    if strategy == FIXED:
        delay_s = _seconds(settings.get("delay_interval"))
        return {**found, "shortest_s": delay_s, "longest_s": delay_s}
    if strategy != EXPONENTIAL:
        raise ValueError(f'unknown enum label "{strategy}"')  # protobuf's words
    shortest = settings.get("minimum_interval")
    longest = settings.get("maximum_interval")
    return {
        **found,
        "shortest_s": _seconds(shortest) if shortest else SHORTEST_S,
        "longest_s": _seconds(longest) if longest else LONGEST_S,
    }


def _seconds(text: str) -> int:
    read = time.strptime(text, "%H:%M:%S")
    return (read.tm_hour * 60 + read.tm_min) * 60 + read.tm_sec
