"""The tenant: applications, service principals, managed identities and people."""

from __future__ import annotations

import secrets
import unicodedata
import uuid
from datetime import UTC, datetime
from typing import cast

from chatkit.core.text.constant_time import is_same_secret
from chatkit.core.time.propagation import FEDERATION, REGISTRATION, SECRET
from chatkit.localcloud.core.store import Document, Store
from chatkit.localcloud.entra import errors
from chatkit.localcloud.entra.core.applications import (
    Application,
    ApplicationChanges,
    changed,
    digest,
    is_expired,
    new_application,
    new_secret,
    password_credential,
    stored,
)
from chatkit.localcloud.entra.core.federation import EXCHANGE, FederatedCredential
from chatkit.localcloud.entra.core.permissions import (
    ADMINISTRATOR_ROLES,
    AZURE_CLI,
    GRAPH_APP,
    PERMISSIONS,
)
from chatkit.localcloud.entra.core.principals import DOMAIN, AppRoleAssignment, Principal
from chatkit.localcloud.recorded.clock import Clock

USERS = ("alice", "bob", "carol")
APPLICATIONS = "entra-applications"
PRINCIPALS = "entra-principals"
APP_ROLES = "entra-app-roles"
MICROSOFT_RESOURCES = (
    "https://management.azure.com",
    "https://management.core.windows.net",
    "https://storage.azure.com",
    "https://appservice.azure.com",
    "https://graph.microsoft.com",
    "https://signalr.azure.com",
    EXCHANGE.lower(),
)


