"""Microsoft.Authorization: role assignments and definitions; and the check of every call against them."""

from __future__ import annotations

import re
import uuid

from chatkit.localcloud.entra.roles import ROLES, Assignment, Role, Roles
from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.clock import Clock, iso
from chatkit.localcloud.resource_manager.core.context import Context, properties
from chatkit.localcloud.resource_manager.core.faults import Faults
from chatkit.localcloud.resource_manager.core.http import Answer, Call
from chatkit.localcloud.resource_manager.core.routing import GROUP, SUB, Route
from chatkit.localcloud.resource_manager.core.state import Document

TYPE = "Microsoft.Authorization/roleAssignments"
DEFINITIONS = "Microsoft.Authorization/roleDefinitions"
READ_ACTIONS = {"GET", "HEAD"}
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
PRINCIPAL_FILTER = re.compile(
    r"(?i)(?:principalId|assignedTo)(?:\(\)|\('| eq ')\s*'?([0-9a-f-]{36})"
)
NAME_FILTER = re.compile(r"(?i)roleName eq '([^']*)'")
SCOPES = ("", SUB, GROUP, GROUP + "/providers/{namespace}/{kind}/{name}")


class Authorization:
    """Operations on roles at a subscription, a group or a resource."""

    def __init__(self, context: Context, roles: Roles, faults: Faults) -> None:
        self._context = context
        self._roles = roles
        self._faults = faults
        self._seed()

    def _seed(self) -> None:
        """The kit's own service principal owns the subscription; the three people may work in it."""
        store = self._context.platform.store
        if store.get("resource-manager", "seeded-roles"):
            return
        directory, scope = (
            self._context.directory,
            f"/subscriptions/{self._context.subscription_id}",
        )
        owner = directory.create_service_principal(directory.client_id)
        with self._context.commit():
            for principal, role in [
                (owner, OWNER),
                *((user, CONTRIBUTOR) for user in directory.users),
            ]:
                kind = "User" if principal.kind == "User" else "ServicePrincipal"
                id_ = f"{scope}/providers/{TYPE}/{uuid.uuid4()}"
                self._roles.assign(Assignment(id_, scope, role, principal.id, kind, Clock.now()))
            store.put("resource-manager", "seeded-roles", {"done": True})

    def routes(self) -> list[Route]:
        """The operations, at each kind of scope."""
        made: list[Route] = []
        for scope in SCOPES[1:]:
            many = f"{scope}/providers/{TYPE}"
            one = many + "/{assignment}"
            made += [
                Route("GET", many, self.list_assignments, TYPE, "RoleAssignments_ListForScope"),
                Route("GET", one, self.get, TYPE, "RoleAssignments_Get"),
                Route("PUT", one, self.put, TYPE, "RoleAssignments_Create"),
                Route("DELETE", one, self.delete, TYPE, "RoleAssignments_Delete"),
            ]
        for scope in SCOPES:
            many = f"{scope}/providers/{DEFINITIONS}"
            made += [
                Route("GET", many, self.list_definitions, DEFINITIONS, "RoleDefinitions_List"),
                Route(
                    "GET",
                    many + "/{definition}",
                    self.get_definition,
                    DEFINITIONS,
                    "RoleDefinitions_Get",
                ),
            ]
        return made

    async def list_assignments(self, call: Call) -> Answer:
        """Assignments at a scope, above and below it, or those of one principal."""
        scope = _scope(call)
        wanted = PRINCIPAL_FILTER.search(call.query.get("$filter", ""))
        found = [
            one
            for one in self._roles.all()
            if (
                one.scope.lower().startswith(scope.lower())
                or scope.lower().startswith(one.scope.lower())
            )
            and (wanted is None or one.principal_id.lower() == wanted[1].lower())
        ]
        return Answer(body={"value": [_shown(one) for one in found]})

    async def get(self, call: Call) -> Answer:
        """One assignment."""
        found = self._roles.get(call.path)
        if found is None:
            raise errors.ArmError(
                404,
                "RoleAssignmentNotFound",
                f"The role assignment '{call.params['assignment']}' is not found.",
            )
        return Answer(body=_shown(found))

    async def put(self, call: Call) -> Answer:
        """Assign a role: 201; 409 when the principal has it already at the scope."""
        given = properties(call.required_body())
        role_id = str(given.get("roleDefinitionId", "")).rpartition("/")[2].lower()
        principal_id, scope = str(given.get("principalId", "")).lower(), _scope(call)
        if role_id not in ROLES:
            message = f"The specified role definition with ID '{role_id}' does not exist."
            raise errors.ArmError(404, "RoleDefinitionDoesNotExist", message)
        kind = str(given.get("principalType") or "ServicePrincipal")
        if self._context.directory.principal(principal_id) is None:
            tenant = self._context.directory.tenant_id
            raise errors.ArmError(
                400,
                "PrincipalNotFound",
                f"Principal {principal_id} does not exist in the directory {tenant}.",
            )
        for one in self._roles.all():
            if (one.principal_id, one.role_id, one.scope.lower()) == (
                principal_id,
                role_id,
                scope.lower(),
            ):
                if one.id.lower() == call.path.lower():
                    return Answer(200, _shown(one))
                raise errors.ArmError(
                    409, "RoleAssignmentExists", "The role assignment already exists."
                )
        now = Clock.now()
        delay = self._faults.standing("role-delay")
        wait_s = delay.seconds if delay else self._context.clock.duration_s("roles.propagate")
        id_ = f"{scope}/providers/{TYPE}/{call.params['assignment']}"
        made = Assignment(
            id_,
            scope,
            role_id,
            principal_id,
            kind,
            now,
            now + wait_s,
            str(given.get("description") or ""),
        )
        self._roles.assign(made)
        return Answer(201, _shown(made))

    async def delete(self, call: Call) -> Answer:
        """Take a role away; 204 when there is no such assignment."""
        removed = self._roles.remove(call.path)
        return Answer(204) if removed is None else Answer(200, _shown(removed))

    async def list_definitions(self, call: Call) -> Answer:
        """Built-in roles."""
        wanted = NAME_FILTER.search(call.query.get("$filter", ""))
        roles = [
            role
            for role in ROLES.values()
            if wanted is None or role.name.lower() == wanted[1].lower()
        ]
        return Answer(body={"value": [_definition(role, _scope(call)) for role in roles]})

    async def get_definition(self, call: Call) -> Answer:
        """One built-in role."""
        role = ROLES.get(call.params["definition"].lower())
        if role is None:
            message = f"The specified role definition with ID '{call.params['definition']}' does not exist."
            raise errors.ArmError(404, "RoleDefinitionDoesNotExist", message)
        return Answer(body=_definition(role, _scope(call)))

    # The check --------------------------------------------------------------------------------------------------------

    def check(self, call: Call, route: Route) -> None:
        """Refuse a call that the caller has no role for.

        Raises:
            ArmError: 403 AuthorizationFailed.
        """
        if call.claims is None or "{subscription}" not in route.template:
            return
        action, scope = action_of(call, route), call.path.rstrip("/")
        if not self._roles.allows(call.claims.oid, scope, action):
            raise errors.forbidden(
                call.claims.appid or call.claims.name, call.claims.oid, action, scope
            )


