"""What each step sent the last time, and the whole chat told from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatkit.cloud.connection import Cloud
from chatkit.cloud.how import memory
from chatkit.cloud.how.forms import StepForms
from chatkit.cloud.provision.signalr import create_signalr
from chatkit.cloud.stack import Stack
from chatkit.cloud.step import Step
from tests.cloud.fake_azure import FakeAzure

WHAT = "the API"


@pytest.fixture
def made(azure: FakeAzure, stack: Stack, home: Path) -> StepForms:
    """What making an instance sent."""
    azure.on("POST", "checkNameAvailability", (200, {"nameAvailable": True}, {}))
    azure.on("GET", "usages", (200, {"value": []}, {}))
    azure.on("PUT", "signalR/chatkit-x", (200, {"properties": {}}, {}))
    step = Step(stack, home)
    create_signalr(stack)
    step.writes("my-chat/content/config.json", {"apiBaseUrl": "http://localhost:1"})
    return step.forms()


def test_what_is_remembered_is_told_as_before(made: StepForms, home: Path) -> None:
    """Also by another process: nothing is lost in the file."""
    memory.note(home, "azure", "Creating", made)
    whole = memory.load(home, "azure").whole()
    assert whole is not None
    assert [whole.az(), whole.python(), whole.rest(), whole.template()] == [
        made.az(),
        made.python(),
        made.rest(),
        made.template(),
    ]
    assert memory.tell(home, "azure", WHAT).text == "The API in 1 az command."
    assert memory.tell(home, "local", WHAT).text == "Nothing was made yet."


def test_a_step_done_again_takes_its_own_place(made: StepForms, home: Path) -> None:
    """The order of the tutorial stays; two steps that send the same are told once."""
    for title in ("Creating", "Serving", "Creating"):
        memory.note(home, "azure", title, made)
    assert [*memory.load(home, "azure").steps] == ["Creating", "Serving"]
    assert memory.tell(home, "azure", WHAT).az().count("az signalr create") == 1


def test_the_clean_up_is_no_part_of_the_chat(
    made: StepForms, azure: FakeAzure, cloud: Cloud, stack: Stack, home: Path
) -> None:
    """After it the whole chat is told as before, until the first step of another one."""
    azure.on("DELETE", "resourcegroups/g", (200, None, {}))
    memory.note(home, "azure", "Creating", made)
    step = Step(Stack(cloud, stack.calls.branch(), stack.names), home)
    step.stack.calls.finish(cloud.resources().resource_groups.begin_delete, "g")
    memory.note(home, "azure", "Cleaning up", StepForms(step.stack.calls.requests, made.place))
    assert "delete" not in memory.tell(home, "azure", WHAT).az()
    assert "signalr create" in memory.tell(home, "azure", WHAT).az()
    memory.note(home, "azure", "Another one", made)
    assert [*memory.load(home, "azure").steps] == ["Another one"]
