"""The plan of a tutorial on Azure: names, rights, cost, and questions that change nothing."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit.cloud.connection import Cloud
from chatkit.cloud.plan import minutes, money
from chatkit.cloud.plan.asking import Asking
from chatkit.cloud.plan.calls import all_calls, changes_something, with_names
from chatkit.cloud.plan.plan import Plan
from chatkit.cloud.plan.rights import right
from chatkit.core.errors import NotOffered
from chatkit.core.settings import Names
from chatkit.core.text.masking import mask
from chatkit.localcloud.entra.core.roles import ROLES, Role
from tests.cloud.fake_azure import FakeAzure, Request

NAMES = Names.of("abc123", region="westeurope")
ROLE_OF = {role.name: role for role in ROLES.values()}
TITLES = {"02": "create signalr", "07": "deploy the function app"}
ASKED = "checkNameAvailability"


def allows(role: Role, action: str) -> bool:
    """Whether a built-in role allows an action, as Azure reads its patterns."""
    fits = [
        any(fnmatch.fnmatch(action.lower(), one.lower()) for one in patterns)
        for patterns in (role.actions, role.not_actions)
    ]
    return fits == [True, False]


def test_a_role_that_is_named_allows_the_action() -> None:
    """As far as the local cloud knows the role."""
    for call in all_calls():
        role = ROLE_OF.get(right(call).role.partition(" (")[0])
        assert role is None or not call["action"] or allows(role, call["action"]), call


def test_most_actions_are_checked_with_a_role_that_is_known() -> None:
    """The test before would pass without any."""
    known = [call for call in all_calls() if right(call).role in ROLE_OF]
    assert len(known) > len(all_calls()) // 2


def test_contributor_may_do_all_but_give_roles() -> None:
    """What the plan says of one role for everything."""
    refused = {
        call["action"]
        for call in all_calls()
        if call["action"] and not allows(ROLE_OF["Contributor"], call["action"])
    }
    assert refused == {"Microsoft.Authorization/roleAssignments/write"}


def test_a_call_has_the_names_of_the_home() -> None:
    """And nothing that stands for something."""
    for call in all_calls():
        named = with_names(call, NAMES)
        assert not re.search(r"\{[a-z]+\}", f"{named['url']}{named.get('body')}"), named
        assert named["url"].startswith("https://")


def test_no_body_has_a_secret() -> None:
    """Placeholders stand for them."""
    for call in all_calls():
        text = str(call.get("body"))
        assert mask(text) == text and "AccountKey" not in text


def test_a_plan_says_everything_about_its_sections() -> None:
    """Names, providers, rights, cost, time, and each call with its body."""
    text = str(Plan(NAMES, TITLES))
    for expected in (
        "storage account chatkitabc123",
        "Microsoft.SignalRService",
        "Storage Account Contributor",
        "20 connections, 20,000 messages a day",
        "a class of 30 in one chat, a day: 1.60 USD (standard tier, 1 unit)",
        "0.000026 USD a GB-second",
        "create a SignalR Service instance: 93.6 s",
        '"sku": {"name": "FC1", "tier": "FlexConsumption"}',
        "PUT https://management.azure.com/subscriptions/<subscription id>/resourcegroups/",
        "never run against real Azure",
    ):
        assert expected in text, expected
    assert "federatedIdentityCredentials" not in text


def test_a_plan_claims_only_what_its_sections_make() -> None:
    """Quota, time, and what the appendices make."""
    start = str(Plan(NAMES, {"00": "start here"}))
    assert "Quota" not in start and "\nTime" not in start
    signalr = str(Plan(NAMES, {"02": "create signalr"}))
    assert "1 free SignalR" in signalr and "1 storage account" not in signalr
    tutorial = str(Plan(NAMES, TITLES))
    assert "1 storage account" in tutorial and "second chat" not in tutorial
    appendices = str(Plan(NAMES, {"12": "without keys", "13": "as a template"}))
    assert "-sign-in (section 12)" in appendices and "second chat" in appendices


def test_a_plan_as_a_value_has_neither_names_nor_addresses() -> None:
    """A stored notebook and a new run agree."""
    assert "abc123" not in repr(Plan(NAMES, TITLES))


def test_a_plan_counts_the_minutes_that_are_recorded() -> None:
    """Section 02 waits for one instance of SignalR Service."""
    plan = Plan(NAMES, {"02": "create signalr"})
    assert plan.minutes == pytest.approx(93.6 / 60)
    assert any("not recorded" in line for line in minutes.sources(plan.templates))


@given(st.integers(1, 90_000))
def test_a_larger_class_never_costs_less(people: int) -> None:
    """Whatever is free."""
    fewer = [one.dollars for one in money.costs(people)]
    more = [one.dollars for one in money.costs(people + 1)]
    assert all(a <= b for a, b in zip(fewer, more, strict=True))


def test_a_class_that_no_instance_takes_is_refused() -> None:
    """One sentence."""
    with pytest.raises(NotOffered, match="at most"):
        money.costs(200_000)


@pytest.mark.parametrize("people", [0, -1, 1.5, "12", 200_000])
def test_a_plan_for_no_class_is_refused_at_once(people: int) -> None:
    """A cell would not see it before `print`."""
    with pytest.raises(NotOffered):
        Plan(NAMES, TITLES, people)


def answer(request: Request) -> tuple[int, object, dict[str, str]]:
    """What an empty subscription says."""
    usage = {"name": {"value": "FreeTierInstances"}, "currentValue": 2, "limit": 5}
    answers = {
        "nameavailability": {"nameAvailable": True},
        "georegions": {"value": [{"name": "West Europe"}]},
        "usages": {"value": [usage]},
    }
    for part, body in answers.items():
        if part in request.path.lower():
            return 200, body, {}
    return 200, {"registrationState": "NotRegistered"}, {}


def test_azure_is_asked_for_names_region_quota_and_providers(
    azure: FakeAzure, cloud: Cloud
) -> None:
    """Nothing that is sent changes anything."""
    azure.on("GET", "", answer)
    azure.on("POST", ASKED, answer)
    assert [*Asking(cloud, NAMES).answers()] == [
        "name of the SignalR Service instance: chatkit-abc123 is free",
        "name of the storage account: chatkitabc123 is free",
        "name of the function app: chatkit-abc123-api is free",
        "region: westeurope offers Flex Consumption",
        "free SignalR Service instances: 2 of 5 in use in westeurope",
        "resource providers: Microsoft.SignalRService NotRegistered,"
        " Microsoft.Storage NotRegistered, Microsoft.Web NotRegistered",
    ]
    others = [one.path.lower() for one in azure.seen if one.method != "GET"]
    assert all(ASKED.lower() in path for path in others)


def test_asking_registers_no_provider(azure: FakeAzure, cloud: Cloud) -> None:
    """The SDKs' clients would: Azure asks them to."""
    text = "The subscription is not registered to use namespace 'Microsoft.Web'."
    error = {"error": {"code": "MissingSubscriptionRegistration", "message": text}}
    azure.on("", "", (409, error, {}))
    azure.on("GET", "", answer)
    azure.on("POST", ASKED, (409, error, {}))
    said = [*Asking(cloud, NAMES).answers()]
    assert "not known" in said[0] and azure.sent("POST", "/register") == []


