"""The preflight on a real local cloud: what would stop the workshop later is said before."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential, CredentialUnavailableError
from azure.mgmt.signalr.models import ResourceSku, SignalRResource

from chatkit.cloud import local_cloud
from chatkit.cloud.connection import Cloud
from chatkit.cloud.local_cloud import ask
from chatkit.core import settings as store
from chatkit.lesson.doctor.diagnose import diagnose
from chatkit.lesson.doctor.preflight.finding import Finding
from chatkit.lesson.doctor.report import NOT_KNOWN
from chatkit.lesson.doctor.snapshot import snapshot
from chatkit.steps.session import Session
from chatkit.workshop import Workshop

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """A workshop in a home of its own, in which nothing was done."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHATKIT_HOME", str(home))
        yield Workshop.open()
        local_cloud.stop(home / "local")


@pytest.fixture
def workshop(opened: Workshop) -> Iterator[Workshop]:
    """The same with its settings put back at the end."""
    before = opened.settings
    yield opened
    store.save(opened.home, before)


def checks(workshop: Workshop) -> dict[str, Finding]:
    """What the doctor found, by name."""
    return {check.what: check for check in diagnose(workshop.session).checks}


def as_somebody(
    workshop: Workshop, patch: pytest.MonkeyPatch, *roles: str, group: str = ""
) -> None:
    """Go on as an account that has some roles only, at the subscription or at one group."""
    cloud = workshop.cloud
    graph, scope = cloud.graph_rest(), f"/subscriptions/{cloud.subscription_id}"
    app = graph.send("POST", "/v1.0/applications", json={"displayName": "somebody"}).json()
    person = graph.send("POST", "/v1.0/servicePrincipals", json={"appId": app["appId"]}).json()
    given = graph.send("POST", f"/v1.0/applications/{app['id']}/addPassword", json={}).json()[
        "secretText"
    ]
    for role in roles:
        place = f"{scope}/resourceGroups/{group}" if group else scope
        definition = f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{role}"
        wanted = {"properties": {"roleDefinitionId": definition, "principalId": person["id"]}}
        assignments = f"{place}/providers/Microsoft.Authorization/roleAssignments"
        path = f"{assignments}/{uuid.uuid4()}?api-version=2022-04-01"
        cloud.rest(cloud.resource_manager).send("PUT", path, json=wanted).raise_for_status()
    credential = ClientSecretCredential(
        cloud.tenant_id,
        app["appId"],
        given,
        authority=cloud.authority,
        disable_instance_discovery=True,
        connection_verify=str(cloud.ca_file),
    )
    be(replace(cloud, credential=credential), patch)


def be(cloud: Cloud, patch: pytest.MonkeyPatch) -> None:
    """Let the workshop have another cloud."""
    patch.setattr(Session, "connect", lambda self, start=True: cloud)


def test_all_is_well_in_a_new_workshop(workshop: Workshop) -> None:
    """What section 02 will do is announced, and what it costs."""
    found = checks(workshop)
    assert all(check.ok and not check.hint for check in found.values())
    assert found["Rights"].found == "everything that the notebooks create"
    assert found["Resource providers"].found.endswith("; section 02 registers them")
    assert found["SignalR quota"].found == "0 of 5 free instances of eastus2 in use"
    assert (
        "as an estimate" in found["Cost"].found
        and "storage/blobs/" in found["Cost"].found
        and "https://azure.microsoft.com/pricing" in found["Cost"].found
    )


