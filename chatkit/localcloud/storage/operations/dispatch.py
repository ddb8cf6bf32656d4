"""From a request to its answer: which operation it is, whether it is allowed, what went wrong."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from chatkit.core.errors import NotWritten
from chatkit.localcloud.storage.auth.access import Gate
from chatkit.localcloud.storage.formats import dates
from chatkit.localcloud.storage.operations import containers
from chatkit.localcloud.storage.operations.batch import Batch
from chatkit.localcloud.storage.operations.call import XML, Answer, Call
from chatkit.localcloud.storage.operations.copies import Copies
from chatkit.localcloud.storage.operations.table import (
    ANY,
    COPY,
    PUT_FROM_URL,
    Operation,
    all_operations,
)
from chatkit.localcloud.storage.state import names
from chatkit.localcloud.storage.state.errors import (
    StorageError,
    bad_header,
    bad_query,
    not_provided,
)
from chatkit.localcloud.storage.state.repository import Repository
from chatkit.localcloud.storage.state.request import Request

VERSION = re.compile(r"\d{4}-\d\d-\d\d$")
FIRST_VERSION = "2009-07-17"

NOT_IGNORED = {
    "x-ms-encryption-key": "Encryption with a key of the caller's",
    "x-ms-source-encryption-key": "Encryption with a key of the caller's",
    "x-ms-encryption-scope": "An encryption scope",
    "x-ms-immutability-policy-until-date": "An immutability policy",
    "x-ms-legal-hold": "A legal hold",
}
# Parameters of Data Lake operations. Clients also use them to find out about directories.
DATA_LAKE = ("action", "resource")
DATA_LAKE_OPERATION = Operation("Data Lake", "", "", "", ANY, containers.refuse_directories)


class Operations:
    """From a request to its answer."""

    def __init__(self, gate: Gate, repository: Repository) -> None:
        self._gate = gate
        self._repository = repository
        self._table = {
            (operation.method, operation.resource, operation.comp, operation.source): operation
            for operation in all_operations(Copies(gate), Batch(self.answer))
        }

    async def answer(self, request: Request) -> Answer:
        """Run a request; every refusal becomes its XML answer here."""
        try:
            return await self._run(request)
        except StorageError as error:
            return refusal(error, request.request_id)
        except NotWritten as error:  # here, so that each part of a batch has its own answer
            return refusal(StorageError("InsufficientStorage", str(error)), request.request_id)

    async def _run(self, request: Request) -> Answer:
        version = request.header("x-ms-version")
        if version and not _is_version(version):
            raise bad_header("x-ms-version", version)
        operation = self._find(request)
        access = self._gate.admit(request, operation.right)
        if request.target.container:
            names.check_container(request.target.container)
        if request.target.blob:
            names.check_blob(request.target.blob)
            _refuse_ignored(request)
        return await operation.run(Call(request, access, self._repository))

    def _find(self, request: Request) -> Operation:
        if any(name in request.query for name in DATA_LAKE):
            return DATA_LAKE_OPERATION
        method = request.method
        resource = request.target.level
        if method == "HEAD" and resource == "container":
            method = "GET"
        if "restype" in request.query:
            resource += f" {request.query.get('restype').lower()}"
        comp = request.query.get("comp").lower()
        found = self._table.get((method, resource, comp, _source(request, comp)))
        if found is not None:
            return found
        for operation in self._table.values():
            if (operation.resource, operation.comp) == (resource, comp):
                raise StorageError("UnsupportedHttpVerb")
        if (resource, comp) == ("service", ""):
            # An account's address alone, as people open it in a browser.
            raise bad_query("comp", "")
        named = f"{method} {resource}"
        if comp:
            named += f" comp={comp}"
        raise not_provided(named)


def _is_version(text: str) -> bool:
    """Whether the service may know a version: a day from the first one to the end of next year.

    Versions are dated some months ahead of their release. One that is newer than this package is
    answered: client libraries send the newest.
    """
    if not VERSION.match(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    last = f"{datetime.fromtimestamp(dates.now(), UTC).year + 1}-12-31"
    return FIRST_VERSION <= text <= last


def _refuse_ignored(request: Request) -> None:
    """Refuse what a client must not believe to have got: an own encryption key, a version, a hold.

    Raises:
        StorageError: NotImplemented.
    """
    for name, what in NOT_IGNORED.items():
        if request.header(name, "false").lower() != "false":
            raise not_provided(what)
    if "snapshot" in request.query or "versionid" in request.query:
        raise not_provided("A snapshot or version")


def _source(request: Request, comp: str) -> str:
    """Where the content of a PUT comes from: a URL, or the body (empty)."""
    if request.method != "PUT" or comp not in ("", "block", "appendblock"):
        return ""
    if not request.header("x-ms-copy-source"):
        return ""
    if request.header("x-ms-blob-type"):
        return PUT_FROM_URL
    return COPY


def refusal(error: StorageError, request_id: str) -> Answer:
    """An error as the service sends it."""
    body = error.body(request_id=request_id, time=dates.iso(dates.now()))
    headers = {"x-ms-error-code": error.code, **error.headers}
    if body:
        headers["Content-Type"] = XML
    return Answer(error.status, headers, body, sentence=str(error))
