"""Microsoft.Authorization: role assignments and definitions, and the check of every call."""

from __future__ import annotations

import re
import uuid
from typing import ClassVar

from chatkit.core.time.propagation import REGISTRATION
from chatkit.localcloud.entra.core.principals import Principal
from chatkit.localcloud.entra.core.roles import ROLES, Assignment, Role, is_at
from chatkit.localcloud.recorded.clock import Clock
from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.context import Context
from chatkit.localcloud.resource_manager.core.documents import JsonObject, iso
from chatkit.localcloud.resource_manager.core.http import Answer, Call, properties
from chatkit.localcloud.resource_manager.core.provider import Provider
from chatkit.localcloud.resource_manager.core.routing import GROUP, SUB, Route
from chatkit.localcloud.resource_manager.core.type_names import DEPLOYMENTS, RESOURCE_GROUPS, SITES
from chatkit.localcloud.resource_manager.gateway import filters

TYPE = "Microsoft.Authorization/roleAssignments"
DEFINITIONS = "Microsoft.Authorization/roleDefinitions"
VERSIONS = (
    *("2022-05-01-preview", "2022-04-01", "2020-10-01-preview", "2020-08-01-preview"),
    *("2020-04-01-preview", "2018-09-01-preview", "2018-07-01"),
)
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
BLOB_DATA_OWNER = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
# `atScope()` leaves out what counts below the scope; here the list is always the whole one.
ASSIGNMENT_FILTERS = ("principalId", "assignedTo", "atScope")
SCOPES = ("", SUB, GROUP, GROUP + "/providers/{namespace}/{kind}/{name}")