def test_a_reader_lacks_rights(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each action that will be refused is named, and that nobody registers the providers."""
    as_somebody(workshop, monkeypatch, READER)
    found = checks(workshop)
    assert not found["Rights"].ok and "Microsoft.Web/sites/write" in found["Rights"].found
    assert "Contributor" in found["Rights"].hint
    assert (
        not found["Resource providers"].ok
        and "az provider register" in found["Resource providers"].hint
    )


def test_a_contributor_of_the_group_alone_has_all_rights_there(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A group made for a participant is enough, but for the providers."""
    workshop.cloud.resources().resource_groups.create_or_update(
        workshop.settings.names.resource_group, {"location": "eastus2"}
    )
    as_somebody(workshop, monkeypatch, READER)
    reader = workshop.cloud
    monkeypatch.undo()
    as_somebody(workshop, monkeypatch, CONTRIBUTOR, group=workshop.settings.names.resource_group)
    assert checks(workshop)["Rights"].ok
    be(reader, monkeypatch)
    assert not checks(workshop)["Rights"].ok


def test_who_may_read_nothing_is_told_so(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No role at all: the subscription does not answer such a person."""
    as_somebody(workshop, monkeypatch)
    found = checks(workshop)
    assert found["Subscription"].ok is False
    assert found["Subscription"].found.startswith("not reached (HttpResponseError)")
    assert found["Rights"].ok is None


def test_a_clock_that_is_wrong_is_named(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A laptop that slept for twenty minutes: asked without a token, because none would be good."""
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() - 1200)
    found = checks(workshop)["Clock skew"]
    assert (found.ok, found.found) == (
        False,
        "this machine is 20 minutes behind",
    ) and "Set the clock" in found.hint


def test_a_region_that_lacks_something_is_named(workshop: Workshop) -> None:
    """Before a minute is spent on a plan that cannot be."""
    store.save(workshop.home, replace(workshop.settings, region="ukwest"))
    found = checks(workshop)["Region"]
    assert (found.ok, found.found) == (
        False,
        "ukwest has no Flex Consumption",
    ) and "region=" in found.hint


def test_a_used_up_quota_is_named(workshop: Workshop) -> None:
    """Five free instances, and none of them this workshop's."""
    workshop.create_resource_group()
    settings, client = workshop.settings, workshop.cloud.signalr().signal_r
    wanted = SignalRResource(
        location=settings.region, sku=ResourceSku(name="Free_F1", tier="Free", capacity=1)
    )
    for number in range(5):
        client.begin_create_or_update(
            settings.names.resource_group, f"somebodys-{number}", wanted
        ).result()
    found = checks(workshop)["SignalR quota"]
    workshop.cloud.resources().resource_groups.begin_delete(settings.names.resource_group).result()
    assert (found.ok, found.found) == (False, "5 of 5 free instances of eastus2 in use")
    assert found.hint.startswith("Delete a free instance")


def test_resources_that_are_gone_are_named(workshop: Workshop) -> None:
    """Somebody deleted the group in the portal: what a file remembers is not what there is."""
    workshop.create_resource_group()
    group = workshop.settings.names.resource_group
    workshop.cloud.resources().resource_groups.begin_delete(group).result()
    (found,) = diagnose(workshop.session).problems
    assert found.problem.key == "resources-gone" and f"group {group}, and it is gone" in found.seen


def test_without_a_sign_in_azure_is_not_reached(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Target azure without az: the doctor does not say that all is well, and says what to do."""
    refused = CredentialUnavailableError("Azure CLI not found on path")

    def connect(self: Session, start: bool = True) -> Cloud:
        raise ClientAuthenticationError(str(refused))

    monkeypatch.setattr(Session, "connect", connect)
    store.save(workshop.home, replace(workshop.settings, target="azure"))
    found = diagnose(workshop.session)
    assert found.ok is False
    (problem,) = found.as_dict()["problems"]
    assert problem["title"] == "Azure is the target, and az is not there"
    assert "az login" in problem["fix"] and "target='local'" in problem["fix"]


def test_a_cloud_that_does_not_answer_is_named(workshop: Workshop) -> None:
    """Resource Manager closes every connection: the rest is not known, and nothing is made up."""
    ask("PUT", "/faults/dropped", {"times": 0})
    found = diagnose(workshop.session)
    ask("DELETE", "/faults")
    wrong = [check.what for check in found.checks if not check.ok]
    assert wrong == ["Subscription"] and not found.problems
    assert "Region" not in {check.what for check in found.checks}
    assert any(one.startswith("region: no answer") for one in found.not_known)


def test_a_slow_cloud_holds_up_nobody(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """What did not answer in time is listed, and counts neither as good nor as bad."""
    monkeypatch.setitem(snapshot.LIMITS_S, "local", 2.5)
    ask("PUT", "/faults/slow", {"times": 0, "seconds": 20, "path": "geoRegions"})
    found = diagnose(workshop.session)
    ask("DELETE", "/faults")
    print(f"diagnosed a slow cloud in {found.seconds:.2f} s")
    assert found.ok is None and found.not_known == ["region: no answer in time"]
    assert repr(found).splitlines() == [NOT_KNOWN, "??  region: no answer in time"]


def test_azure_is_asked_the_same_questions(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With target azure nothing differs but the endpoints.

    The costs are not softened by a local cloud.
    """
    be(replace(workshop.cloud, target="azure"), monkeypatch)
    store.save(workshop.home, replace(workshop.settings, target="azure"))
    found = diagnose(workshop.session)
    assert {"Subscription", "Rights", "Resource providers", "SignalR quota", "Region"} <= {
        check.what for check in found.checks
    }
    assert next(check.found for check in found.checks if check.what == "Cost").startswith(
        "0 USD a day, as an estimate"
    )
