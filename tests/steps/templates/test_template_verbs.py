"""The verbs about templates in an order of a learner's own, with mistakes, and interrupted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from azure.core.exceptions import AzureError, HttpResponseError

from chatkit.cloud import local_cloud
from chatkit.cloud.calls import Calls
from chatkit.core.errors import ChatkitError, SetupError
from chatkit.lesson.mistakes import card_of
from chatkit.workshop import Workshop
from tests.app_versions import write_app
from tests.homes import workshop_in
from tests.lesson.doctor.ready_workshop import edited

pytestmark = pytest.mark.slow
LIMIT_S = 120


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """A workshop in which nothing was made, with the template of notebook 13."""
    with workshop_in(tmp_path_factory.mktemp("home")) as opened:
        write_app(opened.folder, until="13")
        yield opened


@pytest.fixture
def template(workshop: Workshop) -> Path:
    """The learner's template."""
    return workshop.folder / "template" / "main.json"


def said(error: BaseException) -> str:
    """Everything that a learner reads of an error."""
    return "\n".join([str(error), *getattr(error, "__notes__", ())])


def test_there_is_nothing_to_export_before_something_was_made(workshop: Workshop) -> None:
    """And no file is written."""
    with pytest.raises(SetupError, match="nothing was made yet") as caught:
        workshop.export_template()
    assert "catch_up" in caught.value.hint
    assert not (workshop.folder / "template" / "mine.json").exists()


def test_a_deployment_needs_the_registration_first(workshop: Workshop) -> None:
    """Nothing was sent."""
    for verb in (workshop.what_if, workshop.deploy_template):
        with pytest.raises(SetupError, match="needs an app registration") as caught:
            verb()
        assert "register_app" in caught.value.hint


def test_without_a_group_the_error_says_what_makes_it(workshop: Workshop) -> None:
    """Azure's own error, with the remedy under it."""
    workshop.register_app()
    workshop.register_app()
    for verb in (workshop.what_if, workshop.deploy_template):
        with pytest.raises(HttpResponseError) as caught:
            verb()
        assert "workshop.create_resource_group() makes it" in said(caught.value)


def test_a_registration_that_was_deleted_is_made_again(workshop: Workshop) -> None:
    """In the portal, by hand, before anything was deployed."""
    before = workshop.settings.facts.client_id
    url = f"/v1.0/applications(appId='{before}')"
    assert workshop.cloud.graph_rest().send("DELETE", url).status_code == 204
    workshop.register_app()
    assert workshop.settings.facts.client_id not in ("", before)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"functionAppName": "mine"}, "functionAppName is chatkit-.*-api here"),
        ({"SIGNALRNAME": "mine"}, "SIGNALRNAME is chatkit-"),
    ],
)
def test_a_name_that_the_kit_would_not_find_is_refused(
    workshop: Workshop, parameters: dict[str, object], words: str
) -> None:
    """Before anything is sent."""
    with pytest.raises(SetupError, match=words):
        workshop.deploy_template("template/main.json", **parameters)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"colour": "red"}, "colour"),
        ({"location": "mars"}, "mars"),
        ({"appScheme": "gopher"}, "gopher"),
    ],
)
def test_a_wrong_parameter_has_azures_words_and_a_way_on(
    workshop: Workshop, parameters: dict[str, object], words: str
) -> None:
    """One that there is not, a region that there is not, a value that is not allowed."""
    workshop.create_resource_group()
    with pytest.raises(HttpResponseError) as caught:
        workshop.deploy_template("template/main.json", **parameters)
    assert words in said(caught.value)
    assert caught.value.__notes__


def test_a_file_that_is_no_template_is_named(workshop: Workshop, template: Path) -> None:
    """Not there, not JSON, and JSON of something else."""
    with pytest.raises(SetupError, match="There is no my-chat/template/other.json"):
        workshop.what_if("template/other.json")
    with edited(template, '"contentVersion"', "contentVersion"), pytest.raises(ChatkitError) as bad:
        workshop.deploy_template()
    assert "main.json" in str(bad.value) and "JSON" in str(bad.value)
    with (
        edited(template, '"resources"', '"things"'),
        pytest.raises(SetupError, match="no template"),
    ):
        workshop.deploy_template()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[parameters('signalRName')]", "[paramters('signalRName')]", "function 'paramters'"),
        ('"2023-02-01"', '"2023-99-01"', "API version '2023-99-01'"),
        ('"Microsoft.SignalRService/signalR"', '"Microsoft.SignalRService/sign"', "'sign'"),
    ],
)
def test_what_if_of_a_mistake_says_what_is_wrong(
    workshop: Workshop, template: Path, old: str, new: str, words: str
) -> None:
    """Azure answers 200 with the error in it; a card shows the innermost one."""
    workshop.create_resource_group()
    workshop.register_app()
    before = template.read_text(encoding="utf-8")
    with edited(template, before, before.replace(old, new, 1)):
        for verb in (workshop.what_if, workshop.deploy_template):
            with pytest.raises(HttpResponseError) as caught:
                verb()
            card = card_of(caught.value)
            assert card and words in card.what and card.remedy


