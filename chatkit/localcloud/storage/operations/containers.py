"""Operations on one container: create, delete, properties, metadata, access policy."""

from __future__ import annotations

from chatkit.localcloud.storage.formats.xmltext import Element
from chatkit.localcloud.storage.operations import conditions, leases
from chatkit.localcloud.storage.operations.call import Answer, Call, xml_answer
from chatkit.localcloud.storage.operations.properties import metadata, metadata_headers, validators
from chatkit.localcloud.storage.state import names
from chatkit.localcloud.storage.state.errors import StorageError, bad_header
from chatkit.localcloud.storage.state.models import Container
from chatkit.localcloud.storage.state.request import Request

MAX_POLICIES = 5
PUBLIC = ("", "blob", "container")
POLICY_FIELDS = ("Start", "Expiry", "Permission")


async def create(call: Call) -> Answer:
    """Create Container."""
    name = call.target.container
    names.check_container(name)
    container = Container(name, metadata=metadata(call.request), public=_public(call.request))
    if name in call.account.containers:
        raise StorageError("ContainerAlreadyExists")
    call.repository.save_container(call.account, container)
    return Answer(201, validators(container))


async def delete(call: Call) -> Answer:
    """Delete Container: at once, its name can be used again."""
    container = call.container
    conditions.check_write(call.request, container)
    leases.require(call.request, container)
    call.repository.delete_container(call.account, container)
    return Answer(202)


async def get_properties(call: Call) -> Answer:
    """Get Container Properties."""
    container = call.container
    leases.require(call.request, container, optional=True)
    more = {
        "x-ms-has-immutability-policy": "false",
        "x-ms-has-legal-hold": "false",
        "x-ms-immutable-storage-with-versioning-enabled": "false",
        "x-ms-default-encryption-scope": "$account-encryption-key",
        "x-ms-deny-encryption-scope-override": "false",
    }
    return Answer(
        200,
        {
            **_headers(container),
            **leases.lease_headers(container.lease),
            **metadata_headers(container),
            **more,
        },
    )


async def get_metadata(call: Call) -> Answer:
    """Get Container Metadata."""
    container = call.container
    leases.require(call.request, container, optional=True)
    return Answer(200, {**validators(container), **metadata_headers(container)})


async def set_metadata(call: Call) -> Answer:
    """Set Container Metadata: replaces all of it."""
    container = call.container
    conditions.check_write(call.request, container)
    leases.require(call.request, container, optional=True)
    container.metadata = metadata(call.request)
    return _changed(call, container)


async def get_acl(call: Call) -> Answer:
    """Get Container ACL: public access and stored access policies."""
    container = call.container
    leases.require(call.request, container, optional=True)
    return xml_answer(
        Element("SignedIdentifiers", [*map(_identifier, container.policies.items())]),
        headers=_headers(container),
    )


async def set_acl(call: Call) -> Answer:
    """Set Container ACL: replaces public access and stored access policies."""
    container = call.container
    policies = {}
    if call.request.header("content-length", "0") != "0":
        given = await call.request.read_xml()
        if given.name != "SignedIdentifiers":
            raise StorageError("InvalidXmlDocument")
        for item in given.children:
            policy = item.child("AccessPolicy") or Element("AccessPolicy")
            policies[item.value("Id")] = {
                name.lower(): policy.value(name) for name in POLICY_FIELDS
            }
        if len(policies) > MAX_POLICIES or "" in policies:
            raise StorageError("InvalidXmlNodeValue")
    conditions.check_write(call.request, container)
    leases.require(call.request, container, optional=True)
    container.public = _public(call.request)
    container.policies = policies
    return _changed(call, container)


async def refuse_directories(call: Call) -> Answer:
    """Operations of Data Lake storage: what an account without hierarchical namespace answers."""
    _ = call.container  # A container that is not there is ContainerNotFound.
    raise StorageError("HierarchicalNamespaceNotEnabled")


def _identifier(item: tuple[str, dict[str, str]]) -> Element:
    name, policy = item
    values = [
        Element(shown, policy[shown.lower()])
        for shown in POLICY_FIELDS
        if policy.get(shown.lower())
    ]
    parts = [Element("Id", name)]
    if values:
        parts.append(Element("AccessPolicy", values))
    return Element("SignedIdentifier", parts)


def _public(request: Request) -> str:
    public = request.header("x-ms-blob-public-access").lower()
    if public not in PUBLIC:
        raise bad_header("x-ms-blob-public-access", public)
    if public and not request.account.spec.allow_blob_public_access:
        raise StorageError("PublicAccessNotPermitted")
    return public


def _headers(container: Container) -> dict[str, str]:
    headers = validators(container)
    if container.public:
        headers["x-ms-blob-public-access"] = container.public
    return headers


def _changed(call: Call, container: Container) -> Answer:
    container.touch()
    call.repository.save_container(call.account, container)
    return Answer(200, validators(container))
