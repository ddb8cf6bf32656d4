"""Section 12 as it goes on Azure: roles that take their time, verbs in another order, and
interruptions.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chatkit.cloud.calls import Calls
from chatkit.cloud.local_cloud import ask
from chatkit.core.errors import SetupError
from chatkit.steps import identity
from chatkit.workshop import Workshop
from tests.homes import workshop_in

pytestmark = [pytest.mark.slow, pytest.mark.long]
VERBS = ("assign_roles", "use_identity", "remove_client_secret", "disable_keys")
READY = "Section 12 can begin. Nothing was missed."
DELAY_S = 3


class Interrupted(BaseException):
    """Somebody stopped the kernel: no handler of an error meets it."""


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """The finished chat of section 10, which catching up has made."""
    with workshop_in(tmp_path_factory.mktemp("home")) as opened:
        opened.catch_up("12")
        yield opened


@pytest.fixture
def interrupt(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Does a verb until its nth request was answered."""
    call = Calls.call

    def until(workshop: Workshop, verb: str, count: int) -> bool:
        """Whether it was interrupted."""
        left = count

        def counted(self: Calls, *args: Any, **kwargs: Any) -> Any:
            nonlocal left
            answer = call(self, *args, **kwargs)
            left -= 1
            if not left:
                raise Interrupted
            return answer

        with monkeypatch.context() as patch:
            patch.setattr(Calls, "call", counted)
            try:
                getattr(workshop, verb)()
            except Interrupted:
                return True
        return False

    return until


def test_verbs_in_another_order_say_what_comes_first(workshop: Workshop) -> None:
    """Nothing was changed: the chat goes on with its keys."""
    with pytest.raises(SetupError) as refused:
        workshop.use_identity()
    assert "assign_roles" in refused.value.hint
    with pytest.raises(SetupError) as refused:
        workshop.disable_keys()
    assert "use_identity" in refused.value.hint
    workshop.check("10")


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_that_was_interrupted_goes_on(workshop: Workshop, interrupt: Any, verb: str) -> None:
    """After any of its requests, also in another process; the roles come late besides."""
    ask("PUT", "/faults/role-delay", {"seconds": DELAY_S})
    done = VERBS.index(verb)
    count = 1
    while interrupt(workshop, verb, count):
        again = Workshop.open()
        for before in VERBS[:done]:
            getattr(again, before)()
        count += 1
    assert count > 2
    assert repr(workshop.catch_up("12")) == READY
    ask("DELETE", "/faults")


def test_then_the_check_holds_and_the_keys_are_forgotten(workshop: Workshop) -> None:
    """Of all keys that there were one was noted, whenever it was interrupted."""
    assert "AADSTS7000215" in workshop.check("12").text
    workshop.clean_up()
    workshop.check("11")
    assert not (workshop.home / identity.KEYS_BEFORE).exists()
