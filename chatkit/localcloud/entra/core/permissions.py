"""Microsoft Graph's permissions, and what each operation asks for.

Follows Microsoft's pages "Microsoft Graph permissions reference", "Permissions" of every operation
under "applications" and "users", and "What are the default user permissions in Microsoft Entra ID":
a person's token allows what both its scopes and the person allow. People here are members of the
tenant without a directory role: they may read the directory, register applications, and change
those that they own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

GRAPH_APP = "00000003-0000-0000-c000-000000000000"
# The first client of az and azure-identity. Microsoft has consented for it in every tenant.
AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"


@dataclass(frozen=True)
class Permission:
    """One permission of Microsoft Graph.

    Attributes:
        name: As it stands in tokens.
        scope_id: Of its delegated form; empty when there is none.
        role_id: Of its application form; empty when there is none.
        needs_admin: Whether people cannot consent to the delegated form by themselves.
    """

    name: str
    scope_id: str = ""
    role_id: str = ""
    needs_admin: bool = True


PERMISSIONS = {
    one.name: one
    for one in (
        Permission("openid", "37f7f235-527c-4136-accd-4a02d197296e", needs_admin=False),
        Permission("profile", "14dad69e-099b-42c9-810b-d002981feec1", needs_admin=False),
        Permission("email", "64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0", needs_admin=False),
        Permission("offline_access", "7427e0e9-2fba-42fe-b0c0-848c9e6a8182", needs_admin=False),
        Permission("User.Read", "e1fe6dd8-ba31-4d61-89e7-88639da4683d", needs_admin=False),
        Permission(
            "User.ReadBasic.All",
            "b340eb25-3456-403f-be2f-af7a0d370277",
            "97235f07-e226-4f63-ace3-39588e11d3a1",
            needs_admin=False,
        ),
        Permission(
            "User.Read.All",
            "a154be20-db9c-4678-8ab7-66f6cc099a59",
            "df021288-bdef-4463-88db-98f22de89214",
        ),
        Permission(
            "Directory.Read.All",
            "06da0dbc-49e2-44d2-8312-53f166ab848a",
            "7ab1d382-f21e-4acd-a863-ba3e13f7da61",
        ),
        Permission(
            "Directory.ReadWrite.All",
            "c5366453-9fb0-48a5-a156-24f0c49a4b84",
            "19dbc75e-c2e2-444c-a770-ec69d8559fc7",
        ),
        Permission("Directory.AccessAsUser.All", "0e263e50-5827-48a4-b97c-d940288653c7"),
        Permission(
            "Application.Read.All",
            "c79f8feb-a9db-4090-85f9-90d820caa0eb",
            "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
        ),
        Permission(
            "Application.ReadWrite.All",
            "bdfbf15f-ee85-4955-8675-146e8e5296b5",
            "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9",
        ),
        Permission("Application.ReadWrite.OwnedBy", role_id="18a4783c-866b-4cc7-a460-3d5e5662c884"),
        Permission(
            "AppRoleAssignment.ReadWrite.All",
            "84bccea3-f856-4a8a-967b-dbe0a3d53a64",
            "06b708a9-e830-4db3-a914-8e69da51d44f",
        ),
    )
}
# What `az login` gives people in a token for Graph, as far as it is provided here.
AZURE_CLI_SCOPES = (
    *("Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"),
    *("Directory.AccessAsUser.All", "User.Read.All", "email", "openid", "profile"),
)
# What the kit's own service principal may do: it stands for the tenant's administrator.
ADMINISTRATOR_ROLES = (
    *("Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"),
    *("Directory.Read.All", "User.Read.All"),
)


def delegated_permission(name: str) -> Permission | None:
    """The permission that a scope names, in any case."""
    for permission in PERMISSIONS.values():
        if permission.name.lower() == name.lower():
            return permission
    return None


def application_permission(role_id: str) -> Permission | None:
    """The permission whose application form has this id."""
    for permission in PERMISSIONS.values():
        if permission.role_id and permission.role_id == role_id.lower():
            return permission
    return None


@dataclass(frozen=True)
class Caller:
    """Who asks Graph, by a token.

    Attributes:
        oid: Object id of the person or the application.
        is_app: Whether an application asks for itself, without a person.
        permissions: Scopes of a person's token, roles of an application's own.
    """

    oid: str
    is_app: bool
    permissions: frozenset[str]

    @classmethod
    def of(cls, claims: Mapping[str, object]) -> Caller:
        """The caller of a token that was checked."""
        is_app = claims.get("idtyp") == "app"
        given = claims.get("roles") if is_app else str(claims.get("scp") or "").split()
        if not isinstance(given, list):
            given = []
        oid = str(claims.get("oid") or claims.get("sub") or "")
        return cls(oid, is_app, frozenset(map(str, given)))


@dataclass(frozen=True)
class Right:
    """What an operation asks for: one of these permissions.

    Attributes:
        delegated: In a person's token, for every object.
        delegated_own: In a person's token, for what the person is or owns.
        application: In an application's own token, for every object.
        application_own: In an application's own token, for what the application owns.
        is_for_people: Whether an application that asks for itself is told that it cannot.
    """

    delegated: frozenset[str] = frozenset()
    delegated_own: frozenset[str] = frozenset()
    application: frozenset[str] = frozenset()
    application_own: frozenset[str] = frozenset()
    is_for_people: bool = False

    def allows(self, caller: Caller, *, is_own: bool) -> bool:
        """Say whether a caller may do it to an object.

        Args:
            caller: Who asks.
            is_own: Whether the object is the caller, or one that the caller owns.
        """
        if caller.is_app:
            enough = self.application
            enough_for_own = self.application_own
        else:
            enough = self.delegated
            enough_for_own = self.delegated_own
        if caller.permissions & enough:
            return True
        return is_own and bool(caller.permissions & enough_for_own)


_DIRECTORY = frozenset({"Directory.Read.All", "Directory.ReadWrite.All"})
_AS_USER = frozenset({"Directory.AccessAsUser.All"})
_OWNED = frozenset({"Application.ReadWrite.OwnedBy"})
_READ_USERS = frozenset({"User.ReadBasic.All", "User.Read.All"}) | _DIRECTORY
_READ_APPLICATIONS = frozenset({"Application.Read.All", "Application.ReadWrite.All"}) | _DIRECTORY
_WRITE_APPLICATIONS = frozenset({"Application.ReadWrite.All"})

READ_ME = Right(delegated=_READ_USERS | _AS_USER | {"User.Read"}, is_for_people=True)
READ_USERS = Right(
    delegated=_READ_USERS | _AS_USER,
    delegated_own=frozenset({"User.Read"}),
    application=_READ_USERS,
)
# OwnedBy lists what it does not own, too: the permissions reference says so.
READ_APPLICATIONS = Right(
    delegated=_READ_APPLICATIONS | _AS_USER, application=_READ_APPLICATIONS | _OWNED
)
CREATE_APPLICATION = Right(
    delegated=_WRITE_APPLICATIONS | _AS_USER, application=_WRITE_APPLICATIONS | _OWNED
)
# No scope makes a person who does not own an application one who may change it.
CHANGE_APPLICATION = Right(
    delegated_own=_WRITE_APPLICATIONS | _AS_USER,
    application=_WRITE_APPLICATIONS,
    application_own=_OWNED,
)
READ_DIRECTORY = Right(
    delegated=_READ_USERS | _READ_APPLICATIONS | _AS_USER,
    application=_READ_USERS | _READ_APPLICATIONS | _OWNED,
)
GRANT_ROLES = Right(application=frozenset({"AppRoleAssignment.ReadWrite.All"}))


def needing_admin(asked: Iterable[str], client_id: str) -> list[str]:
    """The permissions that a person cannot give a client by signing in.

    Names that are not permissions here are left out: they open nothing.

    Args:
        asked: Names of permissions.
        client_id: The application.
    """
    if client_id == AZURE_CLI:
        return []
    known = [delegated_permission(name) for name in asked]
    return [one.name for one in known if one is not None and one.needs_admin]


def scopes(asked: Iterable[str], client_id: str) -> list[str]:
    """The scopes of a person's token: ".default" stands for what the client has consent for.

    Names that are not permissions here stay as they are.
    """
    default: tuple[str, ...] = ("openid", "profile", "email", "User.Read")
    if client_id == AZURE_CLI:
        default = AZURE_CLI_SCOPES
    found: list[str] = []
    for name in asked:
        permission = delegated_permission(name)
        if name.lower() == ".default":
            found += default
        else:
            found.append(name if permission is None else permission.name)
    return [*dict.fromkeys(found)]
