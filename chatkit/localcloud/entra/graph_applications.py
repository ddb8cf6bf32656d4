"""Microsoft Graph: applications, their secrets and their owners."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aiohttp import web

from chatkit.core.time.propagation import FEDERATION, REGISTRATION, SECRET, UNREGISTERED
from chatkit.localcloud.entra.core import graph_documents as documents
from chatkit.localcloud.entra.core.applications import (
    Application,
    changed,
    new_secret,
    password_credential,
)
from chatkit.localcloud.entra.core.federation import MOST, FederatedCredential
from chatkit.localcloud.entra.core.graph_documents import Shown
from chatkit.localcloud.entra.core.permissions import (
    CHANGE_APPLICATION,
    CREATE_APPLICATION,
    READ_APPLICATIONS,
)
from chatkit.localcloud.entra.errors import GraphError
from chatkit.localcloud.entra.graph_operations import (
    CALLER,
    Operation,
    bad_request,
    listed,
    not_found,
)
from chatkit.localcloud.entra.graph_requests import (
    Body,
    application_changes,
    federated_credential,
    moment,
    read_body,
    read_reference,
    section,
)
from chatkit.localcloud.entra.models import Directory
from chatkit.localcloud.recorded.clock import Clock

TRUSTED = "applications/federatedIdentityCredentials/$entity"


class Applications:
    """Operations on applications."""

    def __init__(self, directory: Directory, clock: Clock, *, context: str) -> None:
        self._directory = directory
        self._clock = clock
        self._context = context
        self._deleted: list[Application] = []

    def operations(self) -> list[Operation]:
        """Each with what its caller needs."""
        many = "/applications"
        one = many + "/{id}"
        owners = one + "/owners"
        trusted = one + "/federatedIdentityCredentials"
        trusted_one = trusted + "/{credential}"
        operations = [
            Operation("GET", many, self.list_applications, READ_APPLICATIONS),
            Operation("POST", many, self.create_application, CREATE_APPLICATION),
            Operation("GET", one, self.get_application, READ_APPLICATIONS),
            Operation("GET", owners, self.list_owners, READ_APPLICATIONS),
            Operation("GET", trusted, self.list_trusted, READ_APPLICATIONS),
            Operation("GET", trusted_one, self.get_trusted, READ_APPLICATIONS),
        ]
        for method, path, handler in (
            ("PATCH", one, self.update_application),
            ("DELETE", one, self.delete_application),
            ("POST", one + "/addPassword", self.add_password),
            ("POST", one + "/removePassword", self.remove_password),
            ("POST", owners + "/$ref", self.add_owner),
            ("DELETE", owners + "/{owner}/$ref", self.remove_owner),
            ("POST", trusted, self.trust),
            ("PATCH", trusted_one, self.update_trusted),
            ("DELETE", trusted_one, self.trust_no_more),
        ):
            operations.append(Operation(method, path, handler, CHANGE_APPLICATION, self._is_own))
        return operations

    def _is_own(self, request: web.Request) -> bool:
        return request[CALLER].oid in self._application(request)["owners"]

    async def list_applications(self, request: web.Request) -> web.Response:
        """Applications, all or by one property."""
        found = [documents.application(one) for one in self._known()]
        return self._list("applications", found, request)

    async def create_application(self, request: web.Request) -> web.Response:
        """Register an application."""
        body = await read_body(request)
        name = body.get("displayName")
        if not isinstance(name, str) or not name:
            raise bad_request("A value is required for property 'displayName'.")
        made = self._directory.create_application(
            name, owner=request[CALLER].oid, changes=application_changes(body)
        )
        self._clock.begin(REGISTRATION, made["id"], made["appId"])
        return self._one("applications/$entity", documents.application(made), 201)

    async def get_application(self, request: web.Request) -> web.Response:
        """One application."""
        shown = documents.application(self._application(request))
        return self._one("applications/$entity", shown)

    async def update_application(self, request: web.Request) -> web.Response:
        """Change an application."""
        self._update(self._application(request), await read_body(request))
        return web.Response(status=204)

    async def delete_application(self, request: web.Request) -> web.Response:
        """Remove an application and its service principal."""
        application = self._application(request)
        self._directory.delete_application(application["appId"])
        self._clock.begin(UNREGISTERED, application["id"])
        kept = [*self._deleted, application]
        self._deleted = [one for one in kept if self._clock.is_late(UNREGISTERED, one["id"])]
        return web.Response(status=204)

    async def add_password(self, request: web.Request) -> web.Response:
        """Make a client secret; its text is shown this one time."""
        application = self._application(request)
        given = section(await read_body(request), "passwordCredential")
        secret = new_secret()
        credential = password_credential(
            str(given.get("displayName") or ""),
            secret,
            start=moment(given, "startDateTime"),
            end=moment(given, "endDateTime"),
        )
        if credential["endDateTime"] <= credential["startDateTime"]:
            # That Graph refuses it is known; the words are ours.
            raise bad_request("The property 'endDateTime' must be after 'startDateTime'.")
        application["passwordCredentials"].append(credential)
        self._directory.save_application(application)
        self._clock.begin(SECRET, credential["keyId"])
        shown = {**documents.password(credential), "secretText": secret}
        return self._one("microsoft.graph.passwordCredential", shown)

    async def remove_password(self, request: web.Request) -> web.Response:
        """Remove a client secret."""
        application = self._application(request)
        key = (await read_body(request)).get("keyId")
        known = application["passwordCredentials"]
        kept = [credential for credential in known if credential["keyId"] != key]
        if len(kept) == len(known):
            raise bad_request("No password credential found with keyId.")
        application["passwordCredentials"] = kept
        self._directory.save_application(application)
        return web.Response(status=204)

    async def list_owners(self, request: web.Request) -> web.Response:
        """Who may change an application."""
        owners = self._application(request)["owners"]
        found = [self._directory.principal(object_id) for object_id in owners]
        shown = [documents.directory_object(one) for one in found if one is not None]
        return self._list("directoryObjects", shown, request)

    async def add_owner(self, request: web.Request) -> web.Response:
        """Let somebody else change an application, too."""
        application = self._application(request)
        wanted = await read_reference(request)
        owner = self._directory.principal(wanted)
        if owner is None:
            raise not_found(wanted)
        if owner.id in application["owners"]:
            raise bad_request("One or more added object references already exist for 'owners'.")
        self._directory.save_application(
            {**application, "owners": [*application["owners"], owner.id]}
        )
        return web.Response(status=204)

    async def remove_owner(self, request: web.Request) -> web.Response:
        """End that."""
        application = self._application(request)
        wanted = request.match_info["owner"].lower()
        if wanted not in application["owners"]:
            raise not_found(wanted)
        kept = [owner for owner in application["owners"] if owner != wanted]
        self._directory.save_application({**application, "owners": kept})
        return web.Response(status=204)

    async def list_trusted(self, request: web.Request) -> web.Response:
        """The federated identity credentials of an application."""
        trusted = self._application(request)["federatedIdentityCredentials"]
        return self._list("federatedIdentityCredentials", trusted, request)

    async def get_trusted(self, request: web.Request) -> web.Response:
        """One of them, by its id or its name."""
        return self._one(TRUSTED, _trusted(self._application(request), request))

    async def trust(self, request: web.Request) -> web.Response:
        """Let an application be proven by the tokens of one subject of one issuer."""
        application = self._application(request)
        made = federated_credential(await read_body(request))
        self._save_trusted(application, made)
        self._clock.begin(FEDERATION, made["id"])
        return self._one(TRUSTED, made, 201)

    async def update_trusted(self, request: web.Request) -> web.Response:
        """Change what is trusted."""
        application = self._application(request)
        old = _trusted(application, request)
        self._save_trusted(application, federated_credential(await read_body(request), old))
        return web.Response(status=204)

    async def trust_no_more(self, request: web.Request) -> web.Response:
        """End that."""
        application = self._application(request)
        wanted = _trusted(application, request)
        known = application["federatedIdentityCredentials"]
        application["federatedIdentityCredentials"] = [one for one in known if one != wanted]
        self._directory.save_application(application)
        return web.Response(status=204)

    def _save_trusted(self, application: Application, made: FederatedCredential) -> None:
        """Keep a federated credential in the place of the one with its id."""
        known = application["federatedIdentityCredentials"]
        others = [one for one in known if one["id"] != made["id"]]
        if any(one["name"] == made["name"] for one in others):
            said = f"FederatedIdentityCredential with name {made['name']} already exists."
            raise GraphError(409, "Request_MultipleObjectsWithSameKeyValue", said)
        # That Graph refuses these two is known; the words are ours.
        if any(
            (one["issuer"], one["subject"]) == (made["issuer"], made["subject"]) for one in others
        ):
            raise bad_request("The combination of issuer and subject must be unique on the app.")
        if len(others) >= MOST:
            raise bad_request(f"An application has at most {MOST} federated identity credentials.")
        application["federatedIdentityCredentials"] = [*others, made]
        self._directory.save_application(application)

    def _application(self, request: web.Request) -> Application:
        wanted = request.match_info["id"].lower()
        alternate = re.match(r"(?i)^\(?appid='([^']+)'\)?$", wanted)
        app_id = alternate[1] if alternate else ""
        # Readers may still find what is gone; nothing may be written to it.
        found = self._known() if request.method == "GET" else self._there()
        for application in found:
            if wanted == application["id"] or app_id == application["appId"]:
                return application
        raise not_found(wanted)

    def _there(self) -> list[Application]:
        """The applications that there are, but for those that Graph does not find yet."""
        late = self._clock.is_late
        return [one for one in self._directory.applications() if not late(REGISTRATION, one["id"])]

    def _known(self) -> list[Application]:
        """The applications that Graph finds: those, and for a while one that was deleted."""
        late = self._clock.is_late
        return self._there() + [one for one in self._deleted if late(UNREGISTERED, one["id"])]

    def _update(self, application: Application, body: Body) -> Application:
        merged = changed(application, application_changes(body))
        self._directory.save_application(merged)
        return merged

    def _one(self, what: str, shown: Shown, status: int = 200) -> web.Response:
        body = {"@odata.context": self._context + what, **shown}
        return web.json_response(body, status=status)

    def _list(self, what: str, values: Sequence[Shown], request: web.Request) -> web.Response:
        return listed(self._context + what, values, request)


def _trusted(application: Application, request: web.Request) -> FederatedCredential:
    """The federated credential that a request names."""
    wanted = request.match_info["credential"]
    for one in application["federatedIdentityCredentials"]:
        if wanted.lower() == one["id"] or wanted == one["name"]:
            return one
    raise not_found(wanted)
