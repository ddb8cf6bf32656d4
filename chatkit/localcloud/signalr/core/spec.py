"""What Resource Manager tells the SignalR data plane about one instance."""

from __future__ import annotations

from dataclasses import dataclass, field

# Types of requests, as network rules name them.
CLIENT_CONNECTION = "ClientConnection"
REST_API = "RESTAPI"


@dataclass(frozen=True)
class UpstreamTemplate:
    """One ordered upstream rule, as in the ARM resource's `upstream.templates`.

    Attributes:
        resource: Audience of the token of the instance's managed identity that goes along; empty
            where the template asks for none.
    """

    url_template: str
    hub_pattern: str = "*"
    category_pattern: str = "*"
    event_pattern: str = "*"
    resource: str = ""


@dataclass(frozen=True)
class InstanceSpec:
    """One SignalR Service instance.

    Attributes:
        name: Resource name, lower-case.
        port: Its own plain-http port on localhost.
        primary_key: Access key text; empty while there are no access keys.
        secondary_key: Access key text; empty while there are no access keys.
        service_mode: "Serverless", "Default" or "Classic".
        sku: "Free_F1", "Standard_S1", "Premium_P1", ...
        capacity: Units.
        allowed_origins: CORS origins; ("*",) is the service's default.
        upstream: Ordered templates.
        disable_local_auth: True refuses access keys.
        disable_aad_auth: True refuses tokens of Entra ID.
        token_key: Signs the client tokens that the service itself hands out (`:generateToken`).
        scope: ARM id, where roles for its data count.
        identity_id: Object id of its managed identity; empty without one.
        emulator_key: The well-known key, while somebody wants it here; else empty.
        denied: Types of requests that the network rules keep out; CLIENT_CONNECTION and
            REST_API count here.
    """

    name: str
    port: int
    primary_key: str = field(repr=False)
    secondary_key: str = field(repr=False)
    service_mode: str = "Serverless"
    sku: str = "Free_F1"
    capacity: int = 1
    allowed_origins: tuple[str, ...] = ("*",)
    upstream: tuple[UpstreamTemplate, ...] = ()
    disable_local_auth: bool = False
    disable_aad_auth: bool = False
    token_key: str = field(default="", repr=False)
    scope: str = ""
    identity_id: str = ""
    emulator_key: str = field(default="", repr=False)
    denied: frozenset[str] = frozenset()

    @property
    def access_keys(self) -> tuple[str, ...]:
        """The keys that count, in the order in which upstream requests are signed with them."""
        keys = (self.primary_key, self.secondary_key, self.emulator_key)
        return tuple(key for key in keys if key)