class Directory:
    """What the tenant knows, kept in the store.

    Made with one service principal and three users on first use.

    Args:
        store: Keeps it.
        clock: What is known late; nothing by default.
    """

    def __init__(self, store: Store, clock: Clock | None = None) -> None:
        self._store = store
        self._clock = clock or Clock()
        # Object ids by application id: anybody may sign in under a new name, and no token must
        # wait for a look at all of them.
        self._by_app: dict[str, str] = {}
        for principal in self.principals():
            self._index(principal)
        seed = store.get("entra", "tenant")
        if seed is None:
            seed = self._seed()
        self.tenant_id = str(seed["tenant_id"])
        self.client_id = str(seed["client_id"])
        self.client_secret = str(seed["client_secret"])
        self._seed_graph()
        self.users = tuple(self.user(name) for name in USERS)

    def _seed(self) -> Document:
        secret = new_secret()
        client_id = str(uuid.uuid4())
        seed = {"tenant_id": str(uuid.uuid4()), "client_id": client_id, "client_secret": secret}
        own = new_application(client_id, "chatkit")
        own["passwordCredentials"].append(password_credential("setup", secret))
        public: ApplicationChanges = {
            "isFallbackPublicClient": True,
            "publicClient": {"redirectUris": ["http://localhost"]},
        }
        with self._store.transaction():
            self.save_application(own)
            self.create_service_principal(client_id)
            self.save_application(changed(new_application(AZURE_CLI, "Azure CLI"), public))
            self._store.put("entra", "tenant", seed)
        return seed

    def _seed_graph(self) -> None:
        """Microsoft Graph's service principal, and what the tenant's own may do there.

        Homes of version 0.2.0 have neither.
        """
        if self._store.get("entra", "graph"):
            return
        with self._store.transaction():
            self._put_principal(_service_principal("Microsoft Graph", GRAPH_APP))
            own = self.create_service_principal(self.client_id)
            for name in ADMINISTRATOR_ROLES:
                self.assign_app_role(own.id, PERMISSIONS[name].role_id)
            self._store.put("entra", "graph", {"seeded": True})

    # Applications --------------------------------------------------------------------------------

    def applications(self) -> list[Application]:
        """Every application document, secrets as hashes."""
        return [stored(document) for _, document in self._store.items(APPLICATIONS)]

    def application(self, app_id: str) -> Application | None:
        """The application with this application (client) id."""
        document = self._store.get(APPLICATIONS, app_id.lower())
        if document is None:
            return None
        return stored(document)

    def client(self, app_id: str) -> Application | None:
        """The application as sign-in knows it: a new one, and what is new in it, only late."""
        if self._clock.is_late(REGISTRATION, app_id):
            return None
        found = self.application(app_id)
        if found is None:
            return None
        late = self._clock.is_late
        known = [one for one in found["passwordCredentials"] if not late(SECRET, one["keyId"])]
        return {**found, "passwordCredentials": known}

    def trusted(self, application: Application) -> list[FederatedCredential]:
        """The federated credentials that sign-in knows of."""
        late = self._clock.is_late
        return [
            one
            for one in application["federatedIdentityCredentials"]
            if not late(FEDERATION, one["id"])
        ]

    def save_application(self, application: Application) -> None:
        """Keep a new or changed application."""
        self._store.put(APPLICATIONS, application["appId"], dict(application))

    def delete_application(self, app_id: str) -> bool:
        """Remove an application and its service principal."""
        with self._store.transaction(from_reserve=True):
            principal = self.service_principal(app_id)
            if principal is not None and principal.kind == "ServicePrincipal":
                self.delete_identity(principal.id)
            return self._store.delete(APPLICATIONS, app_id)

    def create_application(
        self, name: str, *, owner: str = "", changes: ApplicationChanges | None = None
    ) -> Application:
        """Register an application that allows what the changes say."""
        application = new_application(str(uuid.uuid4()), name, owner=owner)
        application = changed(application, changes or {})
        self.save_application(application)
        return application

    def check_secret(self, application: Application, secret: str) -> None:
        """Check that a secret is one of an application's valid ones.

        Raises:
            EntraError: A wrong or an expired secret.
        """
        given = digest(secret)
        for credential in application["passwordCredentials"]:
            if is_same_secret(credential["digest"], given):
                if is_expired(credential):
                    raise errors.expired_secret(application["appId"])
                return
        raise errors.wrong_secret(application["appId"])

    # Principals ----------------------------------------------------------------------------------

    def principals(self) -> list[Principal]:
        """Everybody a role can be assigned to."""
        return [Principal.stored(document) for _, document in self._store.items(PRINCIPALS)]

    def principal(self, object_id: str) -> Principal | None:
        """The principal with this object id."""
        document = self._store.get(PRINCIPALS, object_id.lower())
        if document is None:
            return None
        return Principal.stored(document)

    def service_principal(self, app_id: str) -> Principal | None:
        """The service principal of an application in this tenant."""
        return self.principal(self._by_app.get(app_id, ""))

    def create_service_principal(self, app_id: str) -> Principal:
        """Give an application its service principal; an existing one is returned."""
        application = self.application(app_id)
        if application is None:
            raise errors.client_not_found(app_id, "this tenant")
        known = self.service_principal(app_id)
        if known is not None:
            return known
        name = application["displayName"]
        return self._put_principal(_service_principal(name, app_id))

    def create_identity(self, name: str, object_id: str = "", *, resource_id: str = "") -> str:
        """Make the managed identity of an Azure resource of that name; returns its object id."""
        made = Principal(
            object_id or str(uuid.uuid4()),
            "ManagedIdentity",
            name,
            str(uuid.uuid4()),
            resource_id,
        )
        self._clock.begin(REGISTRATION, made.id)
        return self._put_principal(made).id

    def delete_identity(self, principal_id: str) -> None:
        """Remove a service principal or a managed identity; nothing happens when it is gone."""
        with self._store.transaction(from_reserve=True):
            for assignment in self.app_role_assignments(principal_id):
                self.remove_app_role(assignment)
            principal = self.principal(principal_id)
            if principal is not None:
                self._store.delete(PRINCIPALS, principal.id)
                self._forget(principal)
                self._store.on_undo(lambda: self._index(principal))

    def user(self, name: str) -> Principal:
        """The user with this name, made on first use: the sign-in page takes any name."""
        # One name, whichever way a keyboard writes its accents.
        name = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).strip().lower())
        # "alice" and "alice@DOMAIN" are one person.
        while name.endswith(f"@{DOMAIN}"):
            name = name.removesuffix(f"@{DOMAIN}").strip()
        tenant = str((self._store.get("entra", "tenant") or {}).get("tenant_id", ""))
        object_id = str(uuid.uuid5(uuid.UUID(tenant), name))
        known = self.principal(object_id)
        if known is not None:
            return known
        return self._put_principal(Principal(object_id, "User", name))

    def _put_principal(self, principal: Principal) -> Principal:
        self._store.put(PRINCIPALS, principal.id, dict(vars(principal)))
        self._index(principal)
        self._store.on_undo(lambda: self._forget(principal))
        return principal

    def _index(self, principal: Principal) -> None:
        if principal.app_id:
            self._by_app[principal.app_id] = principal.id

    def _forget(self, principal: Principal) -> None:
        self._by_app.pop(principal.app_id, None)

    # Application permissions ---------------------------------------------------------------------

    def app_role_assignments(self, principal_id: str) -> list[AppRoleAssignment]:
        """The application permissions of a service principal."""
        kept = self._store.items(APP_ROLES, f"{principal_id.lower()}/")
        return [cast(AppRoleAssignment, document) for _, document in kept]

    def app_roles(self, principal_id: str) -> list[str]:
        """The same as names, as they stand in tokens."""
        held = {one["appRoleId"] for one in self.app_role_assignments(principal_id)}
        return [one.name for one in PERMISSIONS.values() if one.role_id in held]

    def assign_app_role(self, principal_id: str, role_id: str) -> AppRoleAssignment:
        """Give a service principal an application permission of Graph."""
        made: AppRoleAssignment = {
            "id": secrets.token_urlsafe(32),
            "principalId": principal_id,
            "appRoleId": role_id,
            "createdDateTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        self._store.put(APP_ROLES, f"{principal_id}/{role_id}", dict(made))
        return made

    def remove_app_role(self, assignment: AppRoleAssignment) -> None:
        """Take an application permission away."""
        key = f"{assignment['principalId']}/{assignment['appRoleId']}"
        self._store.delete(APP_ROLES, key)

    # Names ---------------------------------------------------------------------------------------

    def check_tenant(self, tenant: str) -> str:
        """Return the tenant id behind a path segment.

        The id itself, the domain, or one of the shared names.

        Raises:
            EntraError: Not this tenant.
        """
        if tenant.lower() in (self.tenant_id, DOMAIN, "common", "organizations"):
            return self.tenant_id
        raise errors.tenant_not_found(tenant)

    def knows_resource(self, resource: str) -> bool:
        """Say whether tokens for this audience can be asked for."""
        bare = resource.rstrip("/").lower()
        if bare in MICROSOFT_RESOURCES or bare.endswith(".core.windows.net"):
            return True
        # The local cloud's own services, by the address at which they answer.
        if bare.startswith("https://localhost:"):
            return True
        return any(bare in _audiences(application) for application in self.applications())


def _service_principal(name: str, app_id: str) -> Principal:
    return Principal(str(uuid.uuid4()), "ServicePrincipal", name, app_id)


def _audiences(application: Application) -> set[str]:
    """What tokens for an application are asked for by."""
    own = {application["appId"], f"api://{application['appId']}"}
    return own | {uri.rstrip("/").lower() for uri in application["identifierUris"]}