class Authorization(Provider):
    """Operations on roles at a subscription, a group or a resource."""

    api_versions: ClassVar = {TYPE: VERSIONS, DEFINITIONS: VERSIONS}

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._seed()

    def _seed(self) -> None:
        """The kit's own service principal owns the subscription; the people may work in it.

        It has given itself the use of blobs, too, as owners in Azure do. Homes of version 0.2.0
        lack that: there, being an owner was enough.
        """
        directory = self.context.directory
        store = self.context.platform.store
        with self.context.commit():
            own = directory.create_service_principal(directory.client_id)
            if not store.get("resource-manager", "seeded-roles"):
                self._assign(own, OWNER)
                for person in directory.users:
                    self._assign(person, CONTRIBUTOR)
                store.put("resource-manager", "seeded-roles", {"done": True})
            if not store.get("resource-manager", "seeded-data-role"):
                self._assign(own, BLOB_DATA_OWNER)
                store.put("resource-manager", "seeded-data-role", {"done": True})

    def _assign(self, principal: Principal, role: str) -> None:
        scope = f"/subscriptions/{self.context.subscription_id}"
        kind = _type_of(principal)
        id_ = f"{scope}/providers/{TYPE}/{uuid.uuid4()}"
        self.context.roles.assign(Assignment(id_, scope, role, principal.id, kind, Clock.now()))

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
            one = many + "/{definition}"
            made += [
                Route("GET", many, self.list_definitions, DEFINITIONS, "RoleDefinitions_List"),
                Route("GET", one, self.get_definition, DEFINITIONS, "RoleDefinitions_Get"),
            ]
        return made

    async def list_assignments(self, call: Call) -> Answer:
        """Assignments at a scope, above and below it, or those of one principal."""
        scope = _scope(call)
        principals = filters.wanted(call, ASSIGNMENT_FILTERS).values()

        def fits(one: Assignment) -> bool:
            if not is_at(scope, one.scope) and not is_at(one.scope, scope):
                return False
            return all(one.principal_id.lower() == wanted.lower() for wanted in principals)

        found = [_shown(one) for one in self.context.roles.all() if fits(one)]
        return Answer(body={"value": found})

    async def get(self, call: Call) -> Answer:
        """One assignment."""
        found = self.context.roles.get(call.path)
        if found is None:
            raise errors.ArmError(
                404,
                "RoleAssignmentNotFound",
                f"The role assignment '{call.params['assignment']}' is not found.",
            )
        return Answer(body=_shown(found))

    async def put(self, call: Call) -> Answer:
        """Assign a role: 201; 409 when the principal has it already at the scope."""
        self._check_scope(call)
        given = properties(call.required_body())
        role_id = _role_id(given)
        principal = self._principal(given)
        scope = _scope(call)
        same = self._same(principal.id, role_id, scope)
        if same is not None and same.id.lower() != call.path.lower():
            message = "The role assignment already exists."
            raise errors.ArmError(409, "RoleAssignmentExists", message)
        if same is not None:
            return Answer(200, _shown(same))
        if self.context.roles.get(call.path) is not None:
            message = (
                "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
            )
            raise errors.ArmError(400, "RoleAssignmentUpdateNotPermitted", message)
        now = Clock.now()
        made = Assignment(
            id=f"{scope}/providers/{TYPE}/{call.params['assignment']}",
            scope=scope,
            role_id=role_id,
            principal_id=principal.id,
            principal_type=_type_of(principal),
            created=now,
            effective=now + self._delay_s(),
            description=str(given.get("description") or ""),
        )
        self.context.roles.give(made)
        return Answer(201, _shown(made))

    def _check_scope(self, call: Call) -> None:
        """Refuse a scope that is not there, as in https://github.com/Azure/azure-cli/issues/15243

        Raises:
            ArmError: ResourceGroupNotFound, ResourceNotFound.
        """
        if "group" in call.params:
            self.context.group(call, for_write=True)
        if "name" in call.params:
            self.context.resource(call, f"{call.params['namespace']}/{call.params['kind']}")

    def _principal(self, given: JsonObject) -> Principal:
        """Whom a role is for.

        Raises:
            ArmError: PrincipalNotFound; UnmatchedPrincipalType, with Azure's letters and spaces
                from https://github.com/Azure/azure-dev/issues/3581
        """
        principal_id = str(given.get("principalId", "")).lower()
        found = self.context.directory.principal(principal_id)
        wanted = str(given.get("principalType") or "")
        # With its type, Azure does not look for the principal in the directory.
        is_late = self.context.clock.is_late(REGISTRATION, principal_id)
        if found is None or (is_late and not wanted):
            tenant = self.context.directory.tenant_id
            message = f"Principal {principal_id} does not exist in the directory {tenant}."
            raise errors.ArmError(400, "PrincipalNotFound", message)
        if wanted and wanted.lower() != _type_of(found).lower():
            message = (
                f"The PrincipalId '{principal_id.replace('-', '')}' has type '{_type_of(found)}' ,"
                f" which is different from specified PrinciaplType '{wanted}'."
            )
            raise errors.ArmError(400, "UnmatchedPrincipalType", message)
        return found

    def _same(self, principal_id: str, role_id: str, scope: str) -> Assignment | None:
        """The assignment of the same role to the same principal at the same scope."""
        for one in self.context.roles.all():
            if one.principal_id != principal_id or one.role_id != role_id:
                continue
            if one.scope.lower() == scope.lower():
                return one
        return None

    def _delay_s(self) -> float:
        """How long a fault keeps an assignment from counting."""
        fault = self.context.faults.standing("role-delay")
        return 0.0 if fault is None else fault.seconds

    async def delete(self, call: Call) -> Answer:
        """Take a role away; 204 when there is no such assignment."""
        removed = self.context.roles.revoke(call.path)
        if removed is None:
            return Answer(204)
        return Answer(200, _shown(removed))

    async def list_definitions(self, call: Call) -> Answer:
        """Built-in roles."""
        wanted = filters.wanted(call, ("roleName", "type")).get("roleName")
        roles = [
            role for role in ROLES.values() if wanted is None or role.name.lower() == wanted.lower()
        ]
        return Answer(body={"value": [_definition(role, _scope(call)) for role in roles]})

    async def get_definition(self, call: Call) -> Answer:
        """One built-in role."""
        role = ROLES.get(call.params["definition"].lower())
        if role is None:
            raise _no_such_role(call.params["definition"])
        return Answer(body=_definition(role, _scope(call)))

    # The check ---------------------------------------------------------------------------------

    def check(self, call: Call, route: Route) -> None:
        """Refuse a call that the caller has no role for.

        Raises:
            ArmError: 403 AuthorizationFailed.
        """
        if call.claims is None or not route.needs_role or "{subscription}" not in route.template:
            return
        action = action_of(call, route)
        scope = call.path.rstrip("/")
        roles = self.context.roles
        if roles.allows(call.claims.oid, scope, action):
            return
        if _is_open_below(route) and roles.below(call.claims.oid, _group_or_subscription(call)):
            return
        raise errors.forbidden(
            call.claims.appid or call.claims.name, call.claims.oid, action, scope
        )


