"""Where the Azure SDKs go: endpoints, credential and certificate authority. Nothing else differs between the two targets.

Clients are the SDKs' own. Azure's packages are imported when the first client is made, because some take a second to load.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urljoin

from chatkit.cloud.local_cloud import read
from chatkit.core.errors import SetupError
from chatkit.core.settings import Settings

if TYPE_CHECKING:
    from azure.core import PipelineClient
    from azure.core.credentials import TokenCredential
    from azure.core.rest import HttpRequest, HttpResponse
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
POLLING_S = 5  # where the service does not say; the SDKs' own 30 s would add up to half a minute to each operation
SUBSCRIPTIONS_API = "2022-12-01"


@dataclass(frozen=True)
class Cloud:
    """One target's endpoints, and the SDK clients that use them. Clients are made once and shared by threads.

    Attributes:
        credential: An azure-identity credential.
        resource_manager: Address of Azure Resource Manager.
        ca_file: Authority to trust besides nothing else, None for the system's.
        app_scheme: Scheme of what a browser opens: function apps and their hosts.
        graph: Address of Microsoft Graph.
        authority: Address of Microsoft Entra ID.
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
    _clients: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def client_kwargs(self) -> dict[str, Any]:
        """What every management client gets besides credential and subscription."""
        return {
            "base_url": self.resource_manager,
            "credential_scopes": list(self.credential_scopes),
            "polling_interval": POLLING_S,
            **self._transport_kwargs(),
        }

    def _transport_kwargs(self) -> dict[str, Any]:
        from chatkit.cloud.calls import RecordRequests

        trust = {"connection_verify": str(self.ca_file)} if self.ca_file else {}
        return {"per_call_policies": [RecordRequests()], **trust}

    def resources(self) -> ResourceManagementClient:
        """Client of resource groups and providers."""
        from azure.mgmt.resource.resources import ResourceManagementClient

        return self._once(
            "resources",
            lambda: ResourceManagementClient(
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

    def blobs(self, account_url: str, credential: str | None = None) -> BlobServiceClient:
        """Client of one storage account's blobs.

        Args:
            account_url: The account's primary blob endpoint.
            credential: Account key; None for this cloud's own credential, which needs a data role.
        """
        from azure.storage.blob import BlobServiceClient

        return BlobServiceClient(
            account_url, credential or self.credential, **self._transport_kwargs()
        )

    def rest(self, base_url: str, *, signed_in: bool = True) -> Rest:
        """Client for addresses that no SDK covers: deployment endpoints, Graph, the deployed app.

        Args:
            base_url: Scheme and host.
            signed_in: Send this cloud's management token; needs https.
        """
        return Rest(self._pipeline(base_url, self.credential_scopes if signed_in else ()), base_url)

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

        transport = self._transport_kwargs()
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
    """Plain requests through an Azure SDK pipeline: the same retries, token and trust as the SDK clients."""

    def __init__(self, pipeline: PipelineClient[HttpRequest, HttpResponse], base_url: str) -> None:
        self._base_url = base_url
        self._pipeline = pipeline

    @cached_property
    def _request(self) -> type[HttpRequest]:
        from azure.core.rest import HttpRequest

        return HttpRequest

    def get(self, url: str, **kwargs: Any) -> HttpResponse:
        """GET an address, relative ones below the base."""
        return self._pipeline.send_request(self._request("GET", self._absolute(url)), **kwargs)

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
    """Import something without the warning that azure-mgmt-signalr 1.2.0 causes in a learner's first cell."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*invalid escape sequence")
        yield


def connect(settings: Settings, home: Path) -> Cloud:
    """Return the cloud of the settings' target.

    Raises:
        NotStarted: The local cloud does not run.
        SetupError: No Azure subscription could be chosen.
    """
    return connect_local(home) if settings.target == "local" else connect_azure()


def connect_local(home: Path) -> Cloud:
    """Read where this home's local cloud listens.

    Raises:
        NotStarted: It does not run.
    """
    from azure.identity import ClientSecretCredential

    at = read(home / "local")
    credential = ClientSecretCredential(
        at["tenant_id"],
        at["client_id"],
        at["client_secret"],
        authority=at["authority"],
        disable_instance_discovery=True,
        connection_verify=at["ca_file"],
    )
    return Cloud(
        target="local",
        subscription_id=at["subscription_id"],
        tenant_id=at["tenant_id"],
        credential=credential,
        resource_manager=at["resource_manager"],
        ca_file=Path(at["ca_file"]),
        app_scheme="http",
        graph=at["graph"],
        authority=at["authority"],
    )


def connect_azure() -> Cloud:
    """Sign in as `az login` did, else as anything DefaultAzureCredential finds, and choose the subscription.

    `CHATKIT_SUBSCRIPTION` names the subscription; without it, the default of `az` counts, else the only one there is.

    Raises:
        SetupError: There is no way to choose a subscription.
    """
    from azure.identity import AzureCliCredential, ChainedTokenCredential, DefaultAzureCredential

    credential = ChainedTokenCredential(
        AzureCliCredential(process_timeout=30), DefaultAzureCredential()
    )
    cloud = Cloud(target="azure", subscription_id="", tenant_id="", credential=credential)
    wanted = os.environ.get("CHATKIT_SUBSCRIPTION") or _default_of_az()
    found = [item for item in _subscriptions(cloud) if not wanted or wanted.lower() in _names(item)]
    if len(found) != 1:
        raise SetupError(
            f"There are {len(found)} subscriptions to choose from"
            + (f" that are called {wanted}." if wanted else "."),
            hint="`az login`, then set CHATKIT_SUBSCRIPTION to the id that `az account list` shows.",
        )
    chosen = found[0]
    return Cloud(
        target="azure",
        subscription_id=chosen["subscriptionId"],
        tenant_id=chosen.get("tenantId", ""),
        credential=credential,
    )


def subscription(cloud: Cloud) -> dict[str, Any]:
    """Ask Resource Manager about the subscription: `displayName`, `state`, `tenantId`."""
    answer = cloud.rest(cloud.resource_manager).get(
        f"/subscriptions/{cloud.subscription_id}?api-version={SUBSCRIPTIONS_API}"
    )
    answer.raise_for_status()
    body: dict[str, Any] = answer.json()
    return body


def _subscriptions(cloud: Cloud) -> list[dict[str, Any]]:
    from chatkit.cloud.calls import Calls

    answer = Calls().call(
        cloud.rest(cloud.resource_manager).get, f"/subscriptions?api-version={SUBSCRIPTIONS_API}"
    )
    answer.raise_for_status()
    return list(answer.json()["value"])


def _names(item: dict[str, Any]) -> tuple[str, str]:
    return str(item["subscriptionId"]).lower(), str(item.get("displayName", "")).lower()


def _default_of_az() -> str:
    folder = Path(os.environ.get("AZURE_CONFIG_DIR") or Path.home() / ".azure")
    try:
        profile = json.loads((folder / "azureProfile.json").read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return ""
    return next(
        (str(item["id"]) for item in profile.get("subscriptions", ()) if item.get("isDefault")), ""
    )
