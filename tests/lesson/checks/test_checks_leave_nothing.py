"""Checks leave nothing in the room: what they sent is in no history afterwards, and on no page."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.storage.blob import BlobServiceClient, BlobType

from chatkit.core.errors import CheckFailed
from chatkit.lesson import checks
from chatkit.lesson.checks import local_page
from chatkit.lesson.checks.core import evidence, runs, traces
from chatkit.lesson.http import get, post
from chatkit.steps import local_settings
from chatkit.workshop import Workshop
from tests.interrupts import needs_signals
from tests.lesson.doctor.ready_workshop import at_section_08, edited

pytestmark = pytest.mark.slow
ALICE = {"x-ms-client-principal-name": "alice"}


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """A workshop at the end of section 08, where alice has said something in both rooms."""
    with at_section_08(tmp_path_factory.mktemp("home")) as opened:
        for api in (opened.local_api_base_url, opened.api_base_url):
            say(api, "before")
        opened.prepare_page()
        yield opened


def say(api: str | None, text: str) -> None:
    """Send a message as alice."""
    answer = post(f"{api}/api/messages", {"sender": "alice", "text": text}, headers=ALICE)
    assert answer.status == 200, answer


def texts(api: str | None) -> list[str]:
    """The history, newest first."""
    return [message["text"] for message in get(f"{api}/api/messages", headers=ALICE).json()]


def test_the_history_is_as_it_was(workshop: Workshop) -> None:
    """After the checks of the local run, and of the deployed functions; what people say stays."""
    for section in ("05", "06", "07"):
        workshop.check(section)
    assert texts(workshop.local_api_base_url) == ["before"]
    assert texts(workshop.api_base_url) == ["before"]
    say(workshop.api_base_url, "after")
    assert texts(workshop.api_base_url) == ["after", "before"]


def test_an_open_panel_forgets_them(workshop: Workshop) -> None:
    """They were seen while the check ran; afterwards neither they nor their sender are there."""
    panel = workshop.chat_panel("alice", "bob")
    try:
        workshop.check("07")
        panel.say("alice", "Are we alone?")
        shown = [message.text for message in panel.messages("bob")]
        assert shown[-1] == "Are we alone?" and not any("check" in text for text in shown)
        assert "chatkit" not in panel._repr_mimebundle_()["text/html"]
    finally:
        panel.close()


def test_a_check_that_fails_leaves_nothing_either(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In an app of one's own, which keeps its history under another name."""
    monkeypatch.setattr(evidence, "ARRIVAL_S", 0.5)
    folder = workshop.functions_folder
    with (
        edited(folder / "send_message.py", '"newMessage"', '"message"'),
        edited(folder / "day_blobs.py", '"chat-history"', '"what-we-said"'),
    ):
        workshop.start_functions()
        with pytest.raises(CheckFailed):
            workshop.check("05")
        assert texts(workshop.local_api_base_url) == []
    workshop.start_functions()


