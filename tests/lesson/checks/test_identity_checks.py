"""Checks of sections 09, 10 and 11 on a real local cloud: what learners break, what they are told,
and that the repair works.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from azure.mgmt.web.models import SiteAuthSettingsV2

from chatkit.chat.client.sign_in import PersonNeeded
from chatkit.core.errors import SetupError
from chatkit.lesson import sections
from chatkit.lesson.checks import authentication
from chatkit.lesson.checks.core import evidence
from chatkit.steps import identity, page_config
from chatkit.workshop import Workshop
from tests.app_versions import write_app
from tests.lesson.doctor.ready_workshop import at_section_08, edited, fails
from tests.tiers import one_in

CLEAN_UP = sections.CLEAN_UP.number
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """A workshop at the end of section 10, in a home of its own."""
    with at_section_08(tmp_path_factory.mktemp("home")) as opened:
        opened.stop_functions()
        write_app(opened.folder, until="10")
        for verb in ("publish_functions", "enable_authentication", "set_page_url", "upload_page"):
            getattr(opened, verb)()
        yield opened


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that does not come within two seconds does not come."""
    monkeypatch.setattr(evidence, "ARRIVAL_S", 2.0)


def change_authentication(workshop: Workshop, **properties: dict[str, object]) -> None:
    """Change some of the site's authentication settings, as the portal would."""
    settings, apps = workshop.settings, workshop.cloud.web().web_apps
    group, site = settings.names.resource_group, settings.names.function_app
    found = apps.get_auth_settings_v2_without_secrets(group, site).as_dict()["properties"]
    changed = {name: {**found[name], **values} for name, values in properties.items()}
    apps.update_auth_settings_v2(
        group, site, SiteAuthSettingsV2({"properties": {**found, **changed}})
    )


def users(workshop: Workshop) -> set[str]:
    """Everybody in the directory, by the name before the domain."""
    found = workshop.cloud.graph_rest().get("/v1.0/users").json()["value"]
    return {str(one["userPrincipalName"]).partition("@")[0] for one in found}


def test_the_checks_pass_on_what_the_notebooks_build(workshop: Workshop) -> None:
    """Sections 07 and 08 hold, too, now that people sign in; nobody new is in the directory."""
    results = {section: repr(workshop.check(section)) for section in ("07", "08", "09", "10")}
    assert all(text.startswith(f"Section {section} works:") for section, text in results.items())
    assert users(workshop) == {"alice", "bob", "carol"}


def test_05_and_06_hold_for_the_finished_app_on_this_machine(workshop: Workshop) -> None:
    """Nobody stands in front of it there, so the check names its people itself.

    04 says that the app is that of a later section, and what its own cells do.
    """
    workshop.start_functions()
    workshop.prepare_page()
    assert [workshop.check(section).text[:10] for section in ("05", "06")] == [
        "Section 05",
        "Section 06",
    ]
    assert "is that of section 10. The cells of notebook 04" in fails(
        workshop, "04", "The token's user: expected none yet, got claim asrs.s.uid"
    )
    workshop.stop_functions()
    workshop.set_page_url()


def test_09_notices_that_authentication_is_off(workshop: Workshop) -> None:
    """Without it the app is open to everybody."""
    change_authentication(workshop, platform={"enabled": False})
    assert "enable_authentication" in fails(
        workshop, "09", "GET /.auth/me without sign-in: expected 401, got 404"
    )
    with pytest.raises(SetupError, match="no sign-in"):
        workshop.sign_in_as("alice")
    workshop.enable_authentication()
    workshop.check("09")


