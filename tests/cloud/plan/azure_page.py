"""docs/azure.md: every call of the kit on Azure, what it is tested against, and what is not known.

`CHATKIT_WRITE_TABLES=1 python -m pytest tests/cloud/plan/test_azure_page.py` writes it anew, from
the calls of a whole tutorial (`chatkit/cloud/plan/calls.json`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from chatkit.cloud.plan.calls import PlannedCall, all_calls
from tests.cloud.plan import azure_errors
from tests.cloud.plan.generating import found
from tests.localcloud.resource_manager import recordings
from tests.localcloud.resource_manager.coverage_table import routes
from tests.localcloud.resource_manager.specs import models

PATH = Path(__file__).parents[3] / "docs" / "azure.md"
LEARN = "https://learn.microsoft.com"
DEFINED = "defined"
RECORDED = "recorded"
DOCUMENTED = "documented"


@dataclass(frozen=True)
class Other:
    """A call that is none of Resource Manager's.

    Attributes:
        name: As its documentation calls it.
        method: HTTP verb.
        url: As a pattern.
        page: Where it is documented.
        tested: The test of the stand-in's answer, by its file.
    """

    name: str
    method: str
    url: str
    page: str
    tested: str


REST_BLOBS = f"{LEARN}/rest/api/storageservices"
GRAPH_API = f"{LEARN}/graph/api"
SCM_PAGE = f"{LEARN}/azure/azure-functions/functions-deployment-technologies"
HUB_PAGE = f"{LEARN}/azure/azure-signalr/swagger/signalr-data-plane-rest-v20220601"
OTHERS = (
    Other("SCM: is it busy", "GET", r"\{scm\}/api/isdeploying$", SCM_PAGE, "test_kit_sequence.py"),
    Other("SCM: publish", "POST", r"\{scm\}/api/publish$", SCM_PAGE, "test_kit_sequence.py"),
    Other("SCM: deployment", "GET", r"\{scm\}/api/deployments/", SCM_PAGE, "test_kit_sequence.py"),
    Other("List Containers", "GET", r"\{blob\}/$", f"{REST_BLOBS}/list-containers2", "storage.md"),
    Other("List Blobs", "GET", r"\{blob\}/[^/]+$", f"{REST_BLOBS}/list-blobs", "storage.md"),
    Other("Get Blob", "GET", r"\{blob\}/[^/]+/.+", f"{REST_BLOBS}/get-blob", "storage.md"),
    Other("Put Blob, Append Block, or Set Blob Properties", "PUT", r"\{blob\}/[^/]+/.+",
          f"{REST_BLOBS}/put-blob", "storage.md"),
    Other("Create Container", "PUT", r"\{blob\}/[^/]+$", f"{REST_BLOBS}/create-container",
          "storage.md"),
    Other("Delete Blob", "DELETE", r"\{blob\}/[^/]+/.+", f"{REST_BLOBS}/delete-blob", "storage.md"),
    Other("Delete Container", "DELETE", r"\{blob\}/[^/]+$", f"{REST_BLOBS}/delete-container",
          "storage.md"),
    Other("static website: a page", "GET", r"\{web\}/",
          f"{LEARN}/azure/storage/blobs/storage-blob-static-website", "storage.md"),
    Other("the app: its functions", "GET|POST", r"\{app\}/api/", "the app's own",
          "test_kit_sequence.py"),
    Other("Easy Auth: me", "POST", r"\{app\}/\.auth/me",
          f"{LEARN}/azure/app-service/configure-authentication-user-identities", "sign-in.md"),
    Other("Graph: list applications", "GET", r"\{graph\}/v1.0/applications$",
          f"{GRAPH_API}/application-list", "test_entra_graph.py"),
    Other("Graph: create application", "POST", r"\{graph\}/v1.0/applications$",
          f"{GRAPH_API}/application-post-applications", "test_entra_graph.py"),
    Other("Graph: create servicePrincipal", "POST", r"\{graph\}/v1.0/servicePrincipals$",
          f"{GRAPH_API}/serviceprincipal-post-serviceprincipals", "test_entra_graph.py"),
    Other("Graph: addPassword", "POST", r"/addPassword$", f"{GRAPH_API}/application-addpassword",
          "test_entra_graph.py"),
    Other("Graph: removePassword", "POST", r"/removePassword$",
          f"{GRAPH_API}/application-removepassword", "test_entra_graph.py"),
    Other("Graph: federatedIdentityCredentials", "GET|POST", r"/federatedIdentityCredentials$",
          f"{GRAPH_API}/application-post-federatedidentitycredentials", "test_federation.py"),
    Other("Graph: get application", "GET", r"\{graph\}/v1.0/applications\(",
          f"{GRAPH_API}/application-get", "test_entra_graph.py"),
    Other("Graph: update application", "PATCH", r"\{graph\}/v1.0/applications\(",
          f"{GRAPH_API}/application-update", "test_entra_graph.py"),
    Other("Graph: delete application", "DELETE", r"\{graph\}/v1.0/applications\(",
          f"{GRAPH_API}/application-delete", "test_entra_graph.py"),
    Other("SignalR: send", "POST", r"\{signalr\}/.*:send$", HUB_PAGE, "signalr.md"),
    Other("SignalR: generateToken", "POST", r"\{signalr\}/.*:generateToken$", HUB_PAGE,
          "signalr.md"),
    Other("Entra ID: token", "POST", r"\{authority\}/.*/oauth2/v2.0/token$",
          f"{LEARN}/entra/identity-platform/v2-oauth2-client-creds-grant-flow",
          "test_entra_client_credentials.py"),
)  # fmt: skip
# What no recording and no page can say, by operation; what is sent when it differs is in the text.
OPEN = {
    "SignalR_CreateOrUpdate": "how long it takes now (recordings are of 2020 and 2022)",
    "SignalR_Update": "how long until `disableLocalAuth` counts everywhere",
    "RoleAssignments_Create": "how long until the role counts; the kit waits up to 10 minutes",
    "WebApps_UpdateApplicationSettings": "how long the restart of the app takes",
    "WebApps_UpdateAuthSettingsV2": "how long until sign-in is on",
    "WebApps_CreateOrUpdate": "a Flex Consumption app was recorded with azd, not with this SDK",
    "WebApps_ListFunctions": "how long after publishing the functions are listed",
    "Providers_Register": "how long it takes",
    "Deployments_CreateOrUpdate": "whether Azure takes the kit's template: none was deployed there",
    "Deployments_WhatIf": "what Azure says of properties that its answers leave out",
    "BlobServices_SetServiceProperties": "`staticWebsite` at this api-version: no recording has it",
    "SCM: publish": "the form of the answer; how long the build takes",
    "Graph: create application": "how long until other servers know the application",
    "Graph: federatedIdentityCredentials": "how long until the credential counts",
}


@dataclass(frozen=True)
class Row:
    """One operation of the table, with all its calls.

    Attributes:
        name: Of the operation.
        method: HTTP verb.
        path: With `{...}`.
        version: Of Resource Manager's API.
        calls: The calls of the tutorial.
    """

    name: str
    method: str
    path: str
    version: str
    calls: tuple[PlannedCall, ...]

    @property
    def is_managers(self) -> bool:
        """Whether it is Resource Manager's."""
        return self.calls[0]["url"].startswith("{arm}")

    @property
    def evidence(self) -> tuple[str, str]:
        """How sure the answer is that it is tested against, and what that is."""
        if not self.is_managers:
            played = _recorded_by_graph(self)
            other = other_of(self.calls[0])
            page = other.page if other.page.startswith("the ") else f"[page]({other.page})"
            if played:
                return RECORDED, f"{played}; {page}, {_file(other.tested)}"
            return DOCUMENTED, f"{page}, {_file(other.tested)}"
        known = _recordings().get((self.method, self.name), {})
        if known:
            listed = ", ".join(f"`{name}` ({version})" for name, version in sorted(known.items()))
            return RECORDED, listed
        if self.name in models()["operations"]:
            statuses = models()["operations"][self.name].get("statuses", [])
            return DEFINED, f"`models.json`, statuses {', '.join(map(str, statuses))}"
        return DOCUMENTED, "Azure REST API reference; `test_arm_operations_all.py`"

    @property
    def unknown(self) -> str:
        """What was never confirmed."""
        sure, _ = self.evidence
        always = {
            RECORDED: "this SDK's own request",
            DEFINED: "which of the statuses, and the values of the answer",
            DOCUMENTED: "status and form of the answer",
        }[sure]
        versions = set(_recordings().get((self.method, self.name), {}).values())
        if sure == RECORDED and self.is_managers and self.version not in versions:
            always = f"the form at {self.version}"
        more = OPEN.get(self.name)
        return f"{always}; {more}" if more else always

    def cells(self) -> list[str]:
        """Its line of the table."""
        sections = sorted({call["section"] for call in self.calls})
        sure, what = self.evidence
        return [
            self.name,
            self.method,
            f"`{self.path}`",
            self.version or "-",
            ", ".join(sections),
            sure,
            what,
            errors_of(self),
            self.unknown,
        ]


