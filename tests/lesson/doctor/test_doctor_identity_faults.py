"""The problems of sign-in, brought about in a finished workshop: the doctor names each, with its
fix, and no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chatkit.core.errors import CheckFailed
from chatkit.lesson.doctor.diagnose import diagnose
from chatkit.workshop import Workshop
from tests.lesson.doctor import doctor_faults as faults
from tests.lesson.doctor.doctor_faults import Fault, assert_named_alone
from tests.lesson.doctor.doctor_symptoms import SYMPTOMS
from tests.tiers import one_in
from tests.web.deployed import finished_workshop

pytestmark = pytest.mark.slow
TOKENS, SEND = "signalr_tokens.py", "send_message.py"
LOCAL = '"http://localhost:7071", "was": "'


def closed(action: str) -> Callable[[Any], None]:
    """Authentication that lets nobody pass who is not signed in."""

    def change(properties: Any) -> None:
        properties.global_validation.require_authentication = True
        properties.global_validation.unauthenticated_client_action = action

    return change


def no_way_back(properties: Any) -> None:
    """Authentication that knows no page."""
    properties.login.allowed_external_redirect_urls = []


FAULTS = (
    Fault(
        "login-instead-of-cors",
        "redirects every request without sign-in",
        faults.authentication(closed("RedirectToLoginPage")),
    ),
    Fault(
        "token-ended",
        "gives tokens that end in",
        faults.running(TOKENS, "LIFETIME_S = 3600", "LIFETIME_S = 60"),
    ),
    Fault(
        "private-reaches-nobody",
        "negotiate gives a token without a user",
        faults.published(TOKENS, "{**claims, ", "{"),
    ),
    Fault(
        "private-reaches-nobody",
        "to a connection id as if it were",
        faults.file(SEND, '"userId": user', '"userId": user["connectionId"]'),
    ),
    Fault("lands-on-done", "sends people back to no page", faults.authentication(no_way_back)),
    Fault(
        "cookie-of-another-site",
        "signs in without session_mode=token",
        faults.page_file("session.js", "session_mode", "mode"),
    ),
    Fault(
        "portal-test",
        "refuses every request without sign-in",
        faults.authentication(closed("Return401")),
    ),
    Fault(
        "no-auth-here",
        "offers sign-in with the functions of this",
        faults.page_file("config.json", '"apiBaseUrl": "', f'"apiBaseUrl": {LOCAL}'),
    ),
)
CONFIRMED = (
    Fault("forged-request", "sends people back to no page", faults.authentication(no_way_back)),
    Fault(
        "portal-test",
        "refuses every request without sign-in",
        faults.authentication(closed("Return401")),
    ),
)


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """A workshop at the end of section 10."""
    with finished_workshop(tmp_path_factory.mktemp("home"), sign_in=True) as opened:
        yield opened


@pytest.mark.parametrize("fault", one_in(3, FAULTS), ids=str)
def test_a_fault_is_named_with_its_fix_and_nothing_else(workshop: Workshop, fault: Fault) -> None:
    """What is seen is said, nothing secret is shown; repaired, there is nothing wrong any more."""
    assert_named_alone(workshop, fault)


@pytest.mark.parametrize("fault", CONFIRMED, ids=str)
def test_a_symptom_is_confirmed_by_what_is_to_be_seen(workshop: Workshop, fault: Fault) -> None:
    """The text names the problem, what is looked at says that it is so."""
    with fault.breaks(workshop):
        first = diagnose(workshop.session, SYMPTOMS[fault.key][0]).problems[0]
    assert (first.problem.key, first.matches_symptom) == (
        fault.key,
        True,
    ) and fault.seen in first.seen


def test_a_guests_other_name_is_known_from_the_text_alone(workshop: Workshop) -> None:
    """Whether a name is a guest's cannot be seen from outside."""
    (found,) = diagnose(workshop.session, SYMPTOMS["guest-name"][0]).problems
    assert found.problem.key == "guest-name" and not found.seen


def test_sign_in_in_front_of_local_functions_is_no_fault(workshop: Workshop) -> None:
    """The doctor asks as alice does; the check of a section without it says what to do."""
    workshop.start_functions(auth=True)
    try:
        workshop.prepare_page()
        assert '"signIn": "aad"' in (workshop.page_folder / "config.json").read_text("utf-8")
        assert not diagnose(workshop.session).problems
        with pytest.raises(CheckFailed, match="runs them without"):
            workshop.check("04")
    finally:
        workshop.stop_functions()
        workshop.set_page_url()