def test_a_template_without_outputs_says_what_is_missing(
    workshop: Workshop, template: Path
) -> None:
    """It is deployed; only the kit does not know where app and page are."""
    before = template.read_text(encoding="utf-8")
    document = json.loads(before)
    with edited(template, before, json.dumps({**document, "outputs": {}})):
        assert "has no output apiBaseUrl and webUrl" in workshop.deploy_template().text
    assert workshop.api_base_url is None
    workshop.deploy_template()
    assert workshop.api_base_url


def test_a_secret_of_a_plain_type_is_not_kept(workshop: Workshop, template: Path) -> None:
    """The experiment of notebook 13 takes the word securestring out."""
    secret = "a-secret-of-alice"
    workshop.create_resource_group()
    workshop.register_app()
    with edited(template, '"securestring"', '"string"'):
        workshop.deploy_template(clientSecret=secret)
    for name in ("steps.json", "requests.jsonl"):
        assert secret not in (workshop.home / name).read_text(encoding="utf-8")


def test_a_group_that_is_gone_comes_back(workshop: Workshop) -> None:
    """Deleted in the portal after a deployment: group and template make the same again."""
    group = workshop.settings.resource_group
    workshop.cloud.resources().resource_groups.begin_delete(group).result()
    with pytest.raises(AzureError) as caught:
        workshop.what_if()
    assert "create_resource_group() makes it" in said(caught.value)
    workshop.create_resource_group()
    assert "would create 8 of 8" in workshop.what_if().text
    workshop.deploy_template()
    assert "leads back" in workshop.register_app().text
    assert "would change nothing" in workshop.what_if().text


def test_a_template_that_is_deployed_is_what_is_exported(
    workshop: Workshop, template: Path
) -> None:
    """The learner's own file of that name is kept."""
    mine = workshop.folder / "template" / "mine.json"
    mine.write_text("my notes", encoding="utf-8")
    assert "is kept as mine.json.before-1" in workshop.export_template().text
    assert json.loads(mine.read_text("utf-8")) == json.loads(template.read_text("utf-8"))


def test_after_the_clean_up_nothing_is_left_and_a_second_one_says_so(workshop: Workshop) -> None:
    """The deployments went with the group, and the registration with its secrets."""
    assert workshop.clean_up().complete
    assert workshop.clean_up().complete
    workshop.check("11")


def test_the_suffix_of_a_second_chat_leads_back_to_the_first(workshop: Workshop) -> None:
    """And has the form of all suffixes."""
    first = workshop.settings.suffix
    second = Workshop.open(suffix=workshop.other_suffix)
    assert second.settings.suffix != first and len(second.settings.suffix) == len(first)
    assert Workshop.open(suffix=second.other_suffix).settings.suffix == first


@pytest.mark.long
def test_a_local_cloud_that_is_killed_meanwhile_goes_on(workshop: Workshop) -> None:
    """The cell ends with an error; the same cells make the rest afterwards."""
    workshop.create_resource_group()
    workshop.register_app()
    local_cloud.ask("PUT", "/time", {"mode": "recorded", "scale": 0.05})
    with ThreadPoolExecutor(1) as pool:
        deploying = pool.submit(workshop.deploy_template)
        for _ in Calls().waiting(LIMIT_S, "it runs"):
            if state(workshop) == "Running":
                break
        psutil.Process(int(local_cloud.read(workshop.home / "local")["pid"])).kill()
        with pytest.raises((AzureError, ChatkitError)):
            deploying.result(timeout=LIMIT_S)
    again = Workshop.open()
    assert state(again) == "Failed"
    for verb in ("create_resource_group", "register_app", "deploy_template", "register_app"):
        getattr(again, verb)()
    assert state(again) == "Succeeded"
    assert "would change nothing" in again.what_if().text
    assert again.clean_up().complete


def state(workshop: Workshop) -> str:
    """Of the deployment; empty when there is none yet."""
    client = workshop.cloud.deployments().deployments
    try:
        found = client.get(workshop.settings.resource_group, "chat").properties
    except AzureError:
        return ""
    return str(getattr(found and found.provisioning_state, "value", ""))
