"""Checks leave nothing in the room: what one has sent is taken out of the history again, and off
the pages and panels that are open.

The history is the app's, and an app of one's own may keep it under another name. So every blob that
was written to since the check began is looked at, in the storage that the app has: lines with one
of the check's texts go, and everything else stays as it is. A check that is killed cannot do that:
a small process that waits beside it does it then (`python -m` this module), or the next check.
"""

from __future__ import annotations

import json
import sys
import time
import uuid
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatkit.chat.client.client import REMOVED
from chatkit.cloud.provision import storage
from chatkit.core.errors import ChatkitError
from chatkit.core.processes import Survivor
from chatkit.core.running.interrupts import held
from chatkit.lesson.checks.core import runs, service
from chatkit.lesson.checks.core.evidence import Sent, noting_messages
from chatkit.lesson.http import fetch
from chatkit.steps import local_settings
from chatkit.wire.check_marks import run_of

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient, BlobProperties, BlobServiceClient

    from chatkit.steps.session import Session

# Asked once, and not waited for long: the check has said what it has to say.
QUICK: dict[str, Any] = {"retry_total": 0, "connection_timeout": 2, "read_timeout": 10}
NOT_HISTORY = ("$", "azure-webjobs")
DRAFTS = "chatkit-check-"
CLOCKS_DIFFER_BY = timedelta(minutes=5)
FORGOTTEN_AFTER = timedelta(minutes=10)
TRIES = 10
Message = dict[str, Any]
BLOCK_BYTES = 4 * 1024 * 1024
COPY_LIMIT_S = 10.0
LATE_S = 1.0
PAUSE_S = 0.05
# Nothing of the kit is imported as long as it only waits.
WAIT = """
import sys
said = sys.stdin.buffer.read().decode().splitlines()
if said[-1:] != [sys.argv[1]]:
    import subprocess
    sys.exit(subprocess.call([sys.executable, "-m", *sys.argv[2:], *said]))
"""


@dataclass(frozen=True)
class Lines:
    """Which lines of a history are a check's.

    Attributes:
        sent: What this check has sent.
        dead: Runs of checks of this home that were killed.
    """

    sent: Sent
    dead: Collection[str] = ()

    def has(self, line: bytes) -> bool:
        """Whether a line is a message of this check, or of one that was killed.

        Whether one of another home was is known after some time only.
        """
        if any(text.encode() in line for text in self.sent.texts):
            return True
        message = _message(line)
        run = _run(message)
        return run != "" and (run in self.dead or _is_forgotten(str(message.get("sentAt"))))


@contextmanager
def removed_after(session: Session) -> Iterator[list[tuple[str, str]]]:
    """Take out of the room what the checks in the block send, however the block ends.

    Yields:
        What a result says about messages that stay; filled at the end of the block.
    """
    said: list[tuple[str, str]] = []
    begun = datetime.now(UTC)
    sent = Sent()
    with ExitStack() as stack, noting_messages(sent):
        stack.callback(_forget, session.home, sent.run, unless=said)
        sent.told = _watched(session, sent.run, begun, stack)
        late_s = 0.0
        try:
            yield said
        except KeyboardInterrupt:
            late_s = LATE_S  # the app may still be busy with the last one
            raise
        finally:
            if sent.texts or runs.dead(session.home):
                with held():
                    said.extend(_remove(session, sent, begun, late_s=late_s))


def _watched(
    session: Session, run: str, begun: datetime, stack: ExitStack
) -> Callable[[str], None]:
    """Start the process that cleans up after a kill, with the first message; tell it all texts.

    What the system knows of the run as long as it lasts is for the case that both are killed.
    """
    started: list[Survivor] = []
    texts: list[str] = []

    def tell(text: str) -> None:
        if not texts:
            stack.enter_context(runs.listed(session.home, run))
            waiting = (sys.executable, "-IS", "-c", WAIT, Survivor.DONE)
            command = (*waiting, __spec__.name, str(session.home), run, begun.isoformat())
            with suppress(OSError):  # the check can do without
                started.append(stack.enter_context(Survivor(command, environment={})))
        texts.append(text)
        for survivor in started:
            survivor.tell(text)

    return tell


def _clean_up_after_kill(home: str, run: str, begun: str, *texts: str) -> None:
    """Do what a killed check cannot do any more."""
    from chatkit.steps.session import Session

    sent = Sent(run, list(texts))
    left = [*_remove(Session(Path(home)), sent, datetime.fromisoformat(begun), late_s=LATE_S)]
    _forget(Path(home), run, unless=left)


def _forget(home: Path, run: str, *, unless: list[tuple[str, str]]) -> None:
    """Forget a run, unless messages of it are left."""
    if not unless:
        runs.forget(home, run)


def _remove(
    session: Session, sent: Sent, begun: datetime, *, late_s: float
) -> Iterator[tuple[str, str]]:
    from azure.core.exceptions import AzureError

    dead = runs.dead(session.home)
    ours = Lines(sent, [one.id for one in dead])
    since = min([begun, *(one.began for one in dead)]) - CLOCKS_DIFFER_BY
    until = time.monotonic() + late_s
    gone: list[Message] = []
    try:
        gone += _removed_now(session, ours, since)
        while time.monotonic() < until:
            time.sleep(PAUSE_S)
            gone += _removed_now(session, ours, since)
    except (AzureError, ChatkitError, ValueError) as error:
        yield "left in the room", f"messages of this check ({type(error).__name__})"
    else:
        found = {_run(message) for message in gone}
        for one in dead:
            if one.id in found or one.is_old:
                runs.forget(session.home, one.id)
    ids = {str(message["id"]) for message in gone if "id" in message}
    _tell_pages(session, sorted(sent.ids | ids))


