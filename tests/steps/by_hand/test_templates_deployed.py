"""Templates of steps and of the whole chat, deployed: afterwards there is what the verbs make."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from chatkit.cloud.how.references import APP
from chatkit.cloud.how.template_values import CLIENT_ID
from chatkit.cloud.provision.authentication import CALLBACK
from chatkit.cloud.provision.federated_sign_in import IDENTITY_SETTING
from chatkit.core.settings import Names
from chatkit.workshop import Workshop
from tests.steps.by_hand.deploying import Deployer
from tests.steps.by_hand.state import Asked
from tests.steps.by_hand.test_steps_by_hand import (
    FINISHED,
    NULL,
    PLAN,
    SUFFIX,
    WITHOUT_KEYS,
    Planned,
    called,
    compared,
    learn,
    opened,
    prepare,
)
from tests.steps.by_hand.typing_forms import Person

SECOND = "second"
# The others send code or a page, or change what an earlier step has made.
DEPLOYED = {
    "create_resource_group",
    "create_signalr",
    "scale",
    "create_storage_account",
    "create_function_app",
    "upload_settings",
    "allow_page",
    "enable_static_website",
    "enable_authentication",
}
CHAT = FINISHED
KEYLESS = WITHOUT_KEYS[:-1]


def test_what_provision_makes_comes_from_a_template(tmp_path: Path) -> None:
    """In another group, with addresses and keys of its own."""
    with opened(tmp_path) as workshop:
        workshop.provision()
        text = str(workshop.template())
        first = resources(workshop, SUFFIX)
        workshop.clean_up()
        second = Workshop.open(suffix=SECOND)
        second.create_resource_group()
        names = second.settings.names
        made = Deployer(second.cloud, names).deploy(text, **parameters(names))
        assert resources(second, SECOND) == first
        settings = Asked(second.cloud, names).app_settings()
        assert f"AccountName={names.storage_account};AccountKey=" in settings["AzureWebJobsStorage"]
        assert sorted(made) == ["apiBaseUrl", "webUrl"]


def resources(workshop: Workshop, suffix: str) -> dict[str, str]:
    """What there is besides files of a page, of which a new website has none."""
    return {path: one for path, one in state(workshop, suffix).items() if "/page" not in path}


@pytest.mark.long
def test_a_template_makes_what_its_verb_makes(tmp_path: Path) -> None:
    """Step by step, in place of the verb, wherever a template can do what the verb does."""
    done = called(PLAN, tmp_path / "verbs")
    with opened(tmp_path / "templates") as workshop:
        asked = Asked(workshop.cloud, workshop.settings.names)
        person = Person(workshop.folder, asked)
        for planned, one in zip(PLAN, done, strict=True):
            prepare(workshop, planned)
            if planned.verb in DEPLOYED:
                person.known[APP] = deployed(workshop, planned, str(one.result.template()))
                learn(workshop, person, planned)
            else:
                planned.call(workshop)
            compared(one, asked.state(), "python")
            if planned.check:
                workshop.check(planned.check)


def deployed(workshop: Workshop, planned: Planned, text: str) -> str:
    """Deploy the template of a step; the client id of the app that was registered for it."""
    names = workshop.settings.names
    deployer = Deployer(workshop.cloud, names)
    if planned.verb != "enable_authentication":
        deployer.deploy(text)
        return ""
    known = deployer.registration()
    deployer.deploy(text, **known)
    deployer.lead_back(known[CLIENT_ID], f"{workshop.api_base_url}{CALLBACK}")
    return known[CLIENT_ID]


@pytest.mark.long
@pytest.mark.parametrize("plan", [CHAT, KEYLESS], ids=["keys", "without keys"])
def test_the_whole_chat_comes_from_its_template(plan: Sequence[Planned], tmp_path: Path) -> None:
    """In a second group, with other names: the same resources, and the checks pass there."""
    with opened(tmp_path) as workshop:
        for planned in plan:
            prepare(workshop, planned)
            planned.call(workshop)
        first = state(workshop, SUFFIX)
        text = str(workshop.template())
        workshop.clean_up()
        assert workshop.template() == text
        second = Workshop.open(suffix=SECOND)
        second.create_resource_group()
        deployer = Deployer(second.cloud, second.settings.names)
        known = deployer.registration()
        made = deployer.deploy(text, **known, **parameters(second.settings.names))
        assert finished(second, made, known) == first
        for number in ("07", "08", "09", "10"):
            second.check(number)
        assert second.clean_up().complete


def parameters(names: Names) -> dict[str, str]:
    """The names of a second chat, as its template asks for them."""
    return {
        "signalRName": names.signalr,
        "storageAccountName": names.storage_account,
        "planName": names.plan,
        "functionAppName": names.function_app,
        "signInIdentityName": names.sign_in_identity,
    }


def finished(workshop: Workshop, made: dict[str, str], known: dict[str, str]) -> dict[str, str]:
    """Do what is no resource: code, page, and whom the registration trusts; what there is then."""
    names = workshop.settings.names
    workshop.session.learn(
        resource_group=names.resource_group,
        signalr=names.signalr,
        storage_account=names.storage_account,
        function_app=names.function_app,
        api_base_url=made["apiBaseUrl"],
        web_url=made["webUrl"],
        authentication="on",
        client_id=known[CLIENT_ID],
    )
    deployer = Deployer(workshop.cloud, names)
    deployer.lead_back(known[CLIENT_ID], f"{made['apiBaseUrl']}{CALLBACK}")
    site = Asked(workshop.cloud, names)
    workshop.write_local_settings()
    workshop.publish_functions()
    if IDENTITY_SETTING in site.app_settings():
        workshop.remove_client_secret()
    workshop.set_page_url()
    workshop.upload_page()
    return state(workshop, SECOND)


def state(workshop: Workshop, suffix: str) -> dict[str, str]:
    """What there is, with one word for the suffix of all names."""
    found = Asked(workshop.cloud, workshop.settings.names).state()
    plain = {path: one for path, one in found.items() if one != NULL}
    return {_without(path, suffix): _without(one, suffix) for path, one in plain.items()}


def _without(text: str, suffix: str) -> str:
    return text.replace(suffix, "{suffix}")
