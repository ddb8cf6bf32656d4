"""The environment of a deployed app's process: app settings, App Service's variables, trust."""

from __future__ import annotations

from pathlib import Path

from chatkit.localcloud.functions.host.spec import SiteSpec
from chatkit.localcloud.functions.worker_process.worker import base_environment


def site_settings(spec: SiteSpec) -> dict[str, str]:
    """App settings with App Service's own variables."""
    own = {
        "WEBSITE_SITE_NAME": spec.name,
        "WEBSITE_HOSTNAME": f"localhost:{spec.port}",
        "WEBSITE_SKU": spec.sku,
        "WEBSITE_INSTANCE_ID": "local",
        "WEBSITE_AUTH_ENABLED": str(_authentication_enabled(spec)),
        "FUNCTIONS_EXTENSION_VERSION": "~4",
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "AZURE_FUNCTIONS_ENVIRONMENT": "Production",
    }
    return {**own, **spec.app_settings}


def site_environment(spec: SiteSpec, *, folder: Path, ca_bundle: Path) -> dict[str, str]:
    """The whole environment of the child."""
    trust = {"REQUESTS_CA_BUNDLE": str(ca_bundle), "SSL_CERT_FILE": str(ca_bundle)}
    return {
        **base_environment(),
        **trust,
        "AzureWebJobsScriptRoot": str(folder),
        **site_settings(spec),
    }


def _authentication_enabled(spec: SiteSpec) -> bool:
    platform = (spec.authentication or {}).get("platform") or {}
    return bool(platform.get("enabled"))
