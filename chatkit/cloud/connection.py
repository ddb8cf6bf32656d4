"""The connection to a cloud: endpoints, credential, certificate authority, and the SDKs' clients.

Nothing else differs between the two targets. Azure's packages are imported when the first client is
made, because some take a second to load.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urljoin, urlsplit

from chatkit.cloud.trace.record import Record
from chatkit.core.availability import Absence, nothing_is_absent

if TYPE_CHECKING:
    from azure.core import PipelineClient
    from azure.core.credentials import TokenCredential
    from azure.core.rest import HttpRequest, HttpResponse
    from azure.mgmt.resource.deployments import DeploymentsMgmtClient
    from azure.mgmt.resource.resources import ResourceManagementClient
    from azure.mgmt.signalr import SignalRManagementClient
    from azure.mgmt.storage import StorageManagementClient
    from azure.mgmt.web import WebSiteManagementClient
    from azure.storage.blob import BlobServiceClient

T = TypeVar("T")
_making = Lock()
AZURE_RESOURCE_MANAGER = "https://management.azure.com"
AZURE_GRAPH = "https://graph.microsoft.com"
AZURE_AUTHORITY = "https://login.microsoftonline.com"
GRAPH_SCOPE = "https://graph.microsoft.com/.default"
MANAGEMENT_SCOPE = "https://management.azure.com/.default"
# Of the endpoint that takes an app's package.
SCM_PATHS = ("/api/publish", "/api/deployments")
# Where the service does not say. With the SDKs' own 30 s an operation would take up to half a
# minute longer.
POLLING_S = 5


@dataclass(frozen=True)
class Cloud:
    """One target's endpoints, and the SDK clients that use them.

    Clients are made once and shared by threads.

    Attributes:
        credential: An azure-identity credential.
        resource_manager: Address of Azure Resource Manager.
        ca_file: The only certificate authority to trust, None for the system's.
        app_scheme: Scheme of what a browser opens: function apps and their hosts.
        graph: Address of Microsoft Graph.
        authority: Address of Microsoft Entra ID.
        absence: Says why nothing of it can answer now: a local cloud may not run.
        record: Where requests are noted; None for nowhere.
    """

    target: str
    subscription_id: str
    tenant_id: str
    credential: TokenCredential = field(repr=False)
    resource_manager: str = AZURE_RESOURCE_MANAGER
    credential_scopes: tuple[str, ...] = (MANAGEMENT_SCOPE,)
    ca_file: Path | None = None
    app_scheme: str = "https"
    graph: str = AZURE_GRAPH
    authority: str = AZURE_AUTHORITY
    absence: Absence = field(default=nothing_is_absent, repr=False, compare=False)
    record: Record | None = field(default=None, repr=False, compare=False)
    # Not an argument: `replace` makes a connection with clients of its own.
    _clients: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def client_kwargs(self) -> dict[str, Any]:
        """What every management client gets besides credential and subscription."""
        return {
            "base_url": self.resource_manager,
            "credential_scopes": list(self.credential_scopes),
            "polling_interval": POLLING_S,
            **self.transport_kwargs(),
        }

    def transport_kwargs(self) -> dict[str, Any]:
        """What every client gets: the policies of the kit, and whom to trust."""
        from chatkit.cloud.calls import NameAbsence, RecordRequests, told
        from chatkit.cloud.trace.policy import NoteRequests

        noting = [] if self.record is None else [NoteRequests(self.record, told, self._is_api)]
        kwargs: dict[str, Any] = {
            "per_call_policies": [RecordRequests()],
            "per_retry_policies": [NameAbsence(self.absence), *noting],
        }
        if self.ca_file:
            kwargs["connection_verify"] = str(self.ca_file)
        return kwargs

    def _is_api(self, url: str) -> bool:
        """Whether an address is one of Azure's control plane, whose documents are the kit's."""
        return url.startswith((f"{self.resource_manager}/", f"{self.graph}/")) or (
            urlsplit(url).path.startswith(SCM_PATHS)
        )

    def resources(self) -> ResourceManagementClient:
        """Client of resource groups and providers."""
        from azure.mgmt.resource.resources import ResourceManagementClient

        return self._once(
            "resources",
            lambda: ResourceManagementClient(
                self.credential, self.subscription_id, **self.client_kwargs()
            ),
        )

    def deployments(self) -> DeploymentsMgmtClient:
        """Client of template deployments."""
        from azure.mgmt.resource.deployments import DeploymentsMgmtClient

        return self._once(
            "deployments",
            lambda: DeploymentsMgmtClient(
                self.credential, self.subscription_id, **self.client_kwargs()
            ),
        )

    def signalr(self) -> SignalRManagementClient:
        """Client of SignalR Service instances."""
        with without_syntax_warnings():
            from azure.mgmt.signalr import SignalRManagementClient

        return self._once(
            "signalr",
            lambda: SignalRManagementClient(
                self.credential, self.subscription_id, **self.client_kwargs()
            ),
        )

    def storage(self) -> StorageManagementClient:
        """Client of storage accounts."""
        from azure.mgmt.storage import StorageManagementClient

        return self._once(
            "storage",
            lambda: StorageManagementClient(
                self.credential, self.subscription_id, **self.client_kwargs()
            ),
        )

    def web(self) -> WebSiteManagementClient:
        """Client of plans and function apps."""
        from azure.mgmt.web import WebSiteManagementClient

        return self._once(
            "web",
            lambda: WebSiteManagementClient(
                self.credential, self.subscription_id, **self.client_kwargs()
            ),
        )

    def blobs(
        self, account_url: str, credential: str | None = None, **options: Any
    ) -> BlobServiceClient:
        """Client of one storage account's blobs.

        Args:
            account_url: The account's primary blob endpoint.
            credential: Account key; None for this cloud's own credential, which needs a data role.
            options: Others of the client.
        """
        from azure.storage.blob import BlobServiceClient

        transport = self.transport_kwargs()
        # The storage SDK has a pipeline of its own, which knows no policies but these.
        transport["_additional_pipeline_policies"] = [
            *transport.pop("per_call_policies"),
            *transport.pop("per_retry_policies"),
        ]
        return BlobServiceClient(account_url, credential or self.credential, **transport, **options)

    def rest(self, base_url: str, *, signed_in: bool = True, scopes: tuple[str, ...] = ()) -> Rest:
        """Client for addresses that no SDK covers: deployment endpoints, Graph, the deployed app.

        Args:
            base_url: Scheme and host.
            signed_in: Send a token of this cloud; needs https.
            scopes: Of that token; those of management by default.
        """
        asked = (scopes or self.credential_scopes) if signed_in else ()
        return Rest(self._pipeline(base_url, asked), base_url)

    def graph_rest(self) -> Rest:
        """Client for Microsoft Graph."""
        return self._once(
            "graph", lambda: Rest(self._pipeline(self.graph, (GRAPH_SCOPE,)), self.graph)
        )

    def _pipeline(
        self, base_url: str, scopes: tuple[str, ...]
    ) -> PipelineClient[HttpRequest, HttpResponse]:
        from azure.core import PipelineClient
        from azure.core.pipeline.policies import (
            BearerTokenCredentialPolicy,
            RedirectPolicy,
            RetryPolicy,
            UserAgentPolicy,
        )

        transport = self.transport_kwargs()
        policies: list[Any] = [
            *transport.pop("per_call_policies"),
            UserAgentPolicy("chatkit"),
            RedirectPolicy(),
            RetryPolicy(),
        ]
        if scopes:
            policies.append(BearerTokenCredentialPolicy(self.credential, *scopes))
        return PipelineClient(base_url, policies=policies, **transport)

    def _once(self, name: str, make: Callable[[], T]) -> T:
        with _making:
            if name not in self._clients:
                self._clients[name] = make()
            client: T = self._clients[name]
            return client


class Rest:
    """Plain requests with the retries, the token and the trust of the SDK clients."""

    def __init__(self, pipeline: PipelineClient[HttpRequest, HttpResponse], base_url: str) -> None:
        self._base_url = base_url
        self._pipeline = pipeline

    @cached_property
    def _request(self) -> type[HttpRequest]:
        from azure.core.rest import HttpRequest

        return HttpRequest

    def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, **kwargs: Any
    ) -> HttpResponse:
        """GET an address, relative ones below the base."""
        request = self._request("GET", self._absolute(url), headers=dict(headers or {}))
        return self._pipeline.send_request(request, **kwargs)

    def post(
        self,
        url: str,
        *,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> HttpResponse:
        """POST bytes."""
        request = self._request(
            "POST", self._absolute(url), content=content, headers=dict(headers or {})
        )
        return self._pipeline.send_request(request, **kwargs)

    def send(self, method: str, url: str, *, json: Any = None, **kwargs: Any) -> HttpResponse:
        """Send JSON with any method."""
        return self._pipeline.send_request(
            self._request(method, self._absolute(url), json=json), **kwargs
        )

    def _absolute(self, url: str) -> str:
        return urljoin(self._base_url, url)


@contextmanager
def without_syntax_warnings() -> Iterator[None]:
    """Import something without the warning that azure-mgmt-signalr 1.2.0 causes in a first cell."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*invalid escape sequence")
        yield