def _removed_now(session: Session, ours: Lines, since: datetime) -> list[Message]:
    return [
        message
        for blobs in _storages(session)
        for message in remove_lines(blobs, ours, since=since)
    ]


def _storages(session: Session) -> Iterator[BlobServiceClient]:
    """The storage of the functions on this machine, and that of the deployed ones."""
    from azure.storage.blob import BlobServiceClient

    if session.absence() is not None:
        return
    with suppress(ChatkitError):  # settings that are damaged: the functions cannot use them either
        text = local_settings.values(session.functions_folder).get(local_settings.STORAGE_SETTING)
        if text and session.local_api_base_url:
            yield BlobServiceClient.from_connection_string(text, **QUICK)
    if session.settings.facts.function_app:
        yield storage.blobs(session.stack(), **QUICK)


def remove_lines(blobs: BlobServiceClient, ours: Lines, *, since: datetime) -> list[Message]:
    """Remove lines from every blob that was changed since a time.

    Returns:
        The messages in those lines.
    """
    gone: list[Message] = []
    for container in blobs.list_containers():
        if container.name.startswith(DRAFTS) and container.last_modified < since:
            blobs.delete_container(container.name)  # left by a check that was killed
        if container.name.startswith((*NOT_HISTORY, DRAFTS)):
            continue
        client = blobs.get_container_client(container.name)
        for found in client.list_blobs():
            if found.last_modified >= since and found.blob_type != "PageBlob":
                gone += _clean(blobs, client.get_blob_client(found.name), ours)
    return gone


def _clean(blobs: BlobServiceClient, blob: BlobClient, ours: Lines) -> list[Message]:
    """Remove lines from one blob.

    Strategy: a blob that somebody has written to meanwhile is read anew, so that no message of
    anybody is lost.
    """
    from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError

    for _ in range(TRIES):
        try:
            download = blob.download_blob()
            lines = download.readall().split(b"\n")
            kept = [line for line in lines if not ours.has(line)]
            if len(kept) == len(lines):
                break
            if any(kept):
                _replace(blobs, blob, download.properties, b"\n".join(kept))
            else:
                blob.delete_blob(**_unchanged(download.properties))
        except ResourceModifiedError:
            continue
        except ResourceNotFoundError:
            break
        return [_message(line) for line in lines if ours.has(line)]
    return []


def _replace(
    blobs: BlobServiceClient, blob: BlobClient, found: BlobProperties, content: bytes
) -> None:
    """Give a blob another content, at once and unless it has changed."""
    found.content_settings.content_md5 = None  # that of the old content
    kept: dict[str, Any] = {
        "metadata": found.metadata,
        "content_settings": found.content_settings,
    }
    if found.blob_type == "BlockBlob":
        blob.upload_blob(content, overwrite=True, **kept, **_unchanged(found))
        return
    # An append blob only grows; but a copy of another one replaces it as a whole.
    container = blobs.create_container(f"{DRAFTS}{uuid.uuid4().hex}")
    try:
        draft = container.get_blob_client("draft")
        draft.create_append_blob(**kept)
        for start in range(0, len(content), BLOCK_BYTES):
            draft.append_block(content[start : start + BLOCK_BYTES])
        copy_status = blob.start_copy_from_url(draft.url, **_unchanged(found))["copy_status"]
        until = time.monotonic() + COPY_LIMIT_S
        while copy_status == "pending" and time.monotonic() < until:
            time.sleep(PAUSE_S)
            copy_status = str(blob.get_blob_properties().copy.status)
    finally:
        container.delete_container()


def _unchanged(found: BlobProperties) -> dict[str, Any]:
    from azure.core import MatchConditions

    return {"etag": found.etag, "match_condition": MatchConditions.IfNotModified}


def _message(line: bytes) -> Message:
    """The message of a line, empty when there is none."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _run(message: Message) -> str:
    """Which run of checks has sent a message; empty for a person's."""
    return run_of(str(message.get("text")), str(message.get("sentAt", "")))


def _is_forgotten(sent_at: str) -> bool:
    try:
        return datetime.now(UTC) - datetime.fromisoformat(sent_at) > FORGOTTEN_AFTER
    except (ValueError, TypeError):  # no time, or one without its zone
        return False


def _tell_pages(session: Session, ids: list[str]) -> None:
    """Let open pages and panels forget messages; one that does not answer shows them until it is
    loaded again.
    """
    if not ids:
        return
    with suppress(ChatkitError):
        connection = service.of_local_settings(session)
        path = f"/api/hubs/{session.hub}/:send?api-version=2022-06-01"
        fetch(
            "POST",
            connection.server_url + path,
            body={"target": REMOVED, "arguments": [ids]},
            headers=service.rest_headers(session, connection, path),
        )


if __name__ == "__main__":
    _clean_up_after_kill(*sys.argv[1:])
