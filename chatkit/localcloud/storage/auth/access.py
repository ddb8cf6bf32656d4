"""Who sent a request, and what that allows.

Authenticators form a chain: each says who it is, refuses, or leaves the request to the next. The
last one is anonymous.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chatkit.localcloud.entra.core.roles import Roles
from chatkit.localcloud.entra.tokens import Claims
from chatkit.localcloud.storage.state.errors import StorageError
from chatkit.localcloud.storage.state.request import Request

BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/"
CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers/"
SERVICE = "Microsoft.Storage/storageAccounts/blobServices/"

# Takes a token's claims, the ARM id of a container or account, and an action.
RoleCheck = Callable[[Claims, str, str], bool]
Authenticator = Callable[[Request], "Access | None"]


@dataclass(frozen=True)
class Right:
    """What an operation needs.

    Attributes:
        action: Data (or management) action that a role has to hold.
        permissions: Permissions of a shared access signature; one of them is enough.
        resource: Resource type of an account signature: s, c or o; one of several is enough.
        public: Who may do it without signing in: "blob" for containers with blob or container
            access, "container".
        service_sas: Whether a signature of a container or blob can allow it.
    """

    action: str
    permissions: str
    resource: str
    public: str = ""
    service_sas: bool = True


@dataclass(frozen=True)
class Access:
    """A caller, as its proof says.

    Attributes:
        kind: "key", "sas", "bearer" or "anonymous".
        permissions: Permissions of a signature; empty for others.
        resources: Resource types of an account signature (s, c, o); for a service signature the
            resource it is for: b or c.
        service: Whether it is a service (or user delegation) signature.
        claims: Of the bearer token, or of the principal whose delegation key made the signature.
    """

    kind: str
    permissions: str = ""
    resources: str = ""
    service: bool = False
    claims: Claims | None = None

    def require_overwrite(self) -> None:
        """Refuse to replace a blob to a signature that only allows to create.

        Raises:
            StorageError: AuthorizationPermissionMismatch.
        """
        if self.kind == "sas" and "w" not in self.permissions:
            raise StorageError("AuthorizationPermissionMismatch")


class Gate:
    """The chain of authenticators, and what each kind of caller may do.

    Args:
        authenticators: Asked in this order; the first one that recognises the caller counts.
        role_check: Says whether the principal of a token may do an action at a scope.
        challenge: Makes WWW-Authenticate for a request without any proof.
    """

    def __init__(
        self,
        authenticators: Sequence[Authenticator],
        *,
        role_check: RoleCheck,
        challenge: Callable[[], str],
    ) -> None:
        self._authenticators = authenticators
        self._role_check = role_check
        self._challenge = challenge

    def admit(self, request: Request, right: Right) -> Access:
        """Recognise the caller, and let it in if the operation is allowed to it.

        Raises:
            StorageError: It is not, or the proof is wrong.
        """
        if request.account.spec.is_behind_firewall:
            raise StorageError("AuthorizationFailure")
        for authenticate in self._authenticators:
            access = authenticate(request)
            if access is not None:
                self._permit(request, access, right)
                return access
        self._permit_anonymous(request, right)
        return Access("anonymous")

    def _permit(self, request: Request, access: Access, right: Right) -> None:
        if access.kind == "sas":
            _permit_signature(access, right)
        if access.claims is None:
            return
        if not self._role_check(access.claims, scope_of(request), right.action):
            raise StorageError("AuthorizationPermissionMismatch")

    def _permit_anonymous(self, request: Request, right: Right) -> None:
        container = request.account.containers.get(request.target.container)
        if right.public:
            if not request.account.spec.allow_blob_public_access:
                raise StorageError("PublicAccessNotPermitted")
            if container is not None and container.public in (right.public, "container"):
                return
            raise StorageError("ResourceNotFound")
        raise StorageError(
            "NoAuthenticationInformation", headers={"WWW-Authenticate": self._challenge()}
        )


def by_roles(roles: Roles) -> RoleCheck:
    """Let the tenant's role assignments decide.

    Owner and Contributor allow management actions, not the use of blobs: that needs a data role.
    """

    def check(claims: Claims, scope: str, action: str) -> bool:
        if not scope.startswith("/subscriptions/"):
            # The development account has no place in Resource Manager, so no role reaches it.
            return True
        return roles.allows(claims.oid, scope, action, is_data=action.startswith(BLOBS))

    return check


def scope_of(request: Request) -> str:
    """ARM id of the container a request is about, or of the account."""
    account = request.account.spec.scope
    if not request.target.container:
        return account
    return f"{account}/blobServices/default/containers/{request.target.container}"


def _permit_signature(access: Access, right: Right) -> None:
    if access.service:
        beyond_blob = access.resources == "b" and "o" not in right.resource
        if not right.service_sas or right.resource == "s" or beyond_blob:
            raise StorageError("AuthorizationFailure")
    elif not set(right.resource) & set(access.resources):
        raise StorageError("AuthorizationResourceTypeMismatch")
    if not set(right.permissions) & set(access.permissions):
        raise StorageError("AuthorizationPermissionMismatch")