def test_names_that_are_not_chosen_are_not_asked_for(azure: FakeAzure, cloud: Cloud) -> None:
    """They would be others at the run."""
    azure.on("GET", "", answer)
    said = [*Asking(cloud, Names.of("<suffix>")).answers()]
    assert said[0].endswith("chosen at the first run") and azure.sent("POST") == []


def test_what_is_made_already_is_no_taken_name(azure: FakeAzure, cloud: Cloud) -> None:
    """It is this home's own."""
    azure.on("GET", "", answer)
    azure.on("POST", ASKED, (200, {"nameAvailable": False, "message": "Taken."}, {}))
    said = [*Asking(cloud, NAMES, made=["chatkit-abc123"]).answers()]
    assert said[0].endswith("chatkit-abc123 is yours, and made already")
    assert said[1].endswith("chatkitabc123 is not free. Taken.")


def test_a_plan_says_what_azure_said() -> None:
    """And that it was asked."""
    told = str(replace(Plan(NAMES, TITLES), found=("region: westeurope offers it",)))
    assert "Azure was asked, and nothing was changed." in told and "westeurope offers it" in told


def test_few_calls_of_the_plan_change_something() -> None:
    """Questions sent with POST are none of them."""
    changing = [call for call in all_calls() if changes_something(call)]
    assert 0 < len(changing) < len(all_calls()) / 2
    assert not [call for call in changing if call["url"].lower().endswith("listkeys")]
