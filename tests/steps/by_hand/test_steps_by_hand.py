"""Each step by hand: only the az lines, only the Python, only the requests, from an empty home.

Afterwards there is what the verb makes, but for differences that are listed with their reasons, and
the section's check passes.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from chatkit.cloud.publish import functions
from chatkit.core.results import Result
from chatkit.core.settings import checkout
from chatkit.steps import identity
from chatkit.steps.app_files import copy_page
from chatkit.workshop import Workshop
from tests.app_versions import write_app
from tests.homes import workshop_in
from tests.steps.by_hand import typing_forms
from tests.steps.by_hand.differences import DIFFERENCES
from tests.steps.by_hand.state import Asked
from tests.steps.by_hand.typing_forms import Person, Typed
from tests.tools import Tools

SUFFIX = "byhand"
FORMS: dict[str, Typed] = {
    "az": typing_forms.az,
    "python": typing_forms.python,
    "rest": typing_forms.rest,
}

# Python and requests need no az.
EACH_FORM = pytest.mark.parametrize(
    "form", [pytest.param("az", marks=pytest.mark.tools), "python", "rest"]
)


@dataclass(frozen=True)
class Done:
    """A verb that was called, and what there was afterwards.

    Attributes:
        whole: The whole chat as az lines, as it was told then.
    """

    verb: str
    whole: str
    result: Result
    addresses: dict[str, str]
    state: dict[str, str]


@dataclass(frozen=True)
class Planned:
    """A step of the tutorial.

    Attributes:
        app: Section whose app is in the folder from now on, empty for no other.
        check: Section that works afterwards, empty for none.
        ends_keys: The check tries the keys that there were before, so they are noted.
        by_hand: It is false for what the verb does in every form.
        tier: The tier that the verb is asked for, empty for a verb that takes none.
    """

    verb: str
    app: str = ""
    check: str = ""
    ends_keys: bool = False
    by_hand: bool = True
    tier: str = ""

    def call(self, workshop: Workshop) -> Result:
        """Do it with the kit."""
        verb: Callable[..., Result] = getattr(workshop, self.verb)
        return verb(self.tier) if self.tier else verb()


PLAN = (
    Planned("create_resource_group"),
    Planned("create_signalr", check="02"),
    Planned("scale", tier="standard", check="02"),
    Planned("scale", tier="free", check="02"),
    Planned("write_local_settings", app="08"),
    Planned("create_storage_account"),
    Planned("create_function_app"),
    Planned("publish_functions"),
    Planned("upload_settings"),
    Planned("allow_page", check="07"),
    Planned("enable_static_website"),
    Planned("set_page_url"),
    Planned("upload_page", check="08"),
    Planned("publish_functions", app="10"),
    Planned("enable_authentication"),
    Planned("set_page_url"),
    Planned("upload_page", check="09"),
    Planned("remove_keys"),
    Planned("clean_up", check="11"),
)
# Section 12 begins with the finished chat, which the other plan makes by hand.
FINISHED = (
    Planned("provision"),
    Planned("write_local_settings", app="10"),
    Planned("publish_functions"),
    Planned("upload_settings"),
    Planned("allow_page"),
    Planned("enable_static_website"),
    Planned("enable_authentication"),
    Planned("set_page_url"),
    Planned("upload_page"),
)
WITHOUT_KEYS = (
    *(replace(planned, by_hand=False) for planned in FINISHED),
    Planned("assign_roles"),
    Planned("use_identity", ends_keys=True),
    Planned("remove_client_secret"),
    Planned("disable_keys", check="12"),
    Planned("clean_up", check="11"),
)
# After these people sign in.
WITH_SIGN_IN = ("enable_authentication", "deploy_template")
NULL = "None"
PLANS = {"keys": PLAN, "without keys": WITHOUT_KEYS}


def prepare(workshop: Workshop, planned: Planned) -> None:
    """Put the app of a section into the folder: that is the cells' and not the verbs' work."""
    if planned.app:
        write_app(workshop.folder, until=planned.app)
        copy_page(checkout() / "content", folder=workshop.folder, home=workshop.home)


@pytest.fixture(scope="module")
def verbs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Done]]:
    """All steps of each plan with the kit's verbs."""
    return {name: called(plan, tmp_path_factory.mktemp("verbs")) for name, plan in PLANS.items()}


def called(plan: Sequence[Planned], home: Path) -> list[Done]:
    """Call the verbs of a plan."""
    done: list[Done] = []
    with opened(home) as workshop:
        for planned in plan:
            prepare(workshop, planned)
            asked = Asked(workshop.cloud, workshop.settings.names)
            before = asked.addresses()
            result = planned.call(workshop)
            after = {name: now or before[name] for name, now in asked.addresses().items()}
            whole = str(workshop.how().az())
            done.append(Done(planned.verb, whole, result, after, asked.state()))
            if planned.check:
                workshop.check(planned.check)
    return done