def rows() -> list[Row]:
    """Every operation that the tutorial calls."""
    grouped: dict[tuple[str, str, str, str], list[PlannedCall]] = {}
    for call in all_calls():
        grouped.setdefault((*key_of(call["method"], call["url"]), call["api_version"]), []).append(
            call
        )
    return [
        Row(name, method, path, version, tuple(calls))
        for (name, method, path, version), calls in grouped.items()
    ]


def key_of(method: str, url: str) -> tuple[str, str, str]:
    """Operation, method and path of a call."""
    if url.startswith("{arm}"):
        path = url.removeprefix("{arm}").replace("{subscription}", "s")
        match = found(method, re.sub(r"<[^>]*>", "x", path))
        assert match is not None and match.route is not None, f"{method} {url}"
        return match.route.name, method, match.route.template
    other = next((one for one in OTHERS if _is(one, method, url)), None)
    assert other is not None, f"{method} {url} has no row"
    path = re.sub(r"\{app\}/api/.*", "{app}/api/…", url)
    path = re.sub(r"(\{blob\})/[^/]+(/.+)?$", r"\1/container\2", path)
    path = re.sub(r"(\{blob\}/container)/.+", r"\1/blob", path)
    return other.name, method, path.replace("\\", "").replace("<id>", "…")


