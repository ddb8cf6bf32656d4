"""A function that the learner has broken, in a real local run and deployed: each cell that meets it
names the line.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from chatkit import post
from chatkit.chat.client.background_loop import background_loop
from chatkit.cloud import local_cloud
from chatkit.core.errors import CheckFailed, NotStarted, ServiceError
from chatkit.workshop import Workshop
from tests.lesson.doctor.ready_workshop import at_section_08, edited

pytestmark = [pytest.mark.slow, pytest.mark.long]
GOOD = "        message = chat_message"
LINE = '        raise ValueError("no \x1b[2J")  # mine'
SHOWN = r'raise ValueError("no \x1b[2J")  # mine → ValueError: no \u001b[2J'
SAID = {"sender": "alice", "text": "Hello"}


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """A workshop at the end of section 08 whose SendMessage raises, here and deployed."""
    with at_section_08(tmp_path_factory.mktemp("home")) as opened:
        path = opened.functions_folder / "send_message.py"
        line = LINE.replace("\x1b", r"\x1b")
        with edited(path, GOOD, f"{line}\n{GOOD}"):
            opened.start_functions()
            opened.publish_functions()
            yield opened


def line_of(workshop: Workshop) -> str:
    """Where the mistake is, and what stands there."""
    text = (workshop.functions_folder / "send_message.py").read_text(encoding="utf-8")
    number = text[: text.index("# mine")].count("\n") + 1
    return f"send_message.py, line {number}: {SHOWN}"


def api_of(workshop: Workshop, where: str) -> str:
    """Address of the functions that run there."""
    return workshop.session.api_of(where)


@pytest.mark.parametrize("where", ["local", "deployed"])
def test_a_request_and_the_panel_name_the_line(workshop: Workshop, where: str) -> None:
    """The owner's cell does, the answer itself is the bare 500."""
    answer = post(f"{api_of(workshop, where)}/api/messages", SAID)
    assert (answer.status, answer.content) == (500, b"")
    assert line_of(workshop) in repr(answer)
    panel = workshop.chat_panel("alice", where=where)
    with pytest.raises(ServiceError) as caught:
        panel.say("alice", "Hello")
    panel.close()
    assert caught.value.why == line_of(workshop)


@pytest.mark.parametrize(
    ("section", "way_on"), [(5, "start_functions"), ("7", "publish_functions")]
)
def test_a_check_names_it(workshop: Workshop, section: str | int, way_on: str) -> None:
    """And what to do about it there."""
    with pytest.raises(CheckFailed) as caught:
        workshop.check(section)
    assert caught.value.why == line_of(workshop) and way_on in caught.value.hint


def test_a_browser_gets_the_bare_500(workshop: Workshop) -> None:
    """Whoever else asks learns nothing about the app."""

    async def ask() -> tuple[int, bytes, str]:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{workshop.local_api_base_url}/api/messages", json=SAID) as answer,
        ):
            return answer.status, await answer.read(), str(answer.headers)

    status, body, headers = background_loop().call(ask())
    assert (status, body) == (500, b"") and "ValueError" not in headers


@pytest.mark.parametrize("where", ["local", "deployed"])
def test_logs_show_what_was_said(workshop: Workshop, where: str) -> None:
    """The newest last, and no secret."""
    post(f"{api_of(workshop, where)}/api/messages", SAID)
    said = workshop.logs(where, lines=20)
    lines = said.lines if said else ()
    assert any("ValueError: no" in line for line in lines)


def test_the_log_of_an_app_that_is_not_there_is_refused(workshop: Workshop) -> None:
    """By the local cloud, which alone knows what is deployed."""
    where = workshop.home / "local"
    for name in ("nothing", "..", "%2e%2e%2f"):
        with pytest.raises((ServiceError, ValueError)):
            local_cloud.ask("GET", f"/sites/{name}/log", where=where)


def test_an_app_that_does_not_load_is_not_said_to_run(workshop: Workshop, tmp_path: Path) -> None:
    """With the line that keeps it."""
    with (
        edited(workshop.functions_folder / "answers.py", "import json", "import jsn"),
        pytest.raises(NotStarted, match="cannot be loaded") as caught,
    ):
        workshop.start_functions()
    assert caught.value.why.startswith("answers.py, line ")
    workshop.start_functions()