def test_09_proves_what_it_can_where_only_people_sign_in(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a password is asked for, no check can be alice.

    The other sentences hold, and this one says so.
    """

    def password(*names: str) -> None:
        raise PersonNeeded("Only alice can sign in as alice.")

    monkeypatch.setattr(authentication, "signed_in", password)
    text = workshop.check("09").text
    assert (
        "Entra asks for a password here" in text
        and "X-MS-CLIENT-PRINCIPAL-NAME" in text
        and "alice" not in text
    )


def test_09_notices_the_anonymous_app(workshop: Workshop) -> None:
    """Authentication alone names nobody: the app has to ask."""
    write_app(workshop.folder)
    workshop.publish_functions()
    assert "publish_functions" in fails(
        workshop, "09", "negotiate without sign-in: expected 401 and a sentence, got 200"
    )
    write_app(workshop.folder, until="10")
    workshop.publish_functions()
    workshop.check("09")


@pytest.mark.parametrize(
    ("section", "file", "old", "new", "words"),
    one_in(
        4,
        [
            (
                "09",
                "send_message.py",
                "sender=user",
                "sender=User('bob', 'bob', True)",
                "The sender of alice's message: expected alice@.* got bob",
            ),
            (
                "09",
                "signalr_tokens.py",
                '"asrs.s.uid": user',
                '"asrs.s.uid": "bob"',
                "The user in alice's token: expected .* got bob",
            ),
            (
                "09",
                "get_messages.py",
                "user = user_of(req)",
                "user = user_of(req) or __import__('identity').User('', '', False)",
                "GET /api/messages without sign-in: expected 401 and a sentence",
            ),
            (
                "10",
                "send_message.py",
                'if "recipient" not in message:',
                "if True:",
                "carol received: expected nothing of it, got it 1 times",
            ),
            (
                "10",
                "send_message.py",
                '[message["recipient"], sender.id]',
                '[message["recipient"]]',
                "alice's second tab: .*got nothing",
            ),
            (
                "10",
                "send_message.py",
                "**_feedback(message)",
                "**{}",
                "while bob was there: expected true, got nothing",
            ),
            (
                "10",
                "presence.py",
                "return False",
                "return True",
                "after a guest has left: expected false, got true",
            ),
            (
                "10",
                "chat_history.py",
                "return not message",
                "return True or not message",
                "in carol's history: expected not there, got there",
            ),
        ],
    ),
)
def test_a_mistake_in_the_app_is_named(
    workshop: Workshop, section: str, file: str, old: str, new: str, words: str
) -> None:
    """Published with it the check fails; published without, it passes."""
    with edited(workshop.functions_folder / file, old, new):
        workshop.publish_functions()
        fails(workshop, section, words)
    workshop.publish_functions()
    workshop.check(section)


def test_09_notices_a_page_that_does_not_offer_sign_in(workshop: Workshop) -> None:
    """The page of section 08 is still there."""
    page_config.write(workshop.page_folder, str(workshop.api_base_url))
    workshop.upload_page()
    assert "set_page_url" in fails(
        workshop, "09", "config.json of the page: expected signIn aad, got no signIn"
    )
    workshop.set_page_url()
    workshop.upload_page()
    workshop.check("09")


def test_09_notices_a_sign_in_that_leads_anywhere(workshop: Workshop) -> None:
    """An address too many on the list gives tokens away."""
    change_authentication(
        workshop,
        login={"allowedExternalRedirectUrls": [workshop.web_url, "https://stranger.example/"]},
    )
    fails(workshop, "09", "Sign-in from another page: expected no way back, got one")
    workshop.enable_authentication()
    workshop.check("09")


def nobody(*_: object) -> None:
    """Entra on Azure asks for a password, which no program has."""
    raise PersonNeeded("Entra asks for a password.")


@pytest.mark.long
def test_12_notices_each_key_that_is_left(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Step by step: nothing was done, the secret is left, keys still open, all is off.

    After an interruption and at the start of a section, nothing brings a key back.
    """
    assert "use_identity" in fails(workshop, "12", "The old signalr to try: expected one, got none")
    workshop.assign_roles()
    with monkeypatch.context() as patch:
        patch.setattr(identity, "sign_in_as", nobody)
        assert "was not tried" in workshop.use_identity().text
    workshop.use_identity()
    words = "The app's settings: expected no key, got one in MICROSOFT_PROVIDER_AUTHENTICATION"
    assert "remove_client_secret" not in fails(workshop, "12", words)
    graph = workshop.session.stack().cloud.graph_rest()
    client_id = workshop.session.settings.facts.client_id
    application = f"/v1.0/applications(appId='{client_id}')"
    mine = {"passwordCredential": {"displayName": "somebody else's"}}
    graph.send("POST", f"{application}/addPassword", json=mine).raise_for_status()
    workshop.remove_client_secret()
    left = graph.send("GET", application).json()["passwordCredentials"]
    assert [secret["displayName"] for secret in left] == ["somebody else's"]
    assert "disable_keys" in fails(workshop, "12", "A client with the old key: expected 401, got 2")
    workshop.disable_keys()
    workshop.enable_authentication()
    workshop.check("12")
    instances = workshop.session.stack().cloud.signalr().signal_r
    names = workshop.session.names
    instance = instances.get(names.resource_group, names.signalr)
    instance.disable_local_auth = False
    instances.begin_create_or_update(names.resource_group, names.signalr, instance).result()
    words = "SignalR Service: expected no keys, got new ones"
    assert "disable_keys" in fails(workshop, "12", words)
    for again in ("assign_roles", "use_identity", "remove_client_secret", "disable_keys"):
        getattr(workshop, again)()
    text = workshop.check("12").text
    assert all(words in text for words in ("AADSTS7000215", "KeyBasedAuthentication", "carol"))


@pytest.mark.long
def test_12_says_that_a_strangers_secret_still_works(workshop: Workshop) -> None:
    """Who made the registration deletes its secret: the kit has made none in it."""
    graph = workshop.session.stack().cloud.graph_rest()
    redirect = f"{workshop.api_base_url}/.auth/login/aad/callback"
    wanted = {"displayName": "bob's", "web": {"redirectUris": [redirect]}}
    made = graph.post("/v1.0/applications", json=wanted).json()
    added = graph.post(f"/v1.0/applications/{made['id']}/addPassword", json={}).json()
    workshop.enable_authentication(client_id=made["appId"], client_secret=added["secretText"])
    for verb in ("assign_roles", "use_identity", "remove_client_secret", "disable_keys"):
        getattr(workshop, verb)()
    assert f"somebody else made the app registration {made['appId']}" in workshop.check("12").text
    graph.send("DELETE", f"/v1.0/applications/{made['id']}").raise_for_status()


def test_the_clean_up_notices_what_is_left(workshop: Workshop) -> None:
    """Last, because nothing is left after it: the group, then what lies outside it, then a key on
    this machine.
    """
    fails(workshop, CLEAN_UP, "The resource group: expected gone, got still there")
    workshop.cloud.resources().resource_groups.begin_delete(
        workshop.settings.names.resource_group
    ).result()
    assert "clean_up" in fails(
        workshop, CLEAN_UP, "The app registration: expected gone, got still in Entra"
    )
    receipt = workshop.clean_up()
    assert receipt.complete and "app registration" in repr(receipt)
    workshop.check(CLEAN_UP)
    with edited(
        workshop.functions_folder / "local.settings.json",
        '"AzureSignalRConnectionString": ""',
        '"A": "AccessKey=abc"',
    ):
        fails(workshop, CLEAN_UP, "local.settings.json: expected no keys, got keys in A")
        workshop.clean_up()
        assert "no keys" in repr(workshop.check(CLEAN_UP))