def other_of(call: PlannedCall) -> Other:
    """What documents a call that is none of Resource Manager's."""
    return next(one for one in OTHERS if _is(one, call["method"], call["url"]))


def _is(other: Other, method: str, url: str) -> bool:
    return bool(re.fullmatch(other.method, method) and re.search(other.url, url))


def errors_of(row: Row) -> str:
    """The documented errors of an operation."""
    every = dict.fromkeys(
        f"{one.status} {one.code}".strip()
        for call in row.calls
        for one in azure_errors.documented(call)
        if one.url != azure_errors.Documented.url or one.methods != ".*"
    )
    general = "*" if row.is_managers else ""
    return ", ".join([*filter(None, (general,)), *every]) or "-"


@cache
def _recordings() -> dict[tuple[str, str], dict[str, str]]:
    """By method and operation: the recordings that have it, with the last api-version of each."""
    known: dict[tuple[str, str], dict[str, str]] = {}
    for path in sorted(recordings.FOLDER.glob("*.json")):
        for step in recordings.load(path.stem):
            parts = urlsplit(step.url.replace("{sub}", "/subscriptions/s"))
            match = found(step.method, parts.path) if step.url.startswith("{sub}") else None
            if match is not None and match.route is not None:
                version = dict(parse_qsl(parts.query)).get("api-version", "")
                known.setdefault((step.method, match.route.name), {})[path.stem] = version
    return known


