"""A step as Python code with the Azure SDKs, and with the body that was sent.

It is code for a program of one's own: it signs in by itself, and says where the services are when
that is not Azure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from chatkit.cloud.how.literals import INDENT, WIDTH, literal
from chatkit.cloud.how.masking import CLIENT_SECRET, SIGNALR_CONNECTION, STORAGE_CONNECTION
from chatkit.cloud.how.references import (
    APP,
    BLOBS,
    OBJECT,
    PRINCIPAL,
    SECRET_ID,
    SECRET_NAME,
    SIGN_IN_CLIENT,
    SIGN_IN_OBJECT,
    TEMPLATE,
    template_of,
    with_container,
    with_ids,
    with_template_file,
)
from chatkit.cloud.how.requests import WEB_CONTAINER, LocalFile, Place, Request, questions

AZURE = "https://management.azure.com"
SCOPE = "https://management.azure.com/.default"
GRAPH_SCOPE = "https://graph.microsoft.com/.default"
KEYS_ALLOWED = "allowSharedKeyAccess"
LOCAL = '# Not Azure: `eval "$(chatkit local env)"` signs in there.'


@dataclass(frozen=True)
class Client:
    """A client of an SDK.

    Attributes:
        module: Where its class is.
        name: Of the class.
        variable: What the code calls it.
    """

    module: str
    name: str
    variable: str


DEPLOYMENTS = Client("azure.mgmt.resource.deployments", "DeploymentsMgmtClient", "deployer")
RESOURCES = Client("azure.mgmt.resource.resources", "ResourceManagementClient", "resources")
SIGNALR = Client("azure.mgmt.signalr", "SignalRManagementClient", "signalr")
STORAGE = Client("azure.mgmt.storage", "StorageManagementClient", "storage")
WEB = Client("azure.mgmt.web", "WebSiteManagementClient", "web")
# Class of a method's owner: the client, and what the owner is called there.
OWNERS: dict[str, tuple[Client, str]] = {
    "ResourceGroupsOperations": (RESOURCES, "resource_groups"),
    "ProvidersOperations": (RESOURCES, "providers"),
    "DeploymentsOperations": (DEPLOYMENTS, "deployments"),
    "SignalROperations": (SIGNALR, "signal_r"),
    "UsagesOperations": (SIGNALR, "usages"),
    "StorageAccountsOperations": (STORAGE, "storage_accounts"),
    "BlobContainersOperations": (STORAGE, "blob_containers"),
    "BlobServicesOperations": (STORAGE, "blob_services"),
    "AppServicePlansOperations": (WEB, "app_service_plans"),
    "WebAppsOperations": (WEB, "web_apps"),
}


def text(requests: Sequence[Request], place: Place, files: Sequence[LocalFile] = ()) -> str:
    """Code that does what the requests did, and writes some files; empty for nothing."""
    if not requests and not files:
        return ""
    named = with_ids(requests)
    changing = [request for request in named if request.changes_something]
    code = _Code(place)
    told: list[Request] = []
    for request in changing or ([] if files else questions(named)):
        if request not in told:
            told.append(request)
    # The page's files go up with a key.
    keys_off = [one for one in told if one.value("properties", KEYS_ALLOWED) is False]
    for request in told:
        if request not in keys_off:
            code.add(request)
    for file in files:
        code.write(file)
    code.upload()
    for request in keys_off:
        code.add(request)
    return code.text()


@dataclass
class _Code:
    """A program while it is written.

    Attributes:
        names: Its variables, by the placeholder whose value they hold.
    """

    place: Place
    names: dict[str, str] = field(default_factory=dict)
    _imports: set[tuple[str, str]] = field(default_factory=set)
    _clients: dict[str, str] = field(default_factory=dict)
    _lines: list[str] = field(default_factory=list)
    _files: list[Request] = field(default_factory=list)

    def add(self, request: Request) -> None:
        """Write the statement of a request."""
        owner, _, method = request.operation.rpartition(".")
        if method == "upload_blob":
            self._files.append(request)
            return
        if request.operation == "WebAppsOperations.update_application_settings":
            self._change_settings(request)
            return
        self._look_up(request.body)
        if owner in OWNERS:
            self._read_template(request)
            told = with_template_file(with_container(request), self.place)
            self._call(told, owner, method)
        else:
            self._send(request)

    def write(self, file: LocalFile) -> None:
        """Write the statement that writes a file."""
        self._look_up(file.content)
        self.use("pathlib", "Path")
        self._imports.add(("", "json"))
        content = f"json.dumps({self.literal(dict(file.content))}, indent=2)"
        self.say(f'Path("{file.path}").write_text({content})')

    def _read_template(self, request: Request) -> None:
        """Write what reads the template of a deployment."""
        path = self.place.template_file
        if template_of([request]) and path:
            self.use("pathlib", "Path")
            self._imports.add(("", "json"))
            self.say(f'template = json.loads(Path("{path}").read_text(encoding="utf-8"))')
            self.names[TEMPLATE] = "template"

    def _look_up(self, content: object) -> None:
        """Write what finds the secrets of a body."""
        for placeholder, look_up in LOOKUPS.items():
            if placeholder in str(content) and placeholder not in self.names:
                look_up(self)

    def text(self) -> str:
        """The program."""
        imports = {*self._imports}
        if self._clients:
            imports.add(("azure.identity", "DefaultAzureCredential"))
        modules: dict[str, list[str]] = {}
        # The standard library's come first.
        for module, name in sorted(imports, key=lambda one: ("azure" in one[0], one)):
            modules.setdefault(module, []).append(name)
        head = [_import(module, names) for module, names in modules.items()]
        if not self._clients:
            return "\n".join([*head, "", *self._lines])
        note = [] if self.place.resource_manager.rstrip("/") == AZURE else [LOCAL]
        signing_in = [*note, "credential = DefaultAzureCredential()", *self._clients.values()]
        return "\n".join([*head, "", *signing_in, "", *self._lines])

    def say(self, *lines: str) -> None:
        """Add lines."""
        self._lines += lines

    def use(self, module: str, *names: str) -> None:
        """Import names."""
        self._imports |= {(module, name) for name in names}

    def client(self, client: Client) -> str:
        """Make sure that there is a client, and return its variable."""
        if client.variable not in self._clients:
            self.use(client.module, client.name)
            arguments = ["credential", f'"{self.place.subscription_id}"']
            address = self.place.resource_manager.rstrip("/")
            if address != AZURE:
                arguments += [f'base_url="{address}"', f'credential_scopes=["{SCOPE}"]']
            start = f"{client.variable} = {client.name}"
            self._clients[client.variable] = _called(start, arguments)
        return client.variable

    def pipeline(self, variable: str, address: str, scope: str) -> str:
        """Make sure that there is a client for requests that no SDK has; return its variable."""
        self.use("azure.core", "PipelineClient")
        self.use("azure.core.pipeline.policies", "BearerTokenCredentialPolicy")
        self.use("azure.core.rest", "HttpRequest")
        policy = f'policies=[BearerTokenCredentialPolicy(credential, "{scope}")]'
        start = f"{variable} = PipelineClient"
        self._clients.setdefault(variable, _called(start, [f'"{address}"', policy]))
        return variable

    def graph(self) -> str:
        """Make sure that there is a client for Microsoft Graph, and return its variable."""
        return self.pipeline("graph", self.place.graph.rstrip("/"), GRAPH_SCOPE)

    def literal(self, value: object, *, depth: int = 0) -> str:
        """A value as code."""
        return literal(value, self.names, depth=depth, before=1)

    def _call(self, request: Request, owner: str, method: str) -> None:
        client, attribute = OWNERS[owner]
        start = f"{self.client(client)}.{attribute}.{method}"
        arguments = [self.literal(one) for one in request.arguments]
        if request.body is not None:
            arguments.append(self.literal(request.body, depth=1))
        self.say(_called(start, arguments, end=".result()" if method.startswith("begin_") else ""))

    def _change_settings(self, request: Request) -> None:
        """Read, change, write: what is not written again is gone."""
        sites = f"{self.client(WEB)}.web_apps"
        place = ", ".join(self.literal(one) for one in request.arguments)
        properties = request.value("properties") or {}
        names = request.meant or tuple(properties)
        wanted = {name: properties[name] for name in names if name in properties}
        self._look_up(wanted)
        gone = [name for name in names if name not in properties]
        self.say(f"settings = {sites}.list_application_settings({place})")
        if wanted:
            self.say(f"settings.properties.update({self.literal(wanted)})")
        self.say(*(f"settings.properties.pop({self.literal(name)}, None)" for name in gone))
        self.say(f"{sites}.update_application_settings({place}, settings)")

    def _send(self, request: Request) -> None:
        """A request that no method of an SDK sends."""
        client = self._raw_client(request)
        arguments = [f'"{request.method}"', self.literal(request.url)]
        if request.body is not None:
            arguments.append(f"json={self.literal(request.body, depth=1)}")
        elif request.size_bytes:
            self.use("pathlib", "Path")
            file = self.literal(self.place.file_of(request))
            arguments.append(f"content=Path({file}).read_bytes()")
            arguments.append(f'headers={{"Content-Type": "{request.content_type}"}}')
        self.say(_called("request = HttpRequest", arguments))
        self.say(f"answer = {client}.send_request(request)", "answer.raise_for_status()")
        for ending, lines, names in ANSWERS:
            if request.method != "GET" and ending(request):
                self.say(*lines)
                self.names |= names

    def _raw_client(self, request: Request) -> str:
        place = self.place
        if request.url.startswith(place.graph.rstrip("/")):
            return self.graph()
        address = place.resource_manager.rstrip("/")
        if request.url.startswith(address):
            return self.pipeline("manager", address, SCOPE)
        return self.pipeline("deployment", "/".join(request.url.split("/")[:3]), SCOPE)

    def upload(self) -> None:
        """Write the loop that uploads all files of the page, where there are any."""
        if not self._files:
            return
        storage = self.client(STORAGE)
        self.use("azure.storage.blob", "ContainerClient", "ContentSettings")
        self.use("pathlib", "Path")
        names = self.place.names
        account = f'"{names.resource_group}", "{names.storage_account}"'
        address = unquote(self._files[0].url).partition(f"/{WEB_CONTAINER}/")[0]
        self.say(
            f"keys = {storage}.storage_accounts.list_keys({account}).keys_property",
            _called(
                "page = ContainerClient",
                [f'"{address}"', f'"{WEB_CONTAINER}"', "credential=keys[0].value"],
            ),
            "files = [",
        )
        for request in self._files:
            headers = dict(request.headers)
            kind = headers.get("x-ms-blob-content-type", "application/octet-stream")
            cache = headers.get("x-ms-blob-cache-control", "")
            self.say(f'{INDENT}("{request.arguments[0]}", "{kind}", "{cache}"),')
        self.say(*UPLOAD.format(folder=self.place.page_folder).splitlines())


UPLOAD = """]
for name, content_type, cache_control in files:
    settings = ContentSettings(content_type=content_type, cache_control=cache_control)
    content = Path("{folder}", name).read_bytes()
    page.upload_blob(name, content, overwrite=True, content_settings=settings)