@contextmanager
def opened(home: Path) -> Iterator[Workshop]:
    """The workshop of a home, with the names that all homes have here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHATKIT_SUFFIX", SUFFIX)
        with workshop_in(home) as workshop:
            yield workshop


def find_az(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    """The az of this machine."""
    if "CHATKIT_AZ" not in os.environ:
        monkeypatch.setenv("CHATKIT_AZ", tools.program("az"))


@pytest.mark.long
@EACH_FORM
def test_a_form_does_what_the_verb_does(
    form: str,
    verbs: dict[str, list[Done]],
    tools: Tools,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Step by step, with the section's check where one ends."""
    if form == "az":
        find_az(tools, monkeypatch)
    met: set[str] = set()
    for name, plan in PLANS.items():
        home = tmp_path / name
        home.mkdir()
        monkeypatch.chdir(home)
        met |= followed(plan, verbs[name], form=form, home=home)
    assert met == {pattern for pattern, _ in DIFFERENCES[form]}, "a listed difference is none"


@pytest.mark.long
@EACH_FORM
def test_a_form_makes_everything_at_once(
    form: str, tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The verb does in parallel what a form does in turn."""
    if form == "az":
        find_az(tools, monkeypatch)
    plan = (Planned("provision"),)
    done = called(plan, tmp_path / "verbs")
    home = tmp_path / "by-hand"
    home.mkdir()
    monkeypatch.chdir(home)
    followed(plan, done, form=form, home=home)


def followed(plan: Sequence[Planned], verbs: Sequence[Done], *, form: str, home: Path) -> set[str]:
    """Do the steps of a plan by hand in an empty home, and compare after each.

    Returns:
        The listed differences that are there.
    """
    met: set[str] = set()
    with opened(home) as workshop:
        person = Person(home, Asked(workshop.cloud, workshop.settings.names))
        for planned, done in zip(plan, verbs, strict=True):
            prepare(workshop, planned)
            if not planned.by_hand:
                planned.call(workshop)
                continue
            pack(workshop)
            text = str(getattr(done.result, form)())
            if planned.ends_keys:
                identity.keep_keys(workshop.session, workshop.session.stack())
            person.there = done.addresses
            FORMS[form](person, text)
            if planned.verb == "publish_functions":
                functions.wait_until_listed(workshop.session.stack())
            learn(workshop, person, planned)
            met |= compared(done, person.asked.state(), form)
            if planned.check:
                workshop.check(planned.check)
    return met


@pytest.mark.long
@pytest.mark.tools
@pytest.mark.parametrize(
    ("plan", "last"), [("keys", "upload_page"), ("without keys", "disable_keys")]
)
def test_the_whole_chat_comes_from_its_az_lines(
    plan: str,
    last: str,
    verbs: dict[str, list[Done]],
    tools: Tools,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From nothing but the app's files: who is done with the tutorial needs no kit any more."""
    find_az(tools, monkeypatch)
    monkeypatch.chdir(tmp_path)
    finished = [done for done in verbs[plan] if done.verb == last][-1]
    with opened(tmp_path) as workshop:
        person = Person(tmp_path, Asked(workshop.cloud, workshop.settings.names))
        prepare(workshop, Planned("", app="10"))
        typing_forms.az(person, finished.whole)
        functions.wait_until_listed(workshop.session.stack())
        compared(finished, person.asked.state(), "az")
        # The check compares the deployed settings with those on this machine.
        workshop.write_local_settings()
        learn(workshop, person, Planned("enable_authentication"))
        workshop.check("09")


def pack(workshop: Workshop) -> None:
    """Pack the functions: az's lines do it themselves, Python and REST send what is there."""
    folder = workshop.functions_folder
    if (folder / "host.json").exists():
        files = workshop.package_files()
        command = [sys.executable, "-m", "zipfile", "--create", "functions.zip"]
        subprocess.run([*command, *(str(folder / one) for one in files)], check=True)


def learn(workshop: Workshop, person: Person, planned: Planned) -> None:
    """Tell the kit what exists, which it would know from its verbs; checks ask for that."""
    names = workshop.settings.names
    here = person.asked.addresses()
    if planned.verb == "clean_up":
        workshop.session.forget()
        return
    workshop.session.learn(
        resource_group=names.resource_group,
        signalr=names.signalr if here["{signalr}"] else "",
        storage_account=names.storage_account if here["{blob}"] else "",
        function_app=names.function_app if here["{app}"] else "",
        api_base_url=f"http://{here['{app}']}" if here["{app}"] else "",
        web_url=f"{here['{web}']}/" if here["{web}"] else "",
        authentication="on" if planned.verb in WITH_SIGN_IN else "",
        client_id=person.known.get("<client id>", ""),
    )


def compared(done: Done, state: dict[str, str], form: str) -> set[str]:
    """The listed differences that are there.

    Raises:
        AssertionError: There is another one.
    """
    met: set[str] = set()
    paths = done.state.keys() | state.keys()
    # Whether a null is written or left out says nothing.
    ours = {path: one for path, one in done.state.items() if one != NULL}
    theirs = {path: one for path, one in state.items() if one != NULL}
    differing = [path for path in sorted(paths) if ours.get(path) != theirs.get(path)]
    patterns = [pattern for pattern, _ in DIFFERENCES[form]]
    for path in differing:
        listed = [pattern for pattern in patterns if re.fullmatch(pattern, path)]
        assert listed, f"{done.verb}: {path} is {state.get(path)}, not {done.state.get(path)}"
        met |= {*listed}
    return met