def _recorded_by_graph(row: Row) -> str:
    """The recordings of Microsoft Graph that have an operation."""
    names = []
    for path in sorted(recordings.FOLDER.glob("*.json")):
        for step in recordings.load(path.stem):
            url = step.url.partition("?")[0]
            if url.startswith("{graph}") and key_or_none(step.method, url) == row.name:
                names.append(path.stem)
    return ", ".join(f"`{name}`" for name in dict.fromkeys(names))


def key_or_none(method: str, url: str) -> str:
    """Name of the operation of a recorded address of Graph; empty for others."""
    plain = re.sub(r"/applications/[^/]+$", "/applications(x", url)
    plain = plain.replace("{graph}/applications", "{graph}/v1.0/applications")
    plain = plain.replace("{graph}/servicePrincipals", "{graph}/v1.0/servicePrincipals")
    return next((one.name for one in OTHERS if _is(one, method, plain)), "")


def _file(name: str) -> str:
    return f"[{name}]({name})" if name.endswith(".md") else f"`{name}`"


WORDS = {
    RECORDED: "an answer of real Azure, from recorded tests of the Azure CLI and of azd"
    " (`tests/data/azure/recordings`): status, fields, types",
    DEFINED: "Azure's own definitions (`tests/data/azure/models.json`): statuses, fields, types",
    DOCUMENTED: "Microsoft's page, by tests of our own",
}
COLUMNS = (
    *("operation", "method", "path", "api-version", "sections", "sure", "tested against"),
    *("documented errors", "never confirmed"),
)


def render() -> str:
    """The page: what is written there by hand, with its tables made anew."""
    text = PATH.read_text(encoding="utf-8")
    for name, lines in _parts().items():
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        before, _, rest = text.partition(begin)
        _, found_end, behind = rest.partition(end)
        assert found_end, f"{PATH.name} has no place for {name}"
        text = "\n".join([before + begin, *lines, end]) + behind
    return text


def _parts() -> dict[str, list[str]]:
    """The lines of each table, by the name of its place."""
    found_rows = rows()
    sure = [row.evidence[0] for row in found_rows]
    words = [f"| {word} | {what} | {sure.count(word)} |" for word, what in WORDS.items()]
    general = dict.fromkeys(
        f"{one.status} {one.code}"
        for one in azure_errors.ERRORS
        if one.url == azure_errors.Documented.url and one.methods == ".*"
    )
    return {
        "sure": [
            "| word | the local cloud's answer is compared with | operations |",
            "|---|---|---|",
            *words,
        ],
        "general": [f"{', '.join(general)}."],
        "calls": [
            f"| {' | '.join(COLUMNS)} |",
            "|---" * len(COLUMNS) + "|",
            *(f"| {' | '.join(row.cells())} |" for row in found_rows),
        ],
        "errors": [*azure_errors.table([*all_calls()])],
        "failures": [*azure_errors.rehearsed()],
    }


def missing(entries: Iterator[tuple[str, str, str]]) -> list[str]:
    """Calls without a row: method, path of Resource Manager and api-version.

    Args:
        entries: Method, path and api-version of what was sent to Resource Manager.
    """
    known = {(row.method, row.path, row.version) for row in rows() if row.is_managers}
    polls = {(one.method, one.template) for one in routes() if "(polling)" in one.name}
    lost = []
    for method, path, version in entries:
        match = found(method, path)
        template = match.route.template if match is not None and match.route is not None else path
        if (method, template) not in polls and (method, template, version) not in known:
            lost.append(f"{method} {template} {version}")
    return [*dict.fromkeys(lost)]