"""


def _import(module: str, names: Sequence[str]) -> str:
    said = f"import {', '.join(names)}"
    return f"from {module} {said}" if module else said


def _called(start: str, arguments: Sequence[str], *, end: str = "") -> str:
    """A call, in one line or with one argument a line."""
    line = f"{start}({', '.join(arguments)}){end}"
    if len(line) <= WIDTH and "\n" not in line:
        return line
    return f"{start}(\n{''.join(f'{INDENT}{one},{chr(10)}' for one in arguments)}){end}"


def _signalr_connection(code: _Code) -> None:
    names = code.place.names
    keys = f'{code.client(SIGNALR)}.signal_r.list_keys("{names.signalr_group}", "{names.signalr}")'
    code.say(f"keys = {keys}", "signalr_connection = keys.primary_connection_string")
    code.names[SIGNALR_CONNECTION] = "signalr_connection"


def _storage_connection(code: _Code) -> None:
    names = code.place.names
    accounts = f"{code.client(STORAGE)}.storage_accounts"
    place = f'"{names.resource_group}", "{names.storage_account}"'
    code.say(
        f"account = {accounts}.get_properties({place})",
        f"keys = {accounts}.list_keys({place}).keys_property",
        "blobs = account.properties.primary_endpoints.blob",
        "storage_connection = (",
        '    f"DefaultEndpointsProtocol=https;AccountName={account.name};"',
        '    f"AccountKey={keys[0].value};BlobEndpoint={blobs};"',
        ")",
    )
    code.names[STORAGE_CONNECTION] = "storage_connection"
    code.names[BLOBS] = "blobs"


def _secret_id(code: _Code) -> None:
    client_id = APP if APP in code.names else code.place.client_id
    address = f"{code.place.graph.rstrip('/')}/v1.0/applications(appId='{client_id}')"
    graph = code.graph()
    code.say(
        _called("request = HttpRequest", ['"GET"', code.literal(address)]),
        f"answer = {graph}.send_request(request)",
        "answer.raise_for_status()",
        'secrets = answer.json()["passwordCredentials"]',
        f'mine = [one for one in secrets if one["displayName"] == "{SECRET_NAME}"]',
        'key_id = mine[0]["keyId"]',
    )
    code.names[SECRET_ID] = "key_id"


LOOKUPS: dict[str, Callable[[_Code], None]] = {
    SIGNALR_CONNECTION: _signalr_connection,
    STORAGE_CONNECTION: _storage_connection,
    SECRET_ID: _secret_id,
}
# What an answer says that a later request needs: the request, the code, its variables.
ANSWERS: tuple[tuple[Callable[[Request], bool], tuple[str, ...], dict[str, str]], ...] = (
    (
        lambda request: request.last == "applications",
        ('client_id = answer.json()["appId"]', 'object_id = answer.json()["id"]'),
        {APP: "client_id", OBJECT: "object_id"},
    ),
    (
        lambda request: request.last == "addpassword",
        ('client_secret = answer.json()["secretText"]',),
        {CLIENT_SECRET: "client_secret"},
    ),
    (
        lambda request: request.value("identity") is not None,
        ('principal_id = answer.json()["identity"]["principalId"]',),
        {PRINCIPAL: "principal_id"},
    ),
    (
        lambda request: "/userassignedidentities/" in request.path.lower(),
        (
            'identity_client_id = answer.json()["properties"]["clientId"]',
            'identity_object_id = answer.json()["properties"]["principalId"]',
        ),
        {SIGN_IN_CLIENT: "identity_client_id", SIGN_IN_OBJECT: "identity_object_id"},
    ),
)
