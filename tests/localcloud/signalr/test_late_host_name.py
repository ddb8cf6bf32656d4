"""An instance whose host name is not known yet: nothing answers, as where DNS has no such name."""

from __future__ import annotations

import aiohttp
import pytest

from chatkit.core.time.propagation import HOST_NAME, SIGNALR_HOST
from tests.localcloud.signalr.harness import Running


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_new_instance_does_not_answer_at_once(running: Running, scheme: str) -> None:
    """Neither its REST API nor clients' connections; it does afterwards."""
    clock = running.service._clock
    clock.mode = "azure"
    host = SIGNALR_HOST.format(running.spec.name)
    clock.begin(HOST_NAME, host)
    url = f"{scheme}://localhost:{running.spec.port}/api/v1/health"
    with pytest.raises((aiohttp.ClientConnectionError, ConnectionError)):
        await running.http.get(url, ssl=False)
    clock.propagating.end(HOST_NAME, host)
    async with running.http.get(url, ssl=False) as answer:
        assert answer.status == 200
