"""The panel on the real app: on this machine, deployed, and deployed with sign-in.

It does the same everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chatkit.chat.client.background_loop import background_loop
from chatkit.chat.panel.panel import ChatPanel
from chatkit.workshop import Workshop
from tests.chat.panel.panels import column_of, wait
from tests.web.deployed import finished_workshop

pytestmark = pytest.mark.slow
SECRETS = ("eyJ", "AccessKey=", "AccountKey=")


@pytest.fixture(scope="module")
def anonymous(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """As after section 08."""
    with finished_workshop(tmp_path_factory.mktemp("home")) as workshop:
        yield workshop


@pytest.fixture(scope="module")
def signed_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """As after section 10."""
    with finished_workshop(tmp_path_factory.mktemp("home"), sign_in=True) as workshop:
        yield workshop


def shown(widget: Any) -> str:
    """All that a front end is told about a widget and those in it."""
    own = repr(widget.get_state()) if widget.comm is not None else ""
    return own + "".join(shown(child) for child in getattr(widget, "children", ()))


def talks_reconnects_and_is_refused(panel: ChatPanel, refused_by: str) -> str:
    """Say something, lose the connection, show an expired token.

    Return all that was shown and recorded.
    """
    inspector = panel.inspector()
    background = background_loop()
    panel.say("alice", "hello")
    heading = column_of(panel, "alice").heading
    inspector.drop_connection("alice")
    wait(background, lambda: "again. Before: The connection was closed by network" in heading.value)
    panel.say("bob", "still there?")
    inspector.expire_token("alice")
    wait(background, lambda: f"{refused_by} answered 401" in heading.value)
    wait(background, lambda: any(event.summary.startswith("401") for event in inspector.events))
    widgets = shown(panel.widget) + shown(inspector.widget)
    return f"{widgets}{inspector.events}{inspector._repr_mimebundle_()}"


@pytest.mark.parametrize("where", ["local", "deployed"])
def test_without_sign_in_the_service_refuses_once(anonymous: Workshop, where: str) -> None:
    """The function makes a new token, and alice is back."""
    panel = anonymous.chat_panel("alice", "bob", where=where)
    everything = talks_reconnects_and_is_refused(panel, "POST /client/negotiate")
    wait(
        background_loop(),
        lambda: (
            "connected</span> <span>again. Before: POST /client/negotiate"
            in column_of(panel, "alice").heading.value
        ),
    )
    assert "received by alice and bob" in repr(panel.say("alice", "here I am"))
    panel.close()
    assert not [secret for secret in SECRETS if secret in everything]


def test_with_sign_in_the_app_refuses_until_one_signs_in_again(signed_in: Workshop) -> None:
    """Running the cell again signs in again."""
    panel = signed_in.chat_panel("alice", "bob")
    everything = talks_reconnects_and_is_refused(panel, "POST /api/negotiate")
    alice = column_of(panel, "alice")
    alice.text.value = "can anybody hear me?"
    alice.send.click()
    wait(
        background_loop(),
        lambda: "Not sent: POST /api/messages answered 401" in alice.problem.value,
    )
    panel = signed_in.chat_panel("alice", "bob")
    assert "received by alice and bob" in repr(panel.say("alice", "here I am", to="bob"))
    panel.close()
    assert not [secret for secret in SECRETS if secret in everything]
