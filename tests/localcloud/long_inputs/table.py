"""What strangers may send at length, and what reads it: for tests of how the work grows.

A reader that is given its input in many small pieces is fed so here, too.
"""

from __future__ import annotations

from typing import Final

from tests.localcloud.long_inputs import apps, hubs, requests
from tests.localcloud.long_inputs.case import Case

CASES: Final[dict[str, Case]] = {**requests.CASES, **apps.CASES, **hubs.CASES}
