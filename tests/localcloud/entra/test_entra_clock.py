"""Codes and tokens of Entra when somebody sets the clock, and while the machine sleeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chatkit.localcloud.entra.codes import REFRESH
from tests.localcloud.entra.tenant import ARM, Tenant, running_in
from tests.localcloud.entra.test_entra_people import asked_by, redeem
from tests.times import DAY_S, HOUR_S, Times

AZURE_CLI = {"client_id": "04b07795-8ddb-461a-bbee-02f9e1bf7b46"}
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
GRAPH = "https://graph.microsoft.com/.default"


async def test_a_code_lives_ten_minutes(tenant: Tenant, times: Times, jump_s: float) -> None:
    """Of those that pass: setting the clock ends no sign-in, and lengthens none."""
    asked, secret = await asked_by(tenant)
    first = (await tenant.sign_in(asked))["code"]
    second = (await tenant.sign_in(asked))["code"]
    times.jump(jump_s)
    assert (await redeem(tenant, asked, secret, first))[0] == 200
    times.suspend(HOUR_S)
    assert (await redeem(tenant, asked, secret, second))[1]["error_codes"] == [70008]


async def test_a_device_has_fifteen_minutes(tenant: Tenant, times: Times, jump_s: float) -> None:
    """The person may type the code after the clock was set, and not after an hour."""
    first = await device_flow(tenant)
    second = await device_flow(tenant)
    times.jump(jump_s)
    assert (await poll(tenant, first))["error"] == "authorization_pending"
    form = {"otc": first["user_code"], "user": "bob"}
    async with tenant.http.post(first["verification_uri"], data=form) as answer:
        assert answer.status == 200
    assert "access_token" in await poll(tenant, first)
    times.suspend(HOUR_S)
    assert (await poll(tenant, second))["error"] == "expired_token"


async def device_flow(tenant: Tenant) -> dict[str, Any]:
    """Begin to sign a device in."""
    url = tenant.token_url.replace("/token", "/devicecode")
    async with tenant.http.post(url, data={**AZURE_CLI, "scope": f"{ARM}/.default"}) as answer:
        flow: dict[str, Any] = await answer.json()
        return flow


async def poll(tenant: Tenant, flow: dict[str, Any]) -> dict[str, Any]:
    """Ask for the device's tokens."""
    grant = {"grant_type": DEVICE, "device_code": flow["device_code"], **AZURE_CLI}
    return (await tenant.post(**grant))[1]


async def test_a_refresh_token_lives_ninety_days(
    tenant: Tenant, times: Times, jump_s: float
) -> None:
    """Of those that pass."""
    asked, secret = await asked_by(tenant)
    code = (await tenant.sign_in(asked))["code"]
    _, answer = await redeem(tenant, asked, secret, code)
    client = {"client_id": asked["client_id"], "client_secret": secret}
    grant = {"grant_type": "refresh_token", "refresh_token": answer["refresh_token"], **client}
    times.jump(100 * jump_s)
    assert (await tenant.post(**grant))[0] == 200
    times.jump(-100 * jump_s)
    times.suspend(90 * DAY_S + 60)
    assert (await tenant.post(**grant))[1]["error_codes"] == [700082]
    # A day later it is forgotten, as soon as somebody gets another one.
    times.suspend(DAY_S)
    code = (await tenant.sign_in(asked))["code"]
    assert (await redeem(tenant, asked, secret, code))[0] == 200
    assert len([*tenant.store.items(REFRESH)]) == 1
    assert (await tenant.post(**grant))[1]["error_codes"] == [9002313]


async def test_a_client_secret_ends_on_its_day(tenant: Tenant, times: Times) -> None:
    """A date in a document is the clock's: while that is elsewhere, so is the date."""
    scope = "https://graph.microsoft.com/.default"
    app, secret = await tenant.register()
    client = {"client_id": app, "client_secret": secret, "scope": scope}
    times.jump(-DAY_S)
    assert (await tenant.post(grant_type="client_credentials", **client))[0] == 200
    times.jump(200 * DAY_S)
    _, refused = await tenant.post(grant_type="client_credentials", **client)
    assert refused["error_codes"] == [7000222]


async def test_an_access_token_is_of_the_clock(tenant: Tenant, times: Times, jump_s: float) -> None:
    """An old one is refused while the clock is elsewhere; a new one counts at once."""
    old = await tenant.token(GRAPH)
    times.jump(jump_s)
    assert await ask_graph(tenant, old) == 401
    assert await ask_graph(tenant, await tenant.token(GRAPH)) == 200
    times.jump(-jump_s)
    assert await ask_graph(tenant, old) == 200
    times.suspend(2 * HOUR_S)
    assert await ask_graph(tenant, old) == 401


async def ask_graph(tenant: Tenant, token: str) -> int:
    """The status of a list of applications."""
    url = f"{tenant.known['graph']}/v1.0/applications"
    headers = {"Authorization": f"Bearer {token}"}
    async with tenant.http.get(url, headers=headers) as answer:
        return answer.status


@pytest.mark.parametrize("boots", [False, True], ids=["new process", "new start of the machine"])
async def test_a_refresh_token_lives_no_longer_when_the_cloud_was_down(
    tmp_path: Path, times: Times, boots: bool
) -> None:
    """The clock was set back meanwhile: ninety days are ninety days, and not the jump more."""
    async with running_in(tmp_path) as tenant:
        asked, secret = await asked_by(tenant)
        code = (await tenant.sign_in(asked))["code"]
        _, answer = await redeem(tenant, asked, secret, code)
    client = {"client_id": asked["client_id"], "client_secret": secret}
    grant = {"grant_type": "refresh_token", "refresh_token": answer["refresh_token"], **client}
    times.jump(-DAY_S)
    if boots:
        times.reboot()
    else:
        times.new_process()
    async with running_in(tmp_path) as tenant:
        assert (await tenant.post(**grant))[0] == 200
        times.suspend(90 * DAY_S + 60)
        assert (await tenant.post(**grant))[1]["error_codes"] == [700082]