def action_of(call: Call, route: Route) -> str:
    """The action a call needs: type and verb, for example Microsoft.SignalRService/SignalR/listKeys/action."""
    fixed = [
        part
        for part in route.template.partition("/providers/")[2].split("/")[2:]
        if part and not part.startswith("{")
    ]
    verb = {"PUT": "write", "PATCH": "write", "DELETE": "delete"}.get(call.method, "read")
    if call.method == "POST":
        verb = f"{fixed[-1] if fixed else 'post'}/action"
        fixed = fixed[:-1]
    return "/".join([route.type, *fixed, verb])


def _scope(call: Call) -> str:
    return re.split(r"(?i)/providers/microsoft\.authorization/", call.path)[0].rstrip("/")


def _shown(assignment: Assignment) -> Document:
    moment = iso(assignment.created)
    subscription = "/".join(assignment.scope.split("/")[:3])
    return {
        "properties": {
            "roleDefinitionId": f"{subscription}/providers/{DEFINITIONS}/{assignment.role_id}",
            "principalId": assignment.principal_id,
            "principalType": assignment.principal_type,
            "scope": assignment.scope,
            "condition": None,
            "conditionVersion": None,
            "createdOn": moment,
            "updatedOn": moment,
            "createdBy": None,
            "updatedBy": None,
            "delegatedManagedIdentityResourceId": None,
            "description": assignment.description or None,
        },
        "id": assignment.id,
        "type": TYPE,
        "name": assignment.id.rpartition("/")[2],
    }


def _definition(role: Role, scope: str) -> Document:
    subscription = "/".join(
        scope.split("/")[:3]
    )  # a built-in role has this id at every scope below; clients compare ids
    permission = {
        "actions": [*role.actions],
        "notActions": [*role.not_actions],
        "dataActions": [*role.data_actions],
        "notDataActions": [],
    }
    return {
        "properties": {
            "roleName": role.name,
            "type": "BuiltInRole",
            "description": role.name,
            "assignableScopes": ["/"],
            "permissions": [permission],
        },
        "id": f"{subscription}/providers/{DEFINITIONS}/{role.id}",
        "type": DEFINITIONS,
        "name": role.id,
    }
