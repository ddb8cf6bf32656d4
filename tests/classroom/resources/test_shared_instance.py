"""A class with one SignalR Service instance: each person's workshop uses it without a key."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from azure.core.exceptions import HttpResponseError

from chatkit.classroom.enrolment import Wanted, enrol
from chatkit.classroom.names_file import Entry
from chatkit.classroom.resources import ahead, making
from chatkit.classroom.roster import Roster
from chatkit.cloud.provision import app_settings
from chatkit.cloud.provision.keyless import TOKEN_VERSION
from chatkit.core import settings as store
from chatkit.core.errors import CheckFailed, SetupError
from chatkit.core.work.app_sections import with_hub
from chatkit.lesson import checks
from chatkit.lesson.http import fetch
from chatkit.steps import (
    clean_up,
    deployment,
    identity,
    local_run,
    local_settings,
    resources,
)
from chatkit.steps.session import Session
from tests.app_versions import write_app
from tests.classroom.resources.people import place, signed_in

MAIL = "quinn@example.org"


@pytest.fixture(scope="module")
def roster(running_home: Path) -> Roster:
    """Such a class of one, made."""
    signed_in(running_home, MAIL)
    known = enrol([Entry(2, "Quinn", MAIL)], Wanted("Class", "azure", is_shared=True))
    where = place(running_home)
    assert all(one.is_made for one in making.make(where, known, ahead.checked(where, known)))
    return known


@pytest.fixture(scope="module")
def session(running_home: Path, roster: Roster) -> Session:
    """The person's workshop, with rights on the own group alone."""
    cloud = signed_in(running_home, MAIL)
    person = roster.people[0]
    wanted = replace(
        store.load(running_home), suffix=person.suffix, hub=person.hub, shared=roster.id
    )
    store.save(running_home, wanted)
    return Session(running_home, connector=lambda _settings, _home: replace(cloud, target="local"))


def test_the_settings_come_back_as_they_were(session: Session) -> None:
    """Hub and class are in the file only when a class has given them."""
    known = session.settings
    assert known.hub == f"chat_{known.suffix}" and known.signalr == f"chatkit-class-{known.shared}"
    assert known.names.signalr_group == known.signalr != known.resource_group


def test_section_02_looks_at_the_own_hub_and_says_why(session: Session) -> None:
    """Nothing is made, no key is asked for, and a forged token is refused."""
    resources.create_resource_group(session)
    made = resources.create_signalr(session)
    assert "of your class" in made.text and "Standard_S1" in made.text
    assert "a key opens every hub" in dict(made.rows)["its keys"]
    told = checks.check(session, "02").text
    assert f"hub {session.hub}" in told and "only your own hub was looked at" in told


def test_the_functions_get_no_key_either(session: Session) -> None:
    """The role that the class has given is enough."""
    local_run.write_local_settings(session)
    values = local_settings.values(session.functions_folder)
    said = " ".join(values.values())
    assert "AuthType=azure" in said
    assert "AccessKey=" not in values[local_settings.SIGNALR_SETTING]


def test_a_deployed_app_is_let_in_by_the_instructor(
    running_home: Path, session: Session, roster: Roster
) -> None:
    """Who made it may not give it the role; making the class again does."""
    write_app(session.folder)
    for name in ("send_message.py", "signalr_info.py"):
        path = session.functions_folder / name
        path.write_bytes(with_hub(path.read_bytes(), session.hub))
    local_run.write_local_settings(session)
    resources.create_function_app(session)
    deployment.publish_functions(session)
    where = place(running_home)
    assert all(one.is_made for one in making.make(where, roster, ahead.checked(where, roster)))
    deployment.upload_settings(session)
    answer = fetch("POST", f"{session.deployed_api()}/api/negotiate")
    assert answer.status == 200 and session.hub in str(answer.json())
    settings = app_settings.read_app_settings(session.stack())
    assert "AccessKey=" not in settings[local_settings.SIGNALR_SETTING]


@pytest.mark.long
def test_the_rest_of_the_tutorial_goes_on_there(session: Session) -> None:
    """The page, sign-in and private messages, each with its section's check."""
    deployment.enable_static_website(session)
    _publish_page(session)
    assert "Section 08 works" in checks.check(session, "08").text
    write_app(session.folder, until="10")
    _write_own_hub(session)
    deployment.publish_functions(session)
    identity.enable_authentication(session)
    _publish_page(session)
    for section in ("09", "10"):
        assert f"Section {section} works" in checks.check(session, section).text


def _publish_page(session: Session) -> None:
    local_run.prepare_page(session)
    deployment.set_page_url(session)
    deployment.upload_page(session)


def _write_own_hub(session: Session) -> None:
    """What the notebooks' cells do with each file that they write."""
    for path in session.functions_folder.glob("*.py"):
        path.write_bytes(with_hub(path.read_bytes(), session.hub))


def test_nobody_of_the_class_changes_its_tier(session: Session) -> None:
    """Everybody would lose the connection."""
    with pytest.raises(SetupError, match="your class's"):
        resources.scale(session, tier="free")
    with pytest.raises(HttpResponseError) as refused:
        names = session.names
        instances = session.connect().signalr().signal_r
        instances.begin_delete(names.signalr_group, names.signalr)
    assert refused.value.status_code == 403


def test_without_its_role_a_person_is_refused(running_home: Path, session: Session) -> None:
    """Whoever is not in the class gets no token for any hub."""
    stranger = signed_in(running_home, "rosa@example.org")
    instance = resources_of(session)
    token = stranger.credential.get_token("https://signalr.azure.com/.default").token
    answer = stranger.rest(instance, signed_in=False).post(
        f"/api/hubs/{session.hub}/:generateToken?api-version={TOKEN_VERSION}",
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 403


def test_cleaning_up_leaves_the_instance_of_the_class(running_home: Path, session: Session) -> None:
    """It is the last test: the person's own group is gone then."""
    receipt = clean_up.clean_up(session)
    assert receipt.complete and "it is your class's, and stays" in repr(receipt)
    assert place(running_home).group(session.names.signalr_group) is not None
    with pytest.raises(CheckFailed, match="the one of your class"):
        store.save(running_home, replace(session.settings, shared="zzzzzz"))
        checks.check(session, "02")


def resources_of(session: Session) -> str:
    """The address of the instance."""
    names = session.names
    found = session.connect().signalr().signal_r.get(names.signalr_group, names.signalr)
    return f"http://{found.host_name}:{found.public_port}"
