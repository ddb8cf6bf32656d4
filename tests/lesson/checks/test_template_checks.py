"""The check of section 13 on a real local cloud: what learners do to a chat from a template, what
they are told, and that the repair works.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.web.models import CorsSettings, SiteConfig, SiteConfigResource

from chatkit.cloud.templates import deploying
from chatkit.core.settings import checkout
from chatkit.lesson.checks.core import evidence
from chatkit.lesson.sections import TUTORIAL
from chatkit.steps.app_files import copy_page
from chatkit.workshop import Workshop
from tests.app_versions import write_app
from tests.homes import workshop_in
from tests.lesson.doctor.ready_workshop import edited, fails

pytestmark = pytest.mark.slow
FILL = ("write_local_settings", "publish_functions", "set_page_url", "upload_page")


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """A chat from the kit's template, in a home of its own."""
    with workshop_in(tmp_path_factory.mktemp("home")) as opened:
        write_app(opened.folder, until="13")
        copy_page(checkout() / "content", folder=opened.folder, home=opened.home)
        for verb in ("create_resource_group", "register_app", "deploy_template", "register_app"):
            getattr(opened, verb)()
        for verb in FILL:
            getattr(opened, verb)()
        for section in TUTORIAL.before(TUTORIAL.find("13")):
            opened.complete(section.number)
        yield opened


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that does not come within two seconds does not come."""
    monkeypatch.setattr(evidence, "ARRIVAL_S", 2.0)


def template(workshop: Workshop) -> Path:
    """The learner's template."""
    return workshop.folder / "template" / "main.json"


def test_the_checks_pass_on_what_the_template_made(workshop: Workshop) -> None:
    """Those of the sections whose work it does, and its own; the doctor finds nothing."""
    for section in ("07", "08", "09", "10", "13"):
        assert workshop.check(section).text.startswith(f"Section {section} works:")
    found = workshop.doctor()
    assert found.ok, repr(found)


def test_13_notices_what_was_changed_by_hand(workshop: Workshop) -> None:
    """Another origin in the portal: what-if names the property, and deploying mends it."""
    names = workshop.settings.names
    cors = CorsSettings(allowed_origins=["https://stranger.example"], support_credentials=True)
    workshop.cloud.web().web_apps.update_configuration(
        names.resource_group,
        names.function_app,
        SiteConfigResource(properties=SiteConfig(cors=cors)),
    )
    words = "expected nothing to change, got ~ Microsoft.Web/sites/config .*allowedOrigins"
    assert "deploy_template" in fails(workshop, "13", words)
    workshop.deploy_template()
    workshop.check("13")


def test_13_notices_that_sign_in_leads_nowhere(workshop: Workshop) -> None:
    """As after a deployment, until `register_app()` was called once more."""
    client_id = workshop.settings.facts.client_id
    url = f"/v1.0/applications(appId='{client_id}')"
    body = {"web": {"redirectUris": ["https://elsewhere.example/.auth/login/aad/callback"]}}
    assert workshop.cloud.graph_rest().send("PATCH", url, json=body).status_code < 300
    words = "The app registration: expected a way back to .*, got none"
    assert "register_app" in fails(workshop, "13", words)
    workshop.register_app()
    workshop.check("13")


def test_13_notices_a_secret_in_the_history(workshop: Workshop) -> None:
    """A parameter of the type string is shown to everybody who may read the group."""
    with edited(template(workshop), '"securestring"', '"string"'):
        workshop.deploy_template()
    words = "keeps of the deployment: expected no secret, got the client secret"
    assert "securestring" in fails(workshop, "13", words)
    workshop.deploy_template()
    workshop.check("13")


def test_13_notices_a_deployment_that_failed(workshop: Workshop) -> None:
    """The error says which resource, and why; what was there goes on."""
    with (
        edited(template(workshop), '"Free_F1"', '"Free_F9"'),
        pytest.raises(HttpResponseError) as caught,
    ):
        workshop.deploy_template()
    notes = "\n".join(caught.value.__notes__)
    assert "deploy_template() again" in notes, notes
    assert "deploy_template" in fails(
        workshop, "13", "The deployment: expected Succeeded, got Fail"
    )
    workshop.check("10")
    workshop.deploy_template()
    workshop.check("13")


def test_deploying_it_again_makes_no_other_secret(workshop: Workshop) -> None:
    """And changes nothing, as what-if has said."""
    client_id = workshop.settings.facts.client_id
    before = secrets(workshop, client_id)
    assert "would change nothing" in workshop.what_if().text
    workshop.deploy_template()
    assert secrets(workshop, client_id) == before
    assert "would change nothing" in workshop.what_if().text


def secrets(workshop: Workshop, client_id: str) -> list[str]:
    """Ids of the registration's secrets."""
    url = f"/v1.0/applications(appId='{client_id}')"
    found = workshop.cloud.graph_rest().get(url).json()["passwordCredentials"]
    return [one["keyId"] for one in found]


def test_no_secret_is_noted_on_this_machine(workshop: Workshop) -> None:
    """Neither in what is told of the steps, nor in the trace."""
    from chatkit.cloud.provision.app_registration import secret_in_use

    secret = secret_in_use(workshop.session.stack())
    assert secret
    told = "".join(
        str(getattr(workshop.how(), form)()) for form in ("az", "python", "rest", "template")
    )
    for path in workshop.home.glob("*.json*"):
        told += path.read_text(encoding="utf-8")
    assert secret not in told


def test_13_notices_a_chat_that_no_template_made(workshop: Workshop) -> None:
    """As one that was made step by step: Azure has no deployment."""
    client = workshop.cloud.deployments().deployments
    client.begin_delete(workshop.settings.resource_group, deploying.NAME).result()
    assert "deploy_template" in fails(workshop, "13", "expected one named chat, got none")
    workshop.deploy_template()
    workshop.check("13")


def test_the_kits_own_template_is_what_the_workshop_tells(workshop: Workshop) -> None:
    """What was deployed is what was made."""
    assert json.loads(workshop.template()) == json.loads(template(workshop).read_text("utf-8"))
