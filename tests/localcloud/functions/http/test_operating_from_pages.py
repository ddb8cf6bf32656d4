"""Other sites' pages and a local run, which asks nobody for a key."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.attacks import pages
from tests.localcloud.functions.functions_testing import Served, serving, settings_json, write_app

pytestmark = pytest.mark.asyncio(loop_scope="module")
SCRIPT = """
@app.timer_trigger(schedule='0 0 0 1 1 *', arg_name='t')
def tick(t: func.TimerRequest) -> None: print('ticked')

@app.route(route='post', methods=['POST'])
def post(req): return 'posted'
"""
PAGE = "http://127.0.0.1:5500"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def run(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """A local run with a page that it allows."""
    settings = settings_json(CORS=PAGE, CORSCredentials=True)
    folder: Path = tmp_path_factory.mktemp("app")
    async with serving(write_app(folder, SCRIPT, local_settings_json=settings)) as served:
        await served.run.host.ready()
        yield served


@pytest.mark.parametrize("attempt", pages.LOCAL_RUN)
async def test_no_page_operates_a_local_run(run: Served, attempt: str) -> None:
    """A simple POST needs no preflight: any page that the learner has open could send it."""
    method, path = pages.LOCAL_RUN[attempt]
    for headers in pages.OTHER_PAGES.values():
        assert await run.ask(method, path, headers=headers) == (
            403,
            "A page of another site cannot do that.\n",
        )
    assert "ticked" not in run.log


async def test_not_even_the_allowed_page_operates_it(run: Served) -> None:
    """CORS is for the functions. Azure would ask for the master key."""
    headers = {"Origin": PAGE, "Sec-Fetch-Site": "cross-site"}
    assert (await run.ask("POST", "/admin/host/restart", headers=headers))[0] == 403
    assert (await run.ask("POST", "/api/post", headers=headers)) == (200, "posted")


@pytest.mark.parametrize("attempt", ["start the host anew", "synchronise triggers"])
async def test_tools_operate_it(run: Served, attempt: str) -> None:
    """Editors and curl send no Origin; so does a person's own page at this address."""
    method, path = pages.LOCAL_RUN[attempt]
    for headers in ({}, {"Origin": run.url, "Sec-Fetch-Site": "same-origin"}):
        assert (await run.ask(method, path, headers=headers))[0] < 300


async def test_a_link_shows_what_there_is(run: Served) -> None:
    """From a notebook, say: it is on another port."""
    headers = {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate"}
    assert (await run.ask("GET", "/admin/functions", headers=headers))[0] == 200
