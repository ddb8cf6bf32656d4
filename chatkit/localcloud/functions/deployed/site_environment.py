"""The environment of a deployed app's process: app settings, App Service's variables, trust."""

from __future__ import annotations

from pathlib import Path

from chatkit.core import tls
from chatkit.core.files import write_private
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


def write_ca_bundle(path: Path, ca_file: Path) -> None:
    """Write the public certificate authorities and the local one into one file."""
    public = tls.public_authorities().read_text(encoding="utf-8")
    local = ca_file.read_bytes().decode()
    content = f"{public.rstrip()}\n{local}".encode()
    # Compared as a whole: apps trust what is in it.
    if not path.exists() or path.read_bytes() != content:
        write_private(path, content)


def _authentication_enabled(spec: SiteSpec) -> bool:
    platform = (spec.authentication or {}).get("platform") or {}
    return bool(platform.get("enabled"))
