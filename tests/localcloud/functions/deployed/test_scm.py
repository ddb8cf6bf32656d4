"""The deployment endpoint (SCM): who may ask it, and what it answers."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from tests.attacks import deployment, pages
from tests.localcloud.functions.deployed.deployed_cloud import SCOPE, Cloud, app_zip


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Basic dXNlcjpwYXNz"},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": "Bearer"},
    ],
)
async def test_scm_takes_entra_tokens_only(cloud: Cloud, headers: dict[str, str]) -> None:
    """401 with a challenge; a password is told why."""
    status, text = await cloud.scm("POST", "/api/publish", data=b"x", headers=headers)
    assert status == 401
    assert ("Basic authentication is disabled" in text) == ("Basic" in str(headers))


async def test_scm_takes_the_publishing_password_where_the_site_allows_it(cloud: Cloud) -> None:
    """The site's own user, with or without the site's name before it.

    A wrong one is told so, and none does once it is off.
    """
    await cloud.service.apply(replace(cloud.spec, publishing_password="secret"))
    answers = []
    for user, password in (
        ("$site", "secret"),
        ("site\\$site", "secret"),
        ("$site", "wrong"),
        ("$other", "secret"),
    ):
        credential = base64.b64encode(f"{user}:{password}".encode()).decode()
        answers.append(
            await cloud.scm(
                "GET", "/api/deployments", headers={"Authorization": f"Basic {credential}"}
            )
        )
    assert [status for status, _ in answers] == [200, 200, 401, 401] and "wrong" in answers[2][1]
    await cloud.service.apply(cloud.spec)
    good = base64.b64encode(b"$site:secret").decode()
    assert (await cloud.scm("GET", "/api/deployments", headers={"Authorization": f"Basic {good}"}))[
        0
    ] == 401


@pytest.mark.parametrize("name", pages.FORGED_PUBLISHING)
async def test_no_page_publishes(cloud: Cloud, name: str) -> None:
    """A browser that was once given the password sends it along, whatever page asks.

    Nor does a page with a token of its own, which it got somewhere else.
    """
    await cloud.service.apply(replace(cloud.spec, publishing_password="secret"))
    headers = cloud.bearer()
    if name == "with the publishing password":
        headers = {"Authorization": f"Basic {base64.b64encode(b'$site:secret').decode()}"}
    for page in pages.OTHER_PAGES.values():
        status, answer = await cloud.scm("POST", "/api/publish", headers={**headers, **page})
        assert status == 403 and "another site" in answer["Message"]
    assert (await cloud.scm("GET", "/api/deployments", headers=headers))[1] == []


async def test_scm_checks_the_audience(cloud: Cloud) -> None:
    """Resource Manager's audiences and App Service's own."""
    for audience, status in [
        ("https://appservice.azure.com", 200),
        ("https://storage.azure.com", 401),
    ]:
        assert (await cloud.scm("GET", "/api/deployments", headers=cloud.bearer(audience)))[
            0
        ] == status


SUBSCRIPTION = "/subscriptions/s"
GROUP = "/subscriptions/s/resourceGroups/g"
READ = ("/", "/api/settings", "/api/deployments", "/api/isdeploying")


@pytest.mark.parametrize(
    ("role", "scope"),
    [("Owner", SUBSCRIPTION), ("Contributor", GROUP), ("Website Contributor", SCOPE)],
)
async def test_scm_is_for_those_who_may_publish(cloud: Cloud, role: str, scope: str) -> None:
    """At the site or above it. A package that is none is refused after that."""
    cloud.assign(role, "bob", scope=scope)
    headers = cloud.bearer(oid="bob")
    for path in READ:
        assert (await cloud.scm("GET", path, headers=headers))[0] == 200
    assert (await cloud.scm("POST", "/api/publish", headers=headers, data=b""))[0] == 400


@pytest.mark.parametrize("attempt", deployment.WITHOUT_THE_RIGHT)
async def test_nobody_publishes_without_the_right(cloud: Cloud, attempt: str) -> None:
    """Nor reads: settings are secrets, and everything here leads to the app's code."""
    role, scope = deployment.WITHOUT_THE_RIGHT[attempt]
    if role:
        cloud.assign(role, "mallory", scope=scope)
    headers = cloud.bearer(oid="mallory")
    for path in READ:
        assert (await cloud.scm("GET", path, headers=headers))[0] == 403
    status, text = await cloud.scm("POST", "/api/publish", headers=headers, data=app_zip("hers"))
    assert status == 403 and "Microsoft.Web/sites/publish/Action" in text
    assert await cloud.scm("GET", "/api/deployments") == (200, [])


@pytest.mark.parametrize("attempt", deployment.WRONG_PASSWORDS)
async def test_a_wrong_password_publishes_nothing(cloud: Cloud, attempt: str) -> None:
    """Where the site allows its password: no other one, no other user."""
    await cloud.service.apply(replace(cloud.spec, publishing_password="secret"))
    credential = deployment.WRONG_PASSWORDS[attempt]
    headers = {"Authorization": f"Basic {base64.b64encode(credential).decode()}"}
    assert (await cloud.scm("GET", "/api/settings", headers=headers))[0] == 401
    assert (await cloud.scm("POST", "/api/publish", headers=headers, data=b"x"))[0] == 401


async def test_scm_answers_what_is_not_there(cloud: Cloud) -> None:
    """Unknown deployments, empty packages, and the endpoint of the other plan."""
    assert await cloud.scm("GET", "/api/settings") == (200, {"A": "1"})
    assert await cloud.scm("GET", "/api/deployments/") == (200, [])
    assert (await cloud.scm("GET", "/api/deployments/nobody"))[0] == 404
    assert (await cloud.scm("GET", "/api/deployments/latest"))[0] == 404
    assert (await cloud.scm("POST", "/api/publish", data=b""))[0] == 400
    assert (await cloud.scm("POST", "/api/zipdeploy", data=b"x"))[0] == 404


async def test_zip_deploy_of_a_consumption_app(cloud: Cloud) -> None:
    """202 with Location when asynchronous, else it waits; 400 with the reason when it fails."""
    await cloud.service.apply(replace(cloud.spec, sku="Dynamic"))
    assert (await cloud.scm("POST", "/api/publish", data=b"x"))[0] == 404
    assert (await cloud.scm("POST", "/api/zipdeploy?isAsync=true", data=app_zip("one")))[0] == 202
    assert (await cloud.finished("latest"))["status"] == 4
    assert (await cloud.scm("POST", "/api/zipdeploy", data=app_zip("two")))[0] == 200
    assert await cloud.version() == "two"
    status, text = await cloud.scm("POST", "/api/zipdeploy", data=b"no zip")
    assert status == 400 and "not a valid zip" in text
