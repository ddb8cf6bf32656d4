"""Who gets which answer where: one row an endpoint, one column an identity."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DOCUMENT = Path(__file__).parents[2] / "docs" / "rights.md"

OWN = "own principal"
OWNER = "Owner"
CONTRIBUTOR = "Contributor"
READER = "Reader"
WEBSITE = "Website Contributor"
DATA = "Blob Data Contributor"
REST_OWNER = "SignalR REST API Owner"
REST_READER = "SignalR REST API Reader"
APP_SERVER = "SignalR App Server"
SERVICE_OWNER = "SignalR Service Owner"
NOBODY = "no role"
CHAT = "chat user"
APP = "app's identity"
EXPIRED = "expired"
TENANT = "other tenant"
AUDIENCE = "other audience"
FORGED = "forged"
NONE = "no token"

IDENTITIES: dict[str, str] = {
    OWN: "the service principal that `chatkit local status` shows: Owner of the subscription,"
    " Storage Blob Data Owner, administrator of the directory",
    OWNER: "alice, Owner of the subscription",
    CONTRIBUTOR: "bob, Contributor of the subscription",
    READER: "a service principal with Reader on the subscription",
    WEBSITE: "a service principal with Website Contributor on the site alone",
    DATA: "a service principal with Storage Blob Data Contributor on the storage account alone",
    REST_OWNER: "a service principal with SignalR REST API Owner on the instance alone",
    REST_READER: "a service principal with SignalR REST API Reader on the instance alone",
    APP_SERVER: "a service principal with SignalR App Server on the instance alone",
    SERVICE_OWNER: "a service principal with SignalR Service Owner on the instance alone",
    NOBODY: "mallory, a user of the directory without a role",
    CHAT: "carol's token from `/.auth/me`: for Microsoft Graph, with User.Read",
    APP: "the managed identity of the deployed app, without a role",
    EXPIRED: "alice's token, expired",
    TENANT: "a token of another tenant, signed with that tenant's key",
    AUDIENCE: "alice's token for another resource",
    FORGED: "a token that names this tenant, signed with another key",
    NONE: "no Authorization header",
}
# Their tokens do not count anywhere, whoever they name.
INVALID = (EXPIRED, TENANT, AUDIENCE, FORGED, NONE)
PEOPLE = (OWNER, CONTRIBUTOR, NOBODY)


@dataclass(frozen=True)
class Endpoint:
    """One request, and who may send it.

    Attributes:
        service: "arm", "scm", "blob", "signalr", "graph" or "control".
        title: What it does.
        method: HTTP method.
        path: Below the service's address; {placeholders} are the scopes of the test's resources.
        let_in: Status for those who may. 400 is the answer to a request without its body: the
            caller was let in, and nothing changed.
        allowed: Who may.
        others: Status for valid tokens of those who may not.
        special: Identities with an answer of their own.
        grade: "D" by Microsoft's documentation, "K" by what is known and was not asked of Azure.
        source: Where the documentation says so.
    """

    service: str
    title: str
    method: str
    path: str
    let_in: int
    allowed: tuple[str, ...]
    others: int = 403
    special: dict[str, int] = field(default_factory=dict)
    grade: str = "D"
    source: str = ""

    def status(self, identity: str) -> int:
        """What an identity is answered."""
        if identity in self.special:
            return self.special[identity]
        if identity in INVALID and self.service != "control":
            return 401
        if identity == CHAT and self.service in ("arm", "scm", "blob", "signalr"):
            return 401  # a token for Graph is not for these
        return self.let_in if identity in self.allowed else self.others


READERS = (OWN, OWNER, CONTRIBUTOR, READER)
WRITERS = (OWN, OWNER, CONTRIBUTOR)
ADMINS = (OWN, OWNER)
DATA_OWNERS = (OWN, DATA)
DIRECTORY_READERS = (OWN, *PEOPLE)
PUBLISHERS = (*WRITERS, WEBSITE)
BUILT_IN = "Azure built-in roles"
KUDU = "Accessing the kudu service, Security"
BLOB_TABLE = "Authorize access to blobs using Microsoft Entra ID"
MEMBERS = "Default user permissions in Microsoft Entra ID"
SIGNALR_ROLES = "Azure built-in roles for Web and Mobile: data actions"
SENDERS = (REST_OWNER, SERVICE_OWNER)
HUB = "/api/hubs/chat"
API_HUB = "?api-version=2022-11-01"
API_WEB = "?api-version=2025-05-01"
API_STORAGE = "?api-version=2026-09-01"
API_SIGNALR = "?api-version=2023-02-01"
API_ROLES = "?api-version=2022-04-01"
API_GROUPS = "?api-version=2025-04-01"
API_IDENTITIES = "?api-version=2023-01-31"
IDENTITY = "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/sign-in"
ROLES = "/providers/Microsoft.Authorization/roleAssignments"
DEPLOYMENTS = "/providers/Microsoft.Resources/deployments"

# Where the documentation says what most rows of a service have.
SOURCES = {
    "arm": BUILT_IN,
    "scm": KUDU,
    "blob": BLOB_TABLE,
    "signalr": SIGNALR_ROLES,
    "graph": MEMBERS,
}
API_VERSIONS = (
    (ROLES, API_ROLES),
    (IDENTITY, API_IDENTITIES),
    ("{site}", API_WEB),
    ("{account}", API_STORAGE),
    ("{signalr}", API_SIGNALR),
    ("", API_GROUPS),
)
# Title, request, status for those who may, and who may.
Row = tuple[str, str, int, tuple[str, ...]]
ROWS: dict[str, tuple[Row, ...]] = {
    "arm": (
        ("read the resource group", "GET {group}", 200, READERS),
        ("change the resource group", "PUT {group}", 400, WRITERS),
        ("delete another resource group", "DELETE {group}2", 404, WRITERS),
        (
            "register a provider",
            "POST {subscription}/providers/Microsoft.Web/register",
            200,
            WRITERS,
        ),
        ("list role assignments", "GET {group}" + ROLES, 200, READERS),
        ("give somebody a role", "PUT {group}" + ROLES + "/{guid}", 400, ADMINS),
        ("give oneself a role at the site", "PUT {site}" + ROLES + "/{guid}", 400, ADMINS),
        ("take somebody's role away", "DELETE {subscription}" + ROLES + "/{guid}", 204, ADMINS),
        ("read the site", "GET {site}", 200, (*READERS, WEBSITE)),
        ("change the site", "PUT {site}", 400, PUBLISHERS),
        ("read the site's settings", "POST {site}/config/appsettings/list", 200, PUBLISHERS),
        ("change the site's settings", "PUT {site}/config/appsettings", 400, PUBLISHERS),
        (
            "read the publishing password",
            "POST {site}/config/publishingcredentials/list",
            200,
            PUBLISHERS,
        ),
        ("read the publishing profile", "POST {site}/publishxml", 200, PUBLISHERS),
        ("read the host's keys", "POST {site}/host/default/listkeys", 200, PUBLISHERS),
        ("switch sign-in off", "PUT {site}/config/authsettingsV2", 400, PUBLISHERS),
        ("read the storage account's keys", "POST {account}/listKeys", 200, WRITERS),
        (
            "create a container",
            "PUT {account}/blobServices/default/containers/box",
            200,
            (*WRITERS, DATA),
        ),
        ("read the keys of SignalR Service", "POST {signalr}/listKeys", 200, WRITERS),
        ("renew a key of SignalR Service", "POST {signalr}/regenerateKey", 400, WRITERS),
        ("delete another SignalR Service", "DELETE {signalr}2", 204, WRITERS),
        ("make a user-assigned identity", "PUT {group}" + IDENTITY, 400, WRITERS),
        ("list template deployments", "GET {group}" + DEPLOYMENTS, 200, READERS),
        ("read a template deployment", "GET {group}" + DEPLOYMENTS + "/main", 404, READERS),
        (
            "read a template deployment's operations",
            "GET {group}" + DEPLOYMENTS + "/main/operations",
            404,
            READERS,
        ),
        ("deploy a template", "PUT {group}" + DEPLOYMENTS + "/main", 400, WRITERS),
        (
            "deploy a template at the subscription",
            "PUT {subscription}" + DEPLOYMENTS + "/main",
            400,
            WRITERS,
        ),
        ("validate a template", "POST {group}" + DEPLOYMENTS + "/main/validate", 400, WRITERS),
        (
            "ask what a template would change",
            "POST {group}" + DEPLOYMENTS + "/main/whatIf",
            400,
            WRITERS,
        ),
        (
            "read the template of a deployment",
            "POST {group}" + DEPLOYMENTS + "/main/exportTemplate",
            404,
            WRITERS,
        ),
        (
            "cancel a template deployment",
            "POST {group}" + DEPLOYMENTS + "/main/cancel",
            404,
            WRITERS,
        ),
        ("delete a template deployment", "DELETE {group}" + DEPLOYMENTS + "/main", 204, WRITERS),
        ("make a template of a resource group", "POST {group}/exportTemplate", 202, WRITERS),
    ),
    "scm": (
        ("open the endpoint's page", "GET /", 200, PUBLISHERS),
        ("read the settings there", "GET /api/settings", 200, PUBLISHERS),
        ("list deployments", "GET /api/deployments", 200, PUBLISHERS),
        # Of a log that is not there: one that is there goes on for hours.
        ("follow a log", "GET /api/logstream/http", 404, PUBLISHERS),
        ("download the logs", "GET /api/dump", 200, PUBLISHERS),
        ("publish code", "POST /api/publish", 400, PUBLISHERS),
    ),
    "blob": (
        ("list containers", "GET ?comp=list", 200, (*READERS, DATA)),
        ("read a blob", "GET /box/a.txt", 200, DATA_OWNERS),
        ("write a blob", "PUT /box/a.txt", 201, DATA_OWNERS),
        ("delete another blob", "DELETE /box/b.txt", 404, DATA_OWNERS),
        (
            "get a key to sign with",
            "POST ?restype=service&comp=userdelegationkey",
            400,
            (*WRITERS, DATA),
        ),
    ),
    "signalr": (
        ("send to everybody", "POST " + HUB + "/:send" + API_HUB, 400, SENDERS),
        ("send to a user", "POST " + HUB + "/users/u/:send" + API_HUB, 400, SENDERS),
        (
            "ask whether a user is connected",
            "GET " + HUB + "/users/u" + API_HUB,
            404,
            (*SENDERS, REST_READER),
        ),
        ("add a user to a group", "PUT " + HUB + "/users/u/groups/g" + API_HUB, 200, SENDERS),
        (
            "close a connection",
            "DELETE " + HUB + "/connections/c" + API_HUB,
            200,
            (*SENDERS, APP_SERVER),
        ),
        ("make a client's token", "POST " + HUB + "/:generateToken" + API_HUB, 200, SENDERS),
        (
            "connect as a client with a token of Entra ID",
            "POST /client/negotiate?hub=chat",
            200,
            (),
        ),
    ),
    "graph": (
        ("read oneself", "GET /v1.0/me", 200, (*PEOPLE, CHAT)),
        ("read bob", "GET /v1.0/users/{bob}", 200, DIRECTORY_READERS),
        ("list people", "GET /v1.0/users", 200, DIRECTORY_READERS),
        ("list applications", "GET /v1.0/applications", 200, DIRECTORY_READERS),
        ("list service principals", "GET /v1.0/servicePrincipals", 200, DIRECTORY_READERS),
        ("register an application", "POST /v1.0/applications", 400, DIRECTORY_READERS),
        (
            "add a secret to somebody else's application",
            "POST /v1.0/applications/{application}/addPassword",
            200,
            (OWN,),
        ),
        (
            "change somebody else's application",
            "PATCH /v1.0/applications/{application}",
            204,
            (OWN,),
        ),
        (
            "take a secret from somebody else's application",
            "POST /v1.0/applications/{application}/removePassword",
            400,
            (OWN,),
        ),
        (
            "read whom somebody else's application trusts",
            "GET /v1.0/applications/{application}/federatedIdentityCredentials",
            200,
            DIRECTORY_READERS,
        ),
        (
            "let somebody else's application trust an identity",
            "POST /v1.0/applications/{application}/federatedIdentityCredentials",
            400,
            (OWN,),
        ),
        (
            "give an application a permission",
            "POST /v1.0/servicePrincipals/{principal}/appRoleAssignments",
            400,
            (OWN,),
        ),
    ),
    "control": (("read the local cloud's trace", "GET /trace", 200, ()),),
}
# What a row has besides, by its title.
BESIDES: dict[str, dict[str, Any]] = {
    "register a provider": {"source": "Azure resource providers and types"},
    "list containers": {
        "source": "Azure built-in roles: an action, not a data action",
        "grade": "K",
    },
    "read a blob": {"special": {NONE: 409}},
    "get a key to sign with": {"source": "Get User Delegation Key"},
    "connect as a client with a token of Entra ID": {
        "source": "clients have tokens that the service or a key has signed",
        "others": 401,
        "grade": "K",
    },
    "read oneself": {"source": "Get a user: delegated User.Read", "others": 400},
    "add a secret to somebody else's application": {"source": "application: addPassword"},
    "take a secret from somebody else's application": {"source": "application: removePassword"},
    "read whom somebody else's application trusts": {"grade": "K"},
    "let somebody else's application trust an identity": {
        "source": "Create federatedIdentityCredential"
    },
    "change somebody else's application": {"source": "Update application"},
    "give an application a permission": {
        "source": "Grant an appRoleAssignment to a service principal"
    },
    "read the local cloud's trace": {"source": "the local cloud's own: the token in `cloud.json`"},
}


def _endpoint(service: str, row: Row) -> Endpoint:
    title, request, let_in, allowed = row
    method, _, path = request.partition(" ")
    if service == "arm":
        path += next(version for part, version in API_VERSIONS if part in path)
    besides = {"source": SOURCES.get(service, ""), **BESIDES.get(title, {})}
    return Endpoint(service, title, method, path, let_in, allowed, **besides)


ENDPOINTS = tuple(_endpoint(service, row) for service, rows in ROWS.items() for row in rows)


def document() -> str:
    """Text of docs/rights.md."""
    rows = [
        "# Rights",
        "",
        "A token proves who somebody is; a role, a permission or ownership says what they may do."
        " This is what the local cloud answers, tested row by row in"
        " `tests/localcloud/test_rights.py`. 401: the token does not count here. 403: it counts,"
        " and its principal has no right to this. 400, 404 and 204 in a row that others are refused"
        " in: let in, and told about a body that is missing or a thing that is not there.",
        "",
        "How sure it is: D, Microsoft's page in the last column says so; K, it is known of Azure"
        " and was not asked there. The wording of 403 at the deployment endpoint is our own: no"
        " page shows it.",
        "",
        "| identity | who |",
        "|---|---|",
        *(f"| {name} | {who} |" for name, who in IDENTITIES.items()),
    ]
    titles = {
        "arm": "Resource Manager",
        "scm": "Deployment endpoint (SCM)",
        "blob": "Blob storage, with Entra tokens",
        "signalr": "SignalR Service's data plane, with Entra tokens",
        "graph": "Microsoft Graph",
        "control": "The local cloud's control endpoint",
    }
    for service, title in titles.items():
        rows += ["", f"## {title}", ""]
        rows.append("| | " + " | ".join(IDENTITIES) + " | sure | page |")
        rows.append("|---" * (len(IDENTITIES) + 3) + "|")
        for endpoint in ENDPOINTS:
            if endpoint.service == service:
                statuses = " | ".join(str(endpoint.status(name)) for name in IDENTITIES)
                rows.append(
                    f"| {endpoint.title} | {statuses} | {endpoint.grade} | {endpoint.source} |"
                )
    rows += ["", *_proofs(), "", *NOTES]
    return "\n".join(rows) + "\n"


# How a request to a blob proves who sends it: its status while the storage account allows Shared
# Key, and with `allowSharedKeyAccess` false.
PROOFS = {
    "Shared Key": (200, 403),
    "account SAS": (200, 403),
    "service SAS": (200, 403),
    "user delegation SAS": (200, 200),
    "Entra token": (200, 200),
    "nothing": (409, 409),
}
NO_KEYS = "KeyBasedAuthenticationNotPermitted"


def _proofs() -> list[str]:
    """The table of a storage account's ways to prove who asks."""
    rows = [
        "## Blob storage with and without keys",
        "",
        "Reading a blob, by what proves who asks. What a key has signed is refused with"
        f" `{NO_KEYS}` once `allowSharedKeyAccess` is false (D: Prevent Shared Key authorization"
        " for an Azure Storage account).",
        "",
        "| proof | keys allowed | keys not allowed |",
        "|---|---|---|",
    ]
    return [
        *rows,
        *(f"| {name} | {with_} | {without} |" for name, (with_, without) in PROOFS.items()),
    ]


