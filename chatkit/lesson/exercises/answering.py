"""Exercises about what a function answers: sections 06 to 09."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from urllib.parse import urlencode

from chatkit.lesson.checks.core.evidence import expect
from chatkit.lesson.exercises.bench import Bench
from chatkit.lesson.exercises.running_app import NAME_HEADER, RunningApp

CONTAINER = "exercise-06"
BLOB = "history.jsonl"
CLAIMED = ("user", "name", "sender")
FORM = "application/x-www-form-urlencoded"


def search(bench: Bench) -> Iterator[str]:
    """Section 06: the messages with a word in them, the newest first."""
    word = f"cake{uuid.uuid4().hex[:4]}"
    texts = ["hello", f"who likes {word}?", "not me", f"{word} for everybody", "thank you"]
    messages = [
        {"id": str(number), "sender": "alice", "text": text} for number, text in enumerate(texts)
    ]
    messages[2]["sender"] = word  # somebody of that name has not said it
    with _kept(bench, messages), bench.running(bench.storage_setting()) as app:
        for wanted in (word, "thank", "nobody-has-said-this"):
            found = [one for one in reversed(messages) if wanted in one["text"]]
            _expect_found(app, wanted, found)
    yield "A word that two messages have finds these two, the newest first."
    yield "A word that one has finds that one, and a word that nobody has said finds none."


@contextmanager
def _kept(bench: Bench, messages: list[dict[str, str]]) -> Iterator[None]:
    """Keep a history in a container of its own while the block runs."""
    from azure.core.exceptions import AzureError
    from azure.storage.blob import BlobServiceClient

    lines = "\n".join(json.dumps(message) for message in messages)
    with BlobServiceClient.from_connection_string(bench.storage()) as blobs:
        container = blobs.get_container_client(CONTAINER)
        if not container.exists():
            container.create_container()
        container.upload_blob(BLOB, lines.encode(), overwrite=True)
        try:
            yield
        finally:
            with suppress(AzureError):
                container.delete_container()


def _expect_found(app: RunningApp, word: str, wanted: list[dict[str, str]]) -> None:
    asked = f"/api/search?word={word}"
    answer = app.ask("GET", asked).json()
    is_right = answer == wanted
    hint = 'Take the messages that have the word in their "text".'
    if not is_right and isinstance(answer, list) and answer[::-1] == wanted:
        hint = "These are the right ones, the oldest first. Turn them round."
    got = _texts(answer)
    if not is_right and got in (_texts(wanted), _texts(wanted[::-1])) and answer[::-1] != wanted:
        hint = "Answer the messages as they are, with all their fields."
        got = json.dumps(answer)[:200]
    expect(
        is_right,
        f"GET {asked} finds something else",
        expected=f"the messages with the texts {_texts(wanted)}",
        got=got,
        hint=hint,
    )


def _texts(messages: object) -> str:
    """The texts of messages, or what there is in their place."""
    if isinstance(messages, list) and all(isinstance(one, dict) for one in messages):
        return json.dumps([one.get("text") for one in messages])
    return json.dumps(messages)[:200]


def setting(bench: Bench) -> Iterator[str]:
    """Section 07: a setting, and what counts without it."""
    name = f"kitchen-{uuid.uuid4().hex[:4]}"
    for settings, wanted, when in (
        ({}, "lobby", "without the setting CHAT_ROOM"),
        ({"CHAT_ROOM": name}, name, f"with the setting CHAT_ROOM={name}"),
    ):
        with bench.running(settings) as app:
            answer = app.ask("GET", "/api/room").text.strip()
        expect(
            answer == wanted,
            f"GET /api/room, {when}, answers something else",
            expected=wanted,
            got=answer or "nothing",
            hint="Settings are environment variables: os.environ. Which of its methods takes a"
            " default?",
        )
    yield "Without the setting the room is the lobby."
    yield "With the setting it is the one that the setting names."


def base_address(bench: Bench) -> Iterator[str]:
    """Section 08: the address at which the functions were asked."""
    with bench.running() as app:
        other = app.url.replace("//localhost:", "//127.0.0.1:")
        for base in (app.url, other):
            _expect_base(RunningApp(base, app.folder, app.log), "/api/config")
        _expect_base(app, "/api/config?version=2")
    yield "Asked at one address of this machine and at another, it names the one that was asked."
    yield "What stands behind a question mark does not change it."


def _expect_base(app: RunningApp, path: str) -> None:
    answer = app.ask("GET", path).json()
    got = answer.get("apiBaseUrl") if isinstance(answer, dict) else answer
    hint = "req.url is the whole address of the request. What belongs to the base, and what not?"
    if isinstance(got, str) and got.rstrip("/") == app.url:
        hint = "Without the slash at the end, like every base address in this chat."
    expect(
        got == app.url,
        f"GET {app.url}{path} answers another base address",
        expected=f'"apiBaseUrl": "{app.url}"',
        got=json.dumps(got),
        hint=hint,
    )


def me(bench: Bench) -> Iterator[str]:
    """Section 09: who asks, by the platform's header and by nothing else."""
    hint = (
        f"The platform gives the name in the header {NAME_HEADER}."
        " What a request says elsewhere proves nothing."
    )
    said = dict.fromkeys(CLAIMED, "mallory")
    asked = f"/api/me?{urlencode(said)}"
    with bench.running() as app:
        for name in (f"guest-{uuid.uuid4().hex[:4]}@example.com", "alice@example.com"):
            for headers, body in _claims(said):
                signed_in = {**headers, NAME_HEADER: name}
                answer = app.ask("GET", asked, headers=signed_in, body=body, hint=hint).json()
                expect(
                    answer == {"user": name},
                    f"GET /api/me, signed in as {name}, answers something else",
                    expected=json.dumps({"user": name}),
                    got=json.dumps(answer),
                    hint=hint,
                )
        app.ask("GET", "/api/me", status=401, hint=hint)
        for headers, body in _claims(said):
            app.ask("GET", asked, headers=headers, body=body, status=401, hint=hint)
    yield "Who is signed in is told their name, whoever they claim to be."
    yield "Who is not signed in gets 401."


def _claims(said: Mapping[str, str]) -> Iterator[tuple[dict[str, str], bytes]]:
    """Headers, a cookie and a body that say who somebody is: a JSON body, then a form."""
    headers = {**said, **{f"x-{name}": value for name, value in said.items()}}
    headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in said.items())
    yield headers, json.dumps(said).encode()
    yield {**headers, "Content-Type": FORM}, urlencode(said).encode()
