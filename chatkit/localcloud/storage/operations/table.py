"""Every operation of the Blob service: which requests it answers, and what right it needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from chatkit.localcloud.storage.auth.access import BLOBS, CONTAINERS, SERVICE, Right
from chatkit.localcloud.storage.operations import (
    account_service,
    blobs,
    blocks,
    containers,
    leases,
    listing,
    tags,
    tiers,
)
from chatkit.localcloud.storage.operations.batch import Batch
from chatkit.localcloud.storage.operations.call import Answer, Call
from chatkit.localcloud.storage.operations.copies import READ, Copies

Handler = Callable[[Call], Awaitable[Answer]]
# What a request with `x-ms-copy-source` is: with the kind of the new blob, or without.
PUT_FROM_URL = "put"
COPY = "copy"

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


@dataclass(frozen=True)
class Operation:
    """One operation.

    Attributes:
        name: As Microsoft's reference calls it.
        method: GET stands for HEAD, too, where the URL names a container.
        resource: What the URL names (service, container or blob), and `restype` when it is given.
        comp: The query parameter; empty without one.
        right: What the caller needs.
        source: For requests with `x-ms-copy-source`: `PUT_FROM_URL` or `COPY`.
    """

    name: str
    method: str
    resource: str
    comp: str
    right: Right
    run: Handler
    source: str = ""


def all_operations(copies: Copies, batch: Batch) -> Iterable[Operation]:
    """Every operation.

    Args:
        copies: The operations that read another blob.
        batch: Runs several requests as one.
    """
    yield from SERVICE_OPERATIONS
    yield from CONTAINER_OPERATIONS
    yield from BLOB_OPERATIONS
    yield from _account_information()
    yield from _copies(copies)
    # With the account in the path, the JavaScript SDK takes it for a container.
    for resource in ("service", "service container", "container container"):
        yield Operation("Blob Batch", "POST", resource, "batch", ANY, batch.submit)


SERVICE_OPERATIONS = (
    Operation(
        "List Containers", "GET", "service", "list", LIST_CONTAINERS, listing.list_containers
    ),
    Operation(
        "Get Blob Service Properties",
        "GET",
        "service service",
        "properties",
        READ_SERVICE,
        account_service.get_properties,
    ),
    Operation(
        "Set Blob Service Properties",
        "PUT",
        "service service",
        "properties",
        WRITE_SERVICE,
        account_service.set_properties,
    ),
    Operation(
        "Get Blob Service Stats",
        "GET",
        "service service",
        "stats",
        READ_SERVICE,
        account_service.get_statistics,
    ),
    Operation(
        "Get User Delegation Key",
        "POST",
        "service service",
        "userdelegationkey",
        DELEGATE,
        account_service.get_user_delegation_key,
    ),
    Operation("Find Blobs by Tags", "GET", "service", "blobs", FIND, listing.find_by_tags),
)
CONTAINER_OPERATIONS = (
    Operation(
        "Create Container", "PUT", "container container", "", CREATE_CONTAINER, containers.create
    ),
    Operation(
        "Delete Container", "DELETE", "container container", "", DELETE_CONTAINER, containers.delete
    ),
    Operation(
        "Get Container Properties",
        "GET",
        "container container",
        "",
        READ_CONTAINER,
        containers.get_properties,
    ),
    Operation(
        "Get Container Metadata",
        "GET",
        "container container",
        "metadata",
        READ_CONTAINER,
        containers.get_metadata,
    ),
    Operation(
        "Set Container Metadata",
        "PUT",
        "container container",
        "metadata",
        WRITE_CONTAINER,
        containers.set_metadata,
    ),
    Operation("Get Container ACL", "GET", "container container", "acl", ACL, containers.get_acl),
    Operation("Set Container ACL", "PUT", "container container", "acl", ACL, containers.set_acl),
    Operation(
        "Lease Container",
        "PUT",
        "container container",
        "lease",
        LEASE_CONTAINER,
        leases.lease_container,
    ),
    Operation("List Blobs", "GET", "container container", "list", LIST, listing.list_blobs),
    Operation(
        "Find Blobs by Tags in Container",
        "GET",
        "container container",
        "blobs",
        FIND,
        listing.find_by_tags,
    ),
)
BLOB_OPERATIONS = (
    Operation("Put Blob", "PUT", "blob", "", WRITE, blobs.put_blob),
    Operation("Get Blob", "GET", "blob", "", READ, blobs.get_blob),
    Operation("Get Blob Properties", "HEAD", "blob", "", READ, blobs.get_properties),
    Operation("Delete Blob", "DELETE", "blob", "", DELETE, blobs.delete_blob),
    Operation("Get Blob Metadata", "GET", "blob", "metadata", READ, blobs.get_metadata),
    Operation("Get Blob Metadata", "HEAD", "blob", "metadata", READ, blobs.get_metadata),
    Operation("Set Blob Metadata", "PUT", "blob", "metadata", CHANGE, blobs.set_metadata),
    Operation("Set Blob Properties", "PUT", "blob", "properties", CHANGE, blobs.set_properties),
    Operation("Set Blob Tier", "PUT", "blob", "tier", CHANGE, tiers.set_tier),
    Operation("Lease Blob", "PUT", "blob", "lease", BREAK, leases.lease_blob),
    Operation("Get Blob Tags", "GET", "blob", "tags", READ_TAGS, tags.get_tags),
    Operation("Set Blob Tags", "PUT", "blob", "tags", WRITE_TAGS, tags.set_tags),
    Operation("Put Block", "PUT", "blob", "block", WRITE, blocks.put_block),
    Operation("Put Block List", "PUT", "blob", "blocklist", WRITE, blocks.put_block_list),
    Operation("Get Block List", "GET", "blob", "blocklist", READ, blocks.get_block_list),
    Operation("Append Block", "PUT", "blob", "appendblock", ADD, blocks.append_block),
    Operation("Append Blob Seal", "PUT", "blob", "seal", ADD, blocks.seal),
)


def _account_information() -> Iterable[Operation]:
    run = account_service.get_account_information
    for method in ("GET", "HEAD"):
        for level in ("service", "container", "blob"):
            resource = f"{level} account"
            yield Operation("Get Account Information", method, resource, "properties", ANY, run)


def _copies(copies: Copies) -> Iterable[Operation]:
    yield Operation("Copy Blob", "PUT", "blob", "", WRITE, copies.copy_blob, COPY)
    yield Operation(
        "Put Blob From URL", "PUT", "blob", "", WRITE, copies.put_blob_from_url, PUT_FROM_URL
    )
    yield Operation("Abort Copy Blob", "PUT", "blob", "copy", CHANGE, copies.abort_copy)
    # Blocks come from a URL whether or not the request names the kind of the blob.
    for source in (COPY, PUT_FROM_URL):
        run = copies.put_block_from_url
        yield Operation("Put Block From URL", "PUT", "blob", "block", WRITE, run, source)
        run = copies.append_block_from_url
        yield Operation("Append Block From URL", "PUT", "blob", "appendblock", ADD, run, source)
