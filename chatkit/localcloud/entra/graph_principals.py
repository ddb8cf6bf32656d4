"""Microsoft Graph: service principals with their permissions, and people."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from chatkit.core.time.propagation import REGISTRATION
from chatkit.localcloud.entra.core import graph_documents as documents
from chatkit.localcloud.entra.core.graph_documents import Shown
from chatkit.localcloud.entra.core.permissions import (
    CHANGE_APPLICATION,
    CREATE_APPLICATION,
    GRANT_ROLES,
    GRAPH_APP,
    READ_APPLICATIONS,
    READ_DIRECTORY,
    READ_ME,
    READ_USERS,
    application_permission,
)
from chatkit.localcloud.entra.core.principals import Principal
from chatkit.localcloud.entra.errors import GraphError
from chatkit.localcloud.entra.graph_operations import (
    CALLER,
    Operation,
    bad_request,
    denied,
    listed,
    not_found,
)
from chatkit.localcloud.entra.graph_requests import read_body, texts
from chatkit.localcloud.entra.models import Directory
from chatkit.localcloud.recorded.clock import Clock

NO_APPLICATION = "of the service principal does not reference a valid application object."
MAX_IDS = 1000  # Microsoft's page "directoryObject: getByIds"


class Principals:
    """Operations on service principals and people."""

    def __init__(self, directory: Directory, clock: Clock, *, context: str) -> None:
        self._directory = directory
        self._clock = clock
        self._context = context

    def operations(self) -> list[Operation]:
        """Each with what its caller needs."""
        many = "/servicePrincipals"
        one = many + "/{id}"
        roles = one + "/appRoleAssignments"
        by_ids = "/directoryObjects/getByIds"
        read = READ_APPLICATIONS
        return [
            Operation("GET", many, self.list_service_principals, read),
            # Its application stands in the body: the handler asks for the owner.
            Operation("POST", many, self.create_service_principal, CREATE_APPLICATION),
            Operation("GET", one, self.get_principal, read),
            Operation(
                "DELETE", one, self.delete_service_principal, CHANGE_APPLICATION, self._is_own
            ),
            Operation("GET", roles, self.list_app_roles, read),
            Operation("POST", roles, self.grant_app_role, GRANT_ROLES),
            Operation("DELETE", roles + "/{assignment}", self.revoke_app_role, GRANT_ROLES),
            Operation("GET", "/users", self.list_users, READ_USERS),
            Operation("GET", "/users/{id}", self.get_user, READ_USERS, self._is_self),
            Operation("GET", "/me", self.me, READ_ME),
            Operation("POST", by_ids, self.get_by_ids, READ_DIRECTORY),
        ]

    def _is_own(self, request: web.Request) -> bool:
        """Who owns an application owns its service principal."""
        principal = self._principal(request, user=False)
        application = self._directory.application(principal.app_id)
        return application is not None and request[CALLER].oid in application["owners"]

    def _is_self(self, request: web.Request) -> bool:
        """Whoever may read themself alone does not learn which other people there are."""
        caller = self._directory.principal(request[CALLER].oid)
        wanted = request.match_info["id"].lower()
        return caller is not None and wanted in (caller.id, caller.upn)

    async def list_service_principals(self, request: web.Request) -> web.Response:
        """Service principals and managed identities."""
        found = [
            documents.service_principal(principal)
            for principal in self._known()
            if principal.kind != "User"
        ]
        return self._list("servicePrincipals", found, request)

    async def create_service_principal(self, request: web.Request) -> web.Response:
        """Give an application its service principal."""
        app_id = str((await read_body(request)).get("appId", "")).lower()
        application = self._directory.application(app_id)
        if application is None:
            raise bad_request(f"The appId '{app_id}' is not that of a known application.")
        if self._clock.is_late(REGISTRATION, app_id):
            raise bad_request(f"The appId '{app_id}' {NO_APPLICATION}")
        is_own = request[CALLER].oid in application["owners"]
        if not CHANGE_APPLICATION.allows(request[CALLER], is_own=is_own):
            raise denied()
        if self._directory.service_principal(app_id):
            raise GraphError(
                409,
                "Request_MultipleObjectsWithSameKeyValue",
                "The service principal name is already in use.",
            )
        made = self._directory.create_service_principal(app_id)
        self._clock.begin(REGISTRATION, made.id)
        return web.json_response(documents.service_principal(made), status=201)

    async def get_principal(self, request: web.Request) -> web.Response:
        """One service principal."""
        principal = self._principal(request, user=False)
        return web.json_response(documents.service_principal(principal))

    async def delete_service_principal(self, request: web.Request) -> web.Response:
        """Remove a service principal."""
        principal = self._principal(request, user=False)
        if principal.app_id == GRAPH_APP:
            raise denied()
        self._directory.delete_identity(principal.id)
        return web.Response(status=204)

    async def list_app_roles(self, request: web.Request) -> web.Response:
        """The application permissions of a service principal."""
        principal = self._principal(request, user=False)
        assignments = self._directory.app_role_assignments(principal.id)
        shown = [documents.app_role(one, principal, self._graph()) for one in assignments]
        return self._list("appRoleAssignments", shown, request)

    async def grant_app_role(self, request: web.Request) -> web.Response:
        """Give a service principal an application permission of Graph."""
        principal = self._principal(request, user=False)
        body = await read_body(request)
        permission = application_permission(str(body.get("appRoleId")))
        if permission is None or body.get("resourceId") != self._graph().id:
            raise bad_request("Permission being assigned was not found on application.")
        if body.get("principalId") != principal.id:
            raise bad_request("The principalId is not that of the service principal.")
        if permission.name in self._directory.app_roles(principal.id):
            raise bad_request("Permission being assigned already exists on the object.")
        made = self._directory.assign_app_role(principal.id, permission.role_id)
        shown = documents.app_role(made, principal, self._graph())
        return web.json_response(shown, status=201)

    async def revoke_app_role(self, request: web.Request) -> web.Response:
        """Take an application permission away."""
        principal = self._principal(request, user=False)
        wanted = request.match_info["assignment"]
        for assignment in self._directory.app_role_assignments(principal.id):
            if assignment["id"] == wanted:
                self._directory.remove_app_role(assignment)
                return web.Response(status=204)
        raise not_found(wanted)

    def _graph(self) -> Principal:
        found = self._directory.service_principal(GRAPH_APP)
        assert found is not None, "it is made with the tenant and never deleted"
        return found

    async def list_users(self, request: web.Request) -> web.Response:
        """People."""
        found = [
            documents.user(principal)
            for principal in self._directory.principals()
            if principal.kind == "User"
        ]
        return self._list("users", found, request)

    async def get_user(self, request: web.Request) -> web.Response:
        """One person, by object id or user principal name."""
        return web.json_response(documents.user(self._principal(request, user=True)))

    async def get_by_ids(self, request: web.Request) -> web.Response:
        """The principals behind some object ids; unknown ones are left out."""
        wanted = texts(await read_body(request), "ids")
        if len(wanted) > MAX_IDS:
            raise bad_request(f"At most {MAX_IDS} ids can be asked for at a time.")
        known = {principal.id: principal for principal in self._known()}
        found = [known.get(object_id.lower()) for object_id in wanted]
        shown = [documents.directory_object(one) for one in found if one is not None]
        return web.json_response(
            {"@odata.context": f"{self._context}directoryObjects", "value": shown}
        )

    async def me(self, request: web.Request) -> web.Response:
        """Whose token it is."""
        principal = self._directory.principal(request[CALLER].oid)
        if principal is None or principal.kind != "User":
            raise denied()
        return web.json_response(documents.user(principal))

    def _known(self) -> list[Principal]:
        """Everybody that Graph finds: what was made a moment ago is known late."""
        late = self._clock.is_late
        return [one for one in self._directory.principals() if not late(REGISTRATION, one.id)]

    def _principal(self, request: web.Request, *, user: bool) -> Principal:
        wanted = request.match_info["id"].lower()
        for principal in self._known():
            if (principal.kind == "User") == user and wanted in (
                principal.id,
                principal.upn,
                f"(appid='{principal.app_id}')",
            ):
                return principal
        raise not_found(wanted)

    def _list(self, what: str, values: Sequence[Shown], request: web.Request) -> web.Response:
        return listed(self._context + what, values, request)