NOTES = (
    "## What decides",
    "",
    "- **Resource Manager** asks for the operation's action at the path's scope:"
    " `Microsoft.Web/sites/config/list/action`. Lists leave out what their reader has no role for;"
    " `GET /subscriptions` is empty for those without any role.",
    "- **Template deployments** need the action of the deployment and, for each resource of the"
    " template, that resource's own. Both are asked before the first resource is made.",
    "- **The deployment endpoint** asks for `Microsoft.Web/sites/publish/Action` at the site, for"
    " reading as well. Where the site allows basic authentication, its publishing password opens"
    " it, too.",
    "- **Blob storage** asks for data actions; Owner and Contributor have none. Account keys and"
    " signatures are rights of their own. The development account takes every valid token: it has"
    " no place in Resource Manager.",
    "- **SignalR Service** asks for a data action at the instance:"
    " `Microsoft.SignalRService/SignalR/hub/send/action`. Owner and Contributor have none. A token"
    " that an access key has signed may do everything, until `disableLocalAuth` deletes the keys."
    " Which operation needs which data action stands on no page; it follows from their"
    " descriptions.",
    "- **Microsoft Graph** asks for a scope in a person's token, and for ownership before anything"
    " is changed; for an application permission (`roles`) in an application's own token."
    " People are members without a directory role. Owners are who registered an application, and"
    " whom `owners/$ref` names.",
    "- **Consent**: people consent to what does not need an administrator by signing in. A client"
    " that asks for more is refused (AADSTS90094 at sign-in, AADSTS65001 at the token endpoint);"
    " az and azure-identity have Microsoft's own consent. An administrator's consent for a"
    " delegated permission (`oauth2PermissionGrants`) cannot be given in the local cloud;"
    " application permissions can (`appRoleAssignments`), by the cloud's own service principal.",
    "- **A narrower scope counts**: a client with more consent that asks for `User.Read` alone gets"
    " a token with `User.Read` alone. Entra puts everything consented into the token.",
)


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
