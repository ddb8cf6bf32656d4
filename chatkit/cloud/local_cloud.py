"""The local cloud of a home as a process: does it run, start it, stop it, ask its control endpoint.

The process writes `cloud.json` beside its state. That file is believed only when the process it
names answers with the token that it holds: a process id and a port are used again by others, a
token is not. No Azure package is imported.
"""

from __future__ import annotations

import http.client
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any, NotRequired, TypedDict, cast
from urllib.parse import urlsplit

from chatkit.cloud.silence import (
    check_not_suspended,
    is_copy,
    is_suspended,
    last_word,
    silent,
    silent_or_off,
    switched_off,
)
from chatkit.core.errors import NotStarted, ServiceError, SetupError
from chatkit.core.file_lock import LOCKED_EXIT, holder
from chatkit.core.files import check_takes_writes, private_folder
from chatkit.core.home import records
from chatkit.core.home.check import NOTICE, UNUSABLE_EXIT, check_access, check_cloud
from chatkit.core.home.mended import Mended
from chatkit.core.ports import hang_up
from chatkit.core.processes import (
    DetachedProcess,
    ProcessIdentity,
    last_lines,
    start_detached,
    wait_until,
)
from chatkit.core.running.reachable import TOKEN_HEADER
from chatkit.core.settings import checkout, home
from chatkit.core.system.moving import read_file, remove
from chatkit.core.system.shells import killing

FILE = "cloud.json"
LOST = "the local cloud tells its addresses anew"
START_LIMIT_S = 30.0
STOP_LIMIT_S = 15.0
REPAIR_LIMIT_S = 600.0
NOTICES = 5
LOOK_LIMIT_S = 2.0
ASK_LIMIT_S = 10.0
NOTHING_LATER = f"/trace?after={2**53}"
"""The shortest answer that needs the token."""


class Move(TypedDict):
    """A port that the local cloud gave up at its start, because another program keeps it."""

    owner: str
    before: int
    now: int
    holder: str


class Endpoints(TypedDict):
    """What `cloud.json` says: enough for any Azure client, and for the control endpoint.

    `identity_endpoint` and `identity_header` are those of a managed identity that may do what the
    client may; an older cloud tells none. `map` opens the page with the ways of messages. `moves`
    are those of this start; `moved` leads from every port that there was once to the one it has.
    """

    running: bool
    pid: int
    resource_manager: str
    authority: str
    graph: str
    ca_file: str
    tenant_id: str
    subscription_id: str
    client_id: str
    client_secret: str
    dev_storage: str
    control: str
    control_token: str
    map: NotRequired[str]
    identity_endpoint: NotRequired[str]
    identity_header: NotRequired[str]
    moves: NotRequired[list[Move]]
    moved: NotRequired[dict[str, int]]


def identity_variables(known: Endpoints) -> dict[str, str]:
    """Variables with which programs on this machine get tokens of the local cloud."""
    return {
        "IDENTITY_ENDPOINT": known.get("identity_endpoint", ""),
        "IDENTITY_HEADER": known.get("identity_header", ""),
    }


def folder() -> Path:
    """The local cloud's folder in the kit's home."""
    return home() / "local"


def read(where: Path) -> Endpoints:
    """Read `cloud.json`, without asking whether the process runs.

    Raises:
        NotStarted: There is none that is whole.
    """
    try:
        known = json.loads(read_file(where / FILE))
    except (OSError, ValueError, RecursionError):
        raise switched_off(where) from None
    if not isinstance(known, dict):
        raise switched_off(where)
    return cast(Endpoints, known)


