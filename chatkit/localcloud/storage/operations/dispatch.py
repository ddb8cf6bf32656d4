"""From a request to its answer: one table says which operation it is and what that needs."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from chatkit.localcloud.storage.auth.access import BLOBS, CONTAINERS, SERVICE, Gate, Right
from chatkit.localcloud.storage.formats import dates
from chatkit.localcloud.storage.operations import (
    account_service,
    blobs,
    blocks,
    containers,
    leases,
    listing,
    tags,
)
from chatkit.localcloud.storage.operations.batch import Batch
from chatkit.localcloud.storage.operations.call import XML, Answer, Call
from chatkit.localcloud.storage.operations.copies import READ, Copies
from chatkit.localcloud.storage.state import names
from chatkit.localcloud.storage.state.errors import StorageError, bad_header, not_provided
from chatkit.localcloud.storage.state.repository import Repository
from chatkit.localcloud.storage.state.request import Request

log = logging.getLogger("chatkit.local.storage")
Handler = Callable[[Call], Awaitable[Answer]]
VERSION = re.compile(r"\d{4}-\d\d-\d\d$")

WRITE = Right(BLOBS + "write", "cw", "o")
CHANGE = Right(BLOBS + "write", "w", "o")
ADD = Right(BLOBS + "add/action", "aw", "o")
DELETE = Right(BLOBS + "delete", "d", "o")
BREAK = Right(BLOBS + "write", "wd", "o")
READ_TAGS = Right(BLOBS + "tags/read", "t", "o")
WRITE_TAGS = Right(BLOBS + "tags/write", "t", "o")
LIST = Right(BLOBS + "read", "l", "c", "container")
FIND = Right(BLOBS + "filter/action", "f", "co")
READ_CONTAINER = Right(CONTAINERS + "read", "r", "c", "container", service_sas=False)
WRITE_CONTAINER = Right(CONTAINERS + "write", "w", "c", service_sas=False)
CREATE_CONTAINER = Right(CONTAINERS + "write", "cw", "c", service_sas=False)
DELETE_CONTAINER = Right(CONTAINERS + "delete", "d", "c", service_sas=False)
LEASE_CONTAINER = Right(CONTAINERS + "write", "wd", "c", service_sas=False)
LIST_CONTAINERS = Right(CONTAINERS + "read", "l", "s", service_sas=False)
READ_SERVICE = Right(SERVICE + "read", "r", "s", service_sas=False)
WRITE_SERVICE = Right(SERVICE + "write", "w", "s", service_sas=False)
DELEGATE = Right(SERVICE + "generateUserDelegationKey/action", "", "s", service_sas=False)
ACL = Right(CONTAINERS + "write", "", "c", service_sas=False)
ANY = Right(BLOBS + "read", "rwdlacuptfi", "sco", "")
NOT_IGNORED = {
    "x-ms-encryption-key": "Encryption with a key of the caller's",
    "x-ms-source-encryption-key": "Encryption with a key of the caller's",
    "x-ms-encryption-scope": "An encryption scope",
    "x-ms-immutability-policy-until-date": "An immutability policy",
    "x-ms-legal-hold": "A legal hold",
}
DATA_LAKE = (
    "action",
    "resource",
)  # parameters of its operations, which clients also use to find out about directories


@dataclass(frozen=True)
class Operation:
    """One operation.

    Attributes:
        name: As Microsoft's reference calls it.
    """

    name: str
    right: Right
    run: Handler


Table = dict[tuple[str, str, str], Operation]


class Operations:
    """From a request to its answer."""

    def __init__(self, gate: Gate, repository: Repository) -> None:
        self._gate = gate
        self._repository = repository
        self._table = table(Copies(gate), Batch(self.answer))

    async def answer(self, request: Request) -> Answer:
        """Run a request; every refusal becomes its XML answer here."""
        try:
            return await self._run(request)
        except StorageError as error:
            return refusal(error, request.request_id)
        except (ConnectionError, TimeoutError):
            raise
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            return refusal(StorageError("InternalError"), request.request_id)

    async def _run(self, request: Request) -> Answer:
        version = request.header("x-ms-version")
        if version and not VERSION.match(version):
            raise bad_header("x-ms-version", version)
        operation = self._find(request)
        access = self._gate.admit(request, operation.right)
        if request.target.blob:
            names.check_blob(request.target.blob)
            _refuse_ignored(request)
        return await operation.run(Call(request, access, self._repository))

    def _find(self, request: Request) -> Operation:
        if any(name in request.query for name in DATA_LAKE):
            return Operation("Data Lake", ANY, containers.refuse_directories)
        method = request.method
        level = request.target.level
        if method == "HEAD" and level == "container":
            method = "GET"
        if "restype" in request.query:
            level += f" {request.query.get('restype').lower()}"
        comp = request.query.get("comp").lower()
        found = self._table.get((f"{method} {level}", comp, _variant(request, comp)))
        if found is not None:
            return found
        for place, known_comp, _ in self._table:
            if known_comp == comp and place.partition(" ")[2] == level:
                raise StorageError("UnsupportedHttpVerb")
        named = f"{method} {level}"
        if comp:
            named += f" comp={comp}"
        raise not_provided(named)


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


def _variant(request: Request, comp: str) -> str:
    """What tells apart operations of the same method and parameters: a copy's source."""
    if (
        request.method != "PUT"
        or not request.header("x-ms-copy-source")
        or comp not in ("", "block", "appendblock")
    ):
        return ""
    return "put" if request.header("x-ms-blob-type") else "copy"


