"""What goes wrong in Azure, rehearsed on a local cloud.

Every verb gets through what passes; test_kit_faults_lasting.py has what does not.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import pytest
from azure.core.exceptions import AzureError
from azure.identity import ClientSecretCredential
from azure.mgmt.web.models import Site

from chatkit.cloud.calls import Calls
from chatkit.cloud.local_cloud import ask
from chatkit.cloud.provision import storage
from chatkit.cloud.publish import website
from chatkit.cloud.publish.website import PageFile
from chatkit.core.errors import SetupError
from chatkit.workshop import Workshop
from tests.app_versions import write_app
from tests.steps.azure_faults import ALWAYS, RESOURCES, Fault, inject

# A dropped connection is one that its client never closes.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning"),
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning"
    ),
]
BLOB_DATA_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
SURVIVED = [
    Fault("not-registered", "create_storage_account"),
    *(Fault("throttled", verb, options={"times": 2}) for verb in RESOURCES),
    *(
        Fault(kind, "create_function_app", options={"times": 2})
        for kind in ("server-error", "unavailable", "gateway-timeout")
    ),
    *(Fault("slow", verb, options={"times": 2, "seconds": 0.5}) for verb in RESOURCES),
    *(Fault("dropped", verb, options={"times": 2}) for verb in RESOURCES),
    Fault("dropped", "create_signalr", options={"path": "checkNameAvailability"}),
    Fault("dropped", "create_function_app", options={"path": "listKeys"}),
    Fault("dropped", "create_function_app", options={"path": "sites"}),
    Fault("role-delay", "create_function_app", options={"seconds": 600}),
]


def is_used_up(fault: Fault) -> bool:
    """Say whether the failure has hit as often as it was to."""
    return fault.kind not in [one["kind"] for one in ask("GET", "/faults")["active"]]


@pytest.mark.parametrize("fault", SURVIVED, ids=str)
def test_a_passing_failure_is_survived(workshop: Workshop, fault: Fault) -> None:
    """The verb tries again where Azure wants it to, and ends as if nothing had been."""
    inject(fault)
    getattr(workshop, fault.verb)()
    assert is_used_up(fault) or fault.kind == "role-delay"


def test_publishing_needs_no_publishing_password(workshop: Workshop) -> None:
    """Basic authentication is off on the site: the package goes with the sign-in's token."""
    inject(Fault("scm-basic-off", "publish_functions", options=ALWAYS))
    write_app(workshop.folder)
    workshop.create_function_app()
    assert repr(workshop.publish_functions()).startswith("Published.")
    names = workshop.settings.names
    policy = workshop.cloud.web().web_apps.get_scm_allowed(names.resource_group, names.function_app)
    assert policy.properties is not None and policy.properties.allow is False


def test_an_app_on_another_plan_is_neither_taken_nor_published_to(workshop: Workshop) -> None:
    """A Consumption app has another deployment endpoint: both verbs name its plan and a way out."""
    names = workshop.settings.names
    web = workshop.cloud.web().web_apps
    old = Site(
        {"location": names.region, "kind": "functionapp,linux", "properties": {"reserved": True}}
    )
    web.begin_create_or_update(names.resource_group, names.function_app, old).result()
    write_app(workshop.folder)
    for verb in (workshop.create_function_app, workshop.publish_functions):
        with pytest.raises(SetupError, match=r"Dynamic plan.*clean_up"):
            verb()
    workshop.clean_up(), workshop.create_resource_group(), workshop.create_function_app()
    assert repr(workshop.publish_functions()).startswith("Published. 4 functions")


def test_a_group_that_is_still_being_deleted_is_waited_for(workshop: Workshop) -> None:
    """The next participant of the same name begins while the last one's clean-up runs."""
    ask("PUT", "/time", {"mode": "recorded", "scale": 0.02})
    try:
        groups: Any = workshop.cloud.resources().resource_groups
        groups.begin_delete(workshop.settings.names.resource_group, polling=False)
        assert (
            groups.get(workshop.settings.names.resource_group).properties.provisioning_state
            == "Deleting"
        )
        workshop.create_resource_group()
        assert (
            groups.get(workshop.settings.names.resource_group).properties.provisioning_state
            == "Succeeded"
        )
    finally:
        ask("PUT", "/time", {"mode": "fast"})


def somebody(workshop: Workshop, role: str) -> ClientSecretCredential:
    """A service principal that has nothing but one role at the storage account."""
    cloud = workshop.cloud
    graph = cloud.graph_rest()
    names = workshop.settings.names
    application = graph.send("POST", "/v1.0/applications", json={"displayName": "somebody"}).json()
    secret = graph.send(
        "POST", f"/v1.0/applications/{application['id']}/addPassword", json={}
    ).json()["secretText"]
    principal = graph.send(
        "POST", "/v1.0/servicePrincipals", json={"appId": application["appId"]}
    ).json()["id"]
    account = cloud.storage().storage_accounts.get_properties(
        names.resource_group, names.storage_account
    )
    providers = f"/subscriptions/{cloud.subscription_id}/providers/Microsoft.Authorization"
    given = {"roleDefinitionId": f"{providers}/roleDefinitions/{role}", "principalId": principal}
    assignments = f"{account.id}/providers/Microsoft.Authorization/roleAssignments"
    url = f"{assignments}/{uuid.uuid4()}?api-version=2022-04-01"
    made = cloud.rest(cloud.resource_manager).send("PUT", url, json={"properties": given})
    assert made.status_code == 201, made.text()
    return ClientSecretCredential(
        cloud.tenant_id,
        application["appId"],
        secret,
        authority=cloud.authority,
        disable_instance_discovery=True,
        connection_verify=str(cloud.ca_file),
    )


def test_a_role_that_comes_late_is_waited_for(workshop: Workshop) -> None:
    """Storage answers 403 until the assignment has arrived; the upload goes on by itself."""
    inject(Fault("role-delay", "upload_page", options={"seconds": 1.5}))
    workshop.create_storage_account()
    workshop.enable_static_website()
    names = workshop.settings.names
    cloud = workshop.cloud
    account = cloud.storage().storage_accounts.get_properties(
        names.resource_group, names.storage_account
    )
    page = PageFile(PurePosixPath("index.html"), b"<!doctype html>", "text/html", "no-cache")
    with (
        somebody(workshop, BLOB_DATA_CONTRIBUTOR) as credential,
        replace(cloud, credential=credential).blobs(storage.blob_url(account)) as late,
    ):
        with pytest.raises(AzureError, match="not authorized to perform this operation"):
            [*late.get_container_client("$web").list_blobs()]
        assert website.mirror(late, Calls(), [page]) == ["index.html"]


def test_an_account_without_keys_takes_the_page_by_the_sign_in(workshop: Workshop) -> None:
    """A policy switched shared keys off: nothing asks for them."""
    workshop.create_storage_account()
    workshop.enable_static_website()
    names = workshop.settings.names
    cloud = workshop.cloud
    cloud.storage().storage_accounts.update(
        names.resource_group, names.storage_account, {"properties": {"allowSharedKeyAccess": False}}
    )
    page = PageFile(PurePosixPath("index.html"), b"<!doctype html>", "text/html", "no-cache")
    stack = workshop.session.stack()
    assert website.upload(stack, [page]) == ["index.html"]
    assert not [call for call in stack.calls.made if "list_keys" in call.method]