def running(where: Path) -> Endpoints | None:
    """Return the endpoints of the local cloud of a folder when it really answers, else None."""
    try:
        known = read(where)
        status, _ = _call(known, "GET", NOTHING_LATER, timeout_s=LOOK_LIMIT_S)
    except (NotStarted, OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return known if status == 200 and not is_copy(where) else None


def usable(where: Path) -> Endpoints | None:
    """Return the endpoints of the local cloud of a folder when it answers, and all are known."""
    known = running(where)
    if known is None or not known.keys() >= Endpoints.__required_keys__:
        return None
    return known


def check_stopped(where: Path) -> None:
    """Look whether a local cloud that does not answer could be started.

    Raises:
        HomeUnusable: A file of it is damaged; the sentence says what to do.
    """
    forget_damaged_endpoints(where)
    check_cloud(where)


def forget_damaged_endpoints(where: Path) -> None:
    """Put a damaged `cloud.json` aside: a process that runs writes it anew, and so does a start."""
    path = where / FILE
    known = records.read_record(path, lost=LOST)
    if known and not known.keys() >= Endpoints.__required_keys__:
        records.forget_record(path, lost=LOST)


def absence(where: Path) -> NotStarted | None:
    """Return the error for a local cloud that does not run, or is suspended; None for others.

    Asks nobody, so that it is quick also when the process hangs: that one holds the lock of its
    home for as long as it lives, and has written its id into `cloud.json` when its ports were open.
    """
    try:
        known = read(where)
    except NotStarted:
        return silent_or_off(where)
    pid = holder(where / "lock")
    if pid is not None and pid == known.get("pid") and not is_suspended(pid):
        return None
    return silent_or_off(where)


def run_id(known: Endpoints) -> str:
    """What distinguishes this run of a local cloud from those before and after it."""
    return f"{known['pid']} {known['control_token']}"


def start(where: Path) -> Endpoints:
    """Start the local cloud of a folder, or return the one that runs.

    Raises:
        NotStarted: It ended or did not answer in time; the sentence has the last line it wrote.
    """
    until = monotonic() + START_LIMIT_S
    while True:
        known = usable(where)
        if known is not None:
            return known
        check_not_suspended(where)
        forget_damaged_endpoints(where)
        process = _start_process(where)
        known = process.wait_until(lambda: usable(where), until=until)
        for line in last_lines(process.log, NOTICES):
            if line.startswith(NOTICE):
                print(line, file=sys.stderr)
        if known is None and process.exit_code == LOCKED_EXIT:
            # Another process has the home. Either it is starting, and will answer, or it is about
            # to end.
            known = wait_until(
                lambda: usable(where),
                until=until,
                unless=lambda: holder(where / "lock") is None,
            )
        if known is not None:
            return known
        if process.exit_code != LOCKED_EXIT and not last_lines(where / "cloud.out"):
            check_takes_writes(where)
        if process.exit_code == UNUSABLE_EXIT:
            # The sentence says itself what to do.
            raise NotStarted(f"The local cloud did not start: {last_word(where)}")
        pid = holder(where / "lock")
        if process.exit_code == LOCKED_EXIT and pid is not None:
            raise silent(pid)
        if process.exit_code != LOCKED_EXIT or monotonic() > until:
            raise NotStarted(
                f"The local cloud did not start: {last_word(where).rstrip('.')}.",
                hint="`chatkit local logs` shows more.",
            )


def repair(where: Path) -> Iterator[Mended]:
    """Mend the files of the local cloud of a folder, which does not run.

    Raises:
        NotWritten: The disk is full, or takes no writes.
        SetupError: Something cannot be mended; it is as it was.
    """
    command = [sys.executable, "-m", "chatkit.localcloud.repair", str(where)]
    process = start_detached(command, folder=checkout(), log=where / "repair.out")
    code = process.wait_until(lambda: process.exit_code, until=monotonic() + REPAIR_LIMIT_S)
    said = process.log.read_text(encoding="utf-8", errors="replace").splitlines()
    remove(process.log)
    if not said and code != 0:
        check_takes_writes(where)
    for line in said:
        if line.startswith("{"):
            yield Mended(**json.loads(line))
    last = said[-1] if said else "it said nothing"
    if code == UNUSABLE_EXIT:
        raise SetupError(last)
    if code != 0:
        raise SetupError(f"The local cloud's files cannot be mended: {last}")


def stop(where: Path) -> bool:
    """Stop the local cloud of a folder and wait until its process has ended.

    One that does not answer is ended as the system ends processes: what it held is kept, too.

    Returns:
        Whether there was one.

    Raises:
        SetupError: It is still there after some time.
    """
    known = running(where)
    pid = int(known["pid"]) if known else holder(where / "lock")
    if pid is None:
        remove(where / FILE)
        return False
    process = ProcessIdentity.of(pid)
    if process is None:
        return True
    if known is None:
        process.stop(STOP_LIMIT_S)
    else:
        _call(known, "POST", "/stop", timeout_s=ASK_LIMIT_S)
    if not process.wait(STOP_LIMIT_S):
        raise SetupError(
            f"The local cloud (process {pid}) does not end.",
            hint=f"{killing(pid)} ends that process; then try again.",
        )
    return True


OTHER_VERSION = (
    "The local cloud that runs is of another version of chatkit, and does not have this."
)
BEGIN_AGAIN = "chatkit local down, then chatkit local up; what it holds is kept."


def ask(method: str, path: str, body: object = None, *, where: Path | None = None) -> Any:
    """Call the control endpoint of the local cloud that runs.

    Args:
        method: The http method.
        path: Path below the endpoint's address.
        body: Sent as JSON unless None.
        where: Folder of the local cloud; the one of this home by default.

    Returns:
        The answer's JSON.

    Raises:
        NotStarted: It does not run.
        ServiceError: It refuses.
    """
    where = where or folder()
    known = running(where)
    if known is None:
        raise not_running(where)
    status, content = _call(known, method, path, body, timeout_s=ASK_LIMIT_S)
    try:
        answer = json.loads(content)
    except ValueError:
        # What this version asks for, one that was started by another version may not have.
        raise ServiceError(status, "NotFound", OTHER_VERSION, hint=BEGIN_AGAIN) from None
    if status >= 400:
        raise ServiceError(status, "BadRequest", str(answer["error"]))
    return answer


@contextmanager
def held(
    method: str, path: str, body: object = None, *, where: Path
) -> Iterator[http.client.HTTPResponse]:
    """Call the control endpoint, and keep the answer open while the block runs.

    Its first line has come when the block begins. Reading what follows takes as long as it takes.

    Raises:
        NotStarted: The local cloud of the folder does not run.
        ServiceError: It refuses.
    """
    known = running(where)
    if known is None:
        raise not_running(where)
    connection = _connect(known, timeout_s=ASK_LIMIT_S)
    try:
        answer = _send(known, connection, method, path, body)
        if answer.status >= 400:
            raise ServiceError(answer.status, "BadRequest", str(json.loads(answer.read())["error"]))
        answer.readline()
        connection.sock.settimeout(None)
        yield answer
    finally:
        if connection.sock is not None:
            hang_up(connection.sock)  # a thread that reads the answer would make `close` wait
        connection.close()


def _call(
    known: Endpoints, method: str, path: str, body: object = None, *, timeout_s: float
) -> tuple[int, bytes]:
    """Send one request to the control endpoint.

    Raises:
        OSError: Nothing answers there, or nothing that speaks http.
    """
    connection = _connect(known, timeout_s=timeout_s)
    try:
        answer = _send(known, connection, method, path, body)
        return answer.status, answer.read()
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
    finally:
        connection.close()


def _connect(known: Endpoints, *, timeout_s: float) -> http.client.HTTPConnection:
    # http.client knows no proxies, urllib.request does: the token must not leave this machine.
    return http.client.HTTPConnection(urlsplit(known["control"]).netloc, timeout=timeout_s)


def _send(
    known: Endpoints, connection: http.client.HTTPConnection, method: str, path: str, body: object
) -> http.client.HTTPResponse:
    headers = {TOKEN_HEADER: known["control_token"], "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    connection.request(method, path, body=data, headers=headers)
    return connection.getresponse()


def _start_process(where: Path) -> DetachedProcess:
    command = [sys.executable, "-m", "chatkit.localcloud.daemon", str(where)]
    check_access(where)
    try:
        private_folder(where)
        return start_detached(command, folder=checkout(), log=where / "cloud.out")
    except OSError as error:
        raise NotStarted(
            f"The local cloud did not start: {error.filename} cannot be written ({error.strerror})."
        ) from error


def not_running(where: Path) -> NotStarted:
    """The refusal to ask a local cloud that does not run, or does not answer.

    Raises:
        HomeUnusable: Starting it would not help, because a file of it is damaged.
    """
    check_stopped(where)
    return silent_or_off(where)