def refusal(error: StorageError, request_id: str) -> Answer:
    """An error as the service sends it."""
    body = error.body(request_id=request_id, time=dates.iso(dates.now()))
    headers = {"x-ms-error-code": error.code, **error.headers}
    if body:
        headers["Content-Type"] = XML
    return Answer(error.status, headers, body)


def table(copies: Copies, batch: Batch) -> Table:
    """Every operation by method, level and restype; comp; and variant."""
    found: Table = {}

    def add(place: str, name: str, right: Right, run: Handler) -> None:
        where, _, comp = place.partition("?")
        comp, _, variant = comp.partition("|")
        found[where, comp, variant] = Operation(name, right, run)

    for part in (_service_operations, _container_operations, _blob_operations):
        part(add)
    # With the account in the path, the JavaScript SDK takes it for a container.
    for place in ("POST service", "POST service container", "POST container container"):
        add(f"{place}?batch", "Blob Batch", ANY, batch.submit)
    add("PUT blob?|copy", "Copy Blob", WRITE, copies.copy_blob)
    add("PUT blob?|put", "Put Blob From URL", WRITE, copies.put_blob_from_url)
    add("PUT blob?copy", "Abort Copy Blob", CHANGE, copies.abort_copy)
    for variant in ("copy", "put"):
        add(f"PUT blob?block|{variant}", "Put Block From URL", WRITE, copies.put_block_from_url)
        add(
            f"PUT blob?appendblock|{variant}",
            "Append Block From URL",
            ADD,
            copies.append_block_from_url,
        )
    return found


Add = Callable[[str, str, Right, Handler], None]


def _service_operations(add: Add) -> None:
    add("GET service?list", "List Containers", LIST_CONTAINERS, listing.list_containers)
    add(
        "GET service service?properties",
        "Get Blob Service Properties",
        READ_SERVICE,
        account_service.get_properties,
    )
    add(
        "PUT service service?properties",
        "Set Blob Service Properties",
        WRITE_SERVICE,
        account_service.set_properties,
    )
    add(
        "GET service service?stats",
        "Get Blob Service Stats",
        READ_SERVICE,
        account_service.get_statistics,
    )
    add(
        "POST service service?userdelegationkey",
        "Get User Delegation Key",
        DELEGATE,
        account_service.get_user_delegation_key,
    )
    add("GET service?blobs", "Find Blobs by Tags", FIND, listing.find_by_tags)
    for method in ("GET", "HEAD"):
        for level in ("service", "container", "blob"):
            place = f"{method} {level} account?properties"
            add(place, "Get Account Information", ANY, account_service.get_account_information)


def _container_operations(add: Add) -> None:
    add("PUT container container", "Create Container", CREATE_CONTAINER, containers.create)
    add("DELETE container container", "Delete Container", DELETE_CONTAINER, containers.delete)
    add(
        "GET container container",
        "Get Container Properties",
        READ_CONTAINER,
        containers.get_properties,
    )
    add(
        "GET container container?metadata",
        "Get Container Metadata",
        READ_CONTAINER,
        containers.get_metadata,
    )
    add(
        "PUT container container?metadata",
        "Set Container Metadata",
        WRITE_CONTAINER,
        containers.set_metadata,
    )
    add("GET container container?acl", "Get Container ACL", ACL, containers.get_acl)
    add("PUT container container?acl", "Set Container ACL", ACL, containers.set_acl)
    add("PUT container container?lease", "Lease Container", LEASE_CONTAINER, leases.lease_container)
    add("GET container container?list", "List Blobs", LIST, listing.list_blobs)
    add(
        "GET container container?blobs",
        "Find Blobs by Tags in Container",
        FIND,
        listing.find_by_tags,
    )


def _blob_operations(add: Add) -> None:
    add("PUT blob", "Put Blob", WRITE, blobs.put_blob)
    add("GET blob", "Get Blob", READ, blobs.get_blob)
    add("HEAD blob", "Get Blob Properties", READ, blobs.get_properties)
    add("DELETE blob", "Delete Blob", DELETE, blobs.delete_blob)
    add("GET blob?metadata", "Get Blob Metadata", READ, blobs.get_metadata)
    add("HEAD blob?metadata", "Get Blob Metadata", READ, blobs.get_metadata)
    add("PUT blob?metadata", "Set Blob Metadata", CHANGE, blobs.set_metadata)
    add("PUT blob?properties", "Set Blob Properties", CHANGE, blobs.set_properties)
    add("PUT blob?tier", "Set Blob Tier", CHANGE, blobs.set_tier)
    add("PUT blob?lease", "Lease Blob", BREAK, leases.lease_blob)
    add("GET blob?tags", "Get Blob Tags", READ_TAGS, tags.get_tags)
    add("PUT blob?tags", "Set Blob Tags", WRITE_TAGS, tags.set_tags)
    add("PUT blob?block", "Put Block", WRITE, blocks.put_block)
    add("PUT blob?blocklist", "Put Block List", WRITE, blocks.put_block_list)
    add("GET blob?blocklist", "Get Block List", READ, blocks.get_block_list)
    add("PUT blob?appendblock", "Append Block", ADD, blocks.append_block)
    add("PUT blob?seal", "Append Blob Seal", ADD, blocks.seal)