# What Azure's permissions call differently from the type in the path.
TYPES_OF_ACTIONS = {
    RESOURCE_GROUPS: "Microsoft.Resources/subscriptions/resourceGroups",
    "Microsoft.Resources/resources": "Microsoft.Resources/subscriptions/resources",
    "Microsoft.Resources/providers": "Microsoft.Resources/subscriptions/providers",
}
# One of its kind, which permissions do not name: blobServices/default, host/default.
UNNAMED = {"default"}
CONFIG = f"{SITES}/config"


def action_of(call: Call, route: Route) -> str:
    """The action a call needs: type and verb, as Microsoft.Web/sites/host/listkeys/action."""
    if route.action:
        return route.action.format(**call.params)
    # The last one counts: .../providers/{namespace}/.../providers/Microsoft.Authorization/...
    _, provider, path = route.template.rpartition("/providers/")
    fixed: list[str] = []
    if provider:
        parts = path.split("/")[2:]
        fixed = [part for part in parts if not part.startswith("{") and part not in UNNAMED]
    type_ = "/".join([TYPES_OF_ACTIONS.get(route.type, route.type), *fixed])
    if type_.startswith(f"{CONFIG}/"):
        # One permission for all of a site's configurations, and one for reading their secrets.
        type_ = CONFIG
        if fixed[-1] == "list":
            type_ = f"{CONFIG}/list"
    if call.method != "POST":
        verb = {"PUT": "write", "PATCH": "write", "DELETE": "delete"}.get(call.method, "read")
        return f"{type_}/{verb}"
    if not fixed:
        return f"{type_}/post/action"
    return f"{type_}/action"


def _is_open_below(route: Route) -> bool:
    """Say whether everybody with a role somewhere below may read it.

    Lists leave out what their reader has no role for. Providers, regions and running operations
    belong to the whole subscription, and whoever works in one group of it needs them.
    """
    if route.method != "GET" or route.type in (TYPE, DEFINITIONS, DEPLOYMENTS):
        return False
    if "{group}" not in route.template:
        return True
    return route.template in (f"{GROUP}/resources", f"{GROUP}/providers/{route.type}")


def _group_or_subscription(call: Call) -> str:
    scope = f"/subscriptions/{call.params['subscription']}"
    if "group" not in call.params:
        return scope
    return f"{scope}/resourceGroups/{call.params['group']}"


def _role_id(given: JsonObject) -> str:
    """The role that is asked for: https://github.com/pulumi/pulumi-azure-native/issues/779

    Raises:
        ArmError: BadRequestFormat, for the id of a role without its path;
            RoleDefinitionDoesNotExist.
    """
    definition = str(given.get("roleDefinitionId") or "").lower()
    path, _, role_id = definition.rpartition("/")
    if not path.endswith(f"/providers/{DEFINITIONS}".lower()):
        message = "The request was incorrectly formatted."
        raise errors.ArmError(400, "BadRequestFormat", message)
    if role_id not in ROLES:
        raise _no_such_role(role_id)
    return role_id


def _type_of(principal: Principal) -> str:
    return "User" if principal.kind == "User" else "ServicePrincipal"


def _no_such_role(role_id: str) -> errors.ArmError:
    message = f"The specified role definition with ID '{role_id}' does not exist."
    return errors.ArmError(404, "RoleDefinitionDoesNotExist", message)


def _scope(call: Call) -> str:
    return re.split(r"(?i)/providers/microsoft\.authorization/", call.path)[0].rstrip("/")


def _shown(assignment: Assignment) -> JsonObject:
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


def _definition(role: Role, scope: str) -> JsonObject:
    # A built-in role has this id at every scope below; clients compare ids.
    subscription = "/".join(scope.split("/")[:3])
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
