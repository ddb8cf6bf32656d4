"""What Resource Manager tells the Functions data plane about one site, what that makes of it to run
the app, and what it tells back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Cors:
    """CORS of a deployed app: the site setting, never host.json."""

    allowed_origins: tuple[str, ...] = ()
    support_credentials: bool = False


@dataclass(frozen=True)
class HostKeys:
    """Keys of the app's host.

    Attributes:
        function_keys: Open every function.
        system_keys: Open extensions, by their names.
        own_keys: Keys of single functions, by the function's name in lower case.
    """

    master: str = field(repr=False)
    function_keys: dict[str, str] = field(default_factory=dict, repr=False)
    system_keys: dict[str, str] = field(default_factory=dict, repr=False)
    own_keys: dict[str, dict[str, str]] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class PackageContainer:
    """Where a site on the Flex plan keeps its released package.

    Attributes:
        url: Of the blob container.
        identity: Object id of the identity that saves the package, empty when the site does not
            have it; None where a connection string does, which has a key.
    """

    url: str
    identity: str | None = None


@dataclass(frozen=True)
class SiteSpec:
    """One function app.

    Attributes:
        name: Site name, lower-case.
        port: Plain-http port of the app itself (what a browser opens), on localhost.
        scm_port: TLS port of its deployment endpoint (SCM).
        app_settings: Environment of the app.
        host_keys: Master, function and system keys.
        cors: Site CORS.
        enabled: False when stopped.
        sku: "FlexConsumption" or "Dynamic".
        python_version: From functionAppConfig.runtime or linuxFxVersion, for example "3.12".
        authentication: The stored authsettingsV2 `properties`, None when never set.
        principal_id: Object id of its system-assigned identity, empty without one.
        package_container: Keeps the released package (Flex), None otherwise.
        scope: ARM id of the site, for role checks.
        is_always_ready: Whether instances of it always run.
        publishing_password: Opens the deployment endpoint besides Entra tokens; empty when the
            site's policy forbids it.
    """

    name: str
    port: int
    scm_port: int
    app_settings: dict[str, str] = field(repr=False)
    host_keys: HostKeys
    cors: Cors = Cors()
    enabled: bool = True
    sku: str = "FlexConsumption"
    python_version: str = "3.12"
    authentication: dict[str, Any] | None = field(default=None, repr=False)
    principal_id: str = ""
    package_container: PackageContainer | None = None
    scope: str = ""
    is_always_ready: bool = False
    publishing_password: str = field(default="", repr=False)


@dataclass(frozen=True)
class HostOptions:
    """How to run one app.

    Attributes:
        folder: App root.
        settings: App settings, for binding expressions and connection strings.
        environment: The child's whole environment, settings included.
        command: How to start the worker; empty for this interpreter.
        load_timeout_s: Importing the app may take this long.
        ca_file: Certificate authorities that the host's own storage client trusts; None for those
            of this machine.
        idle_after_s: Its process is ended when nobody has called the app for so long; None: never.
    """

    folder: Path
    settings: Mapping[str, str] = field(repr=False)
    environment: Mapping[str, str] = field(repr=False)
    command: tuple[str, ...] = ()
    load_timeout_s: float = 120
    ca_file: Path | None = None
    idle_after_s: float | None = None


@dataclass(frozen=True)
class FunctionInfo:
    """One function the host has indexed, as Resource Manager's function list shows it."""

    name: str
    bindings: tuple[dict[str, Any], ...]
    invoke_url: str
    is_disabled: bool = False
    language: str = "python"


def port_owners(name: str) -> dict[str, str]:
    """Who is given the ports of an app: its site and its deployment endpoint (SCM)."""
    return {"site": f"sites/{name}", "scm": f"scm/{name}"}
