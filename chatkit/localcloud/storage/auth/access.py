"""Who asks, and what that allows.

Authenticators form a chain: each says who it is, refuses, or leaves the request to the next. The last one is anonymous.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chatkit.localcloud.entra.tokens import Claims
from chatkit.localcloud.storage.state.call import Call
from chatkit.localcloud.storage.state.errors import StorageError

BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/"
CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers/"
SERVICE = "Microsoft.Storage/storageAccounts/blobServices/"

RoleCheck = Callable[[Claims, str, str], bool]
Authenticator = Callable[[Call], "Access | None"]


@dataclass(frozen=True)
class Right:
    """What an operation needs.

    Attributes:
        action: Data (or management) action that a role has to hold.
        letters: Permissions of a shared access signature; one of them is enough.
        resource: Resource type of an account signature: s, c or o; one of several is enough.
        public: Who may do it without signing in: "blob" for containers with blob or container access, "container".
        service_sas: Whether a signature of a container or blob can allow it.
    """

    action: str
    letters: str
    resource: str
    public: str = ""
    service_sas: bool = True


@dataclass(frozen=True)
class Access:
    """Somebody who was recognised.

    Attributes:
        kind: "key", "sas", "bearer" or "anonymous".
        letters: Permissions of a signature; empty for others.
        resources: Resource types of an account signature (s, c, o); for a service signature the resource it is for: b or c.
        service: Whether it is a service (or user delegation) signature.
        claims: Of the bearer token, or of whoever's delegation key made the signature.
    """

    kind: str
    letters: str = ""
    resources: str = ""
    service: bool = False
    claims: Claims | None = None

    def require_overwrite(self) -> None:
        """Refuse to replace a blob to a signature that only allows to create.

        Raises:
            StorageError: AuthorizationPermissionMismatch.
        """
        if self.kind == "sas" and "w" not in self.letters:
            raise StorageError("AuthorizationPermissionMismatch")


class Gate:
    """The chain of authenticators, and what each kind of caller may do."""

    def __init__(self, authenticators: Sequence[Authenticator]) -> None:
        self._authenticators = authenticators
        self.role_check: RoleCheck = lambda claims, scope, action: True
        self.challenge = ""

    def admit(self, call: Call, right: Right) -> Access:
        """Find out who asks and whether that is allowed.

        Raises:
            StorageError: It is not, or the proof is wrong.
        """
        for authenticate in self._authenticators:
            access = authenticate(call)
            if access is not None:
                self._permit(call, access, right)
                return access
        self._permit_anonymous(call, right)
        return Access("anonymous")

    def _permit(self, call: Call, access: Access, right: Right) -> None:
        if access.kind == "sas":
            _permit_signature(call, access, right)
        if access.claims is not None and not self.role_check(
            access.claims, scope_of(call), right.action
        ):
            raise StorageError("AuthorizationPermissionMismatch")

    def _permit_anonymous(self, call: Call, right: Right) -> None:
        container = call.account.containers.get(call.target.container)
        if right.public:
            if not call.account.spec.allow_blob_public_access:
                raise StorageError("PublicAccessNotPermitted")
            if container is not None and container.public in (right.public, "container"):
                return
            raise StorageError("ResourceNotFound")
        raise StorageError(
            "NoAuthenticationInformation", headers={"WWW-Authenticate": self.challenge}
        )


def scope_of(call: Call) -> str:
    """ARM id of the container a call is about, or of the account."""
    account = call.account.spec.scope
    return (
        f"{account}/blobServices/default/containers/{call.target.container}"
        if call.target.container
        else account
    )


def _permit_signature(call: Call, access: Access, right: Right) -> None:
    if access.service:
        if (
            not right.service_sas
            or (right.resource == "s")
            or (access.resources == "b" and "o" not in right.resource)
        ):
            raise StorageError("AuthorizationFailure")
    elif not set(right.resource) & set(access.resources):
        raise StorageError("AuthorizationResourceTypeMismatch")
    if not set(right.letters) & set(access.letters):
        raise StorageError("AuthorizationPermissionMismatch")
