"""What a scope asks for: the audience of the token, and what the token may do there.

Follows Microsoft's page "Scopes and permissions in the Microsoft identity platform".
"""

from __future__ import annotations

from chatkit.localcloud.entra import errors
from chatkit.localcloud.entra.core import permissions
from chatkit.localcloud.entra.core.applications import Application
from chatkit.localcloud.entra.models import Directory

OPENID = {"openid", "profile", "email", "offline_access"}
GRAPH = "https://graph.microsoft.com"
SIGN_IN = ("openid", "profile", "email", "User.Read")


class Scopes:
    """Reads scopes with what the tenant knows."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def known(self, resource: str) -> str:
        """A resource that tokens can be asked for.

        Raises:
            EntraError: There is no such one.
        """
        if not self._directory.knows_resource(resource):
            raise errors.resource_not_found(resource, self._directory.tenant_id)
        return resource

    def of_person(self, client: Application, scope: str, *, signed_in_for: str) -> tuple[str, str]:
        """The audience and the scopes of a person's token.

        Args:
            client: The application that asks for it.
            scope: As asked for; Graph is meant when it names no resource.
            signed_in_for: The scope for which the person signed in to the application.

        Raises:
            EntraError: The resource is not known, or there are several; the person did not sign in
                for this resource, or a permission needs an administrator's consent.
        """
        resource, names = self._asked(scope)
        if not is_graph(resource):
            # A resource of its own, as the management API, has one permission here.
            own = ["user_impersonation" if name == ".default" else name for name in names]
            self._check_resource(client, self.known(resource), signed_in_for)
            return resource, " ".join(own)
        if permissions.needing_admin(names, client["appId"]):
            raise errors.consent_missing(client["appId"], client["displayName"])
        return resource, " ".join(permissions.scopes(names, client["appId"]))

    def _check_resource(self, client: Application, resource: str, signed_in_for: str) -> None:
        """Refuse a resource that nobody has consented to: the person signed in for another one."""
        consented = {_bare(self._resource_of(part)) for part in signed_in_for.split()}
        own = {client["appId"], f"api://{client['appId']}", *client["identifierUris"]}
        if client["appId"] == permissions.AZURE_CLI or _bare(resource) in map(_bare, own):
            return
        if _bare(resource) not in consented:
            raise errors.consent_missing(client["appId"], client["displayName"])

    def check_consent(self, client: Application, scope: str) -> None:
        """Refuse to sign a person in for what only an administrator can consent to.

        People consent to several resources at the same time; a token is for one of them.

        Raises:
            EntraError: The scope asks for such a permission of Graph.
        """
        of_graph = [part for part in scope.split() if is_graph(self._resource_of(part) or GRAPH)]
        names = [part.rpartition("/")[2] for part in of_graph]
        if permissions.needing_admin(names, client["appId"]):
            raise errors.administrator_needed(client["displayName"])

    def _asked(self, scope: str) -> tuple[str, list[str]]:
        named = [part for part in scope.split() if part not in OPENID]
        if not named:
            return GRAPH, [*SIGN_IN]
        resources = {self._resource_of(part) for part in named}
        if len(resources) > 1:
            raise errors.many_resources(scope)
        return resources.pop() or GRAPH, [part.rpartition("/")[2] for part in named]

    def _resource_of(self, part: str) -> str:
        """The resource before a permission's last slash.

        Empty for a permission of Graph by its bare name.
        """
        resource = part.rpartition("/")[0]
        if "://" in resource or self._directory.application(resource.lower()):
            return resource
        return ""


def _bare(resource: str) -> str:
    return resource.rstrip("/").lower()


def is_graph(resource: str) -> bool:
    """Say whether a resource is Microsoft Graph.

    Clients of the local cloud may name it by the address at which it answers; other services that
    answer on this machine do not look at Graph's permissions.
    """
    bare = _bare(resource)
    return bare in (GRAPH, permissions.GRAPH_APP) or bare.startswith("https://localhost:")