@needs_signals
def test_a_check_that_is_stopped_leaves_nothing_either(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signal comes when the app has just stored a message."""
    before = texts(workshop.local_api_base_url)
    real = evidence.post_message

    def stop(*arguments: Any, **options: Any) -> Any:
        real(*arguments, **options)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(local_page, "post_message", stop)
    with pytest.raises(KeyboardInterrupt):
        checks.check(workshop.session, "06")
    assert texts(workshop.local_api_base_url) == before


REAL = "real = local_page.post_message"
WITHOUT_SURVIVOR = f"""
from chatkit.lesson.checks.core import traces
traces.Survivor.tell = lambda *_: None
traces.WAIT = ""
{REAL}
"""
KILLED = """
import os, signal, sys
from pathlib import Path
from chatkit.lesson import checks
from chatkit.lesson.checks import local_page
from chatkit.steps.session import Session

real = local_page.post_message

def die(*arguments, **options):
    real(*arguments, **options)
    os.kill(os.getpid(), signal.SIGKILL)

local_page.post_message = die
checks.check(Session(Path(sys.argv[1])), "06")
"""


@needs_signals
@pytest.mark.long
def test_a_check_that_is_killed_leaves_nothing_either(workshop: Workshop) -> None:
    """Not even for ten minutes: a process that waited beside it takes its message out.

    It looks for late ones a second longer, then forgets the run.
    """
    before = texts(workshop.local_api_base_url)
    command = (sys.executable, "-c", KILLED, str(workshop.home))
    with subprocess.Popen(command, start_new_session=True, stdin=subprocess.DEVNULL) as check:
        assert check.wait(60) == -9
    until = time.monotonic() + 30
    while texts(workshop.local_api_base_url) != before or runs.dead(workshop.home):
        assert time.monotonic() < until, texts(workshop.local_api_base_url)
        time.sleep(0.05)


@needs_signals
@pytest.mark.long
def test_who_is_killed_with_the_process_beside_it_leaves_it_to_the_next_check(
    workshop: Workshop,
) -> None:
    """At once: the lock of the killed run is free, and nobody has to wait until it is old."""
    before = texts(workshop.local_api_base_url)
    command = (sys.executable, "-c", KILLED.replace(REAL, WITHOUT_SURVIVOR), str(workshop.home))
    with subprocess.Popen(command, start_new_session=True, stdin=subprocess.DEVNULL) as check:
        assert check.wait(60) == -9
    assert len(texts(workshop.local_api_base_url)) == len(before) + 1
    panel = workshop.chat_panel("alice", where="local")
    assert [message.text for message in panel.messages("alice")] == before[::-1]
    panel.close()
    workshop.check("03")  # sends nothing itself
    assert texts(workshop.local_api_base_url) == before
    assert not runs.dead(workshop.home)


def lines(blobs: BlobServiceClient, name: str) -> list[str]:
    """The lines of a blob."""
    content = blobs.get_blob_client("room", name).download_blob().readall()
    return content.decode().splitlines()


def storage_of(workshop: Workshop) -> BlobServiceClient:
    """The storage of the local run."""
    known = local_settings.values(workshop.functions_folder)[local_settings.STORAGE_SETTING]
    return BlobServiceClient.from_connection_string(known)


def test_only_a_checks_own_lines_go(workshop: Workshop) -> None:
    """Not those of a check that runs beside it, nor of people; of a killed one of this home at
    once, and of one of another home after a while.
    """
    blobs = storage_of(workshop)
    room = blobs.create_container("room")

    def said(text: str, sent_at: str) -> str:
        return json.dumps({"id": text[-9:], "text": text, "sentAt": sent_at})

    def check(run: str, at: str) -> str:
        mark = f"{int(datetime.fromisoformat(at).timestamp()):08x}{run}{'0' * 16}"
        return f"A check is running: message 1 of 3 for the history ({mark})."

    old, new = "2026-01-01T00:00:00Z", datetime.now(UTC).isoformat()
    mine, beside, killed, other = ("aaaaaaaa", "bbbbbbbb", "cccccccc", "dddddddd")
    kept = [
        said("A check is running: is it?", old),
        said("A check is running: message 1 of 3 for the history (cccccc).", old),
        said(check(beside, new), new),
        said(check(other, old), new),  # somebody repeats it
        "no json",
        "",
    ]
    of_checks = [said(check(mine, new), new), said(check(killed, new), new)]
    content = "\n".join([*of_checks, *kept, said(check(other, old), old)])
    ours = traces.Lines(evidence.Sent(texts=[check(mine, new)]), [killed])
    for kind in ("AppendBlob", "BlockBlob"):
        room.upload_blob(kind, content, blob_type=BlobType(kind), metadata={"of": "alice"})
        began = room.get_blob_client(kind).get_blob_properties().last_modified
        assert len(traces.remove_lines(blobs, ours, since=began)) == 3
        after = room.get_blob_client(kind).get_blob_properties()
        assert lines(blobs, kind) == kept[:-1] and after.blob_type == kind
        assert after.metadata == {"of": "alice"}
    assert not [one for one in blobs.list_containers() if one.name.startswith(traces.DRAFTS)]


def test_nobodys_message_is_lost_meanwhile(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody writes between reading the blob and replacing it."""
    blobs = storage_of(workshop)
    blob = blobs.create_container("busy").get_blob_client("day")
    blob.create_append_blob()
    blob.append_block(b"a check's line\nfirst\n")
    began = blob.get_blob_properties().last_modified
    real = traces._replace
    words = iter([b"second\n", b"third\n"])

    def busy(*arguments: Any) -> None:
        word = next(words, b"")
        if word:
            blob.append_block(word)
        real(*arguments)

    monkeypatch.setattr(traces, "_replace", busy)
    ours = traces.Lines(evidence.Sent(texts=["a check's line"]))
    traces.remove_lines(blobs, ours, since=began)
    assert blob.download_blob().readall() == b"first\nsecond\nthird\n"
