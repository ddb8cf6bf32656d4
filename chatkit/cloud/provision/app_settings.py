"""App settings and CORS of the deployed app. Writing settings replaces all of them, so they are always read and merged first."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from azure.mgmt.web.models import CorsSettings, SiteConfig, SiteConfigResource, StringDictionary

from chatkit.cloud.calls import Calls
from chatkit.cloud.connection import Cloud
from chatkit.core.public_urls import origins

HOST_STORAGE = (
    "AzureWebJobsStorage"  # or, with an identity instead of a key, AzureWebJobsStorage__accountName
)
# The platform sets these itself, or they belong to the machine the functions run on.
NOT_UPLOADED = frozenset(
    {
        HOST_STORAGE,
        "FUNCTIONS_WORKER_RUNTIME",
        "FUNCTIONS_EXTENSION_VERSION",
        "DEPLOYMENT_STORAGE_CONNECTION_STRING",
        "WEBSITE_RUN_FROM_PACKAGE",
    }
)


@dataclass(frozen=True)
class Difference:
    """One setting, local beside deployed. Values are never kept.

    Attributes:
        state: "same", "differs", "not uploaded", "only deployed", "stays local", "the platform's own" or "lost".
    """

    name: str
    state: str


def merge_app_settings(
    cloud: Cloud, calls: Calls, group: str, site: str, wanted: Mapping[str, str]
) -> bool:
    """Set some app settings and keep all others.

    Returns:
        Whether anything had to be written; writing restarts the app.
    """
    current = read_app_settings(cloud, calls, group, site)
    merged = {**current, **wanted}
    if merged == current:
        return False
    calls.call(
        cloud.web().web_apps.update_application_settings,
        group,
        site,
        StringDictionary(properties=merged),
    )
    return True


def read_app_settings(cloud: Cloud, calls: Calls, group: str, site: str) -> dict[str, str]:
    """Read every app setting of the deployed app."""
    return dict(
        calls.call(cloud.web().web_apps.list_application_settings, group, site).properties or {}
    )


def uploadable(local: Mapping[str, str]) -> dict[str, str]:
    """The local settings that belong on the deployed app too; blanked ones do not."""
    return {name: value for name, value in local.items() if value and name not in NOT_UPLOADED}


def forgotten(differences: list[Difference]) -> str:
    """Say which settings still have to be uploaded; empty when none."""
    said = {
        "not uploaded": "Not uploaded yet: {}.",
        "differs": "Different from the local ones: {}.",
        "lost": "Lost on the deployed app: {}; workshop.create_function_app() sets it again.",
    }
    parts = {state: [one.name for one in differences if one.state == state] for state in said}
    return "".join(
        f" {said[state].format(', '.join(names))}" for state, names in parts.items() if names
    )


def compare(local: Mapping[str, str], deployed: Mapping[str, str]) -> list[Difference]:
    """Compare settings by name and hash, in order of name."""
    return [Difference(name, _state(name, local, deployed)) for name in sorted({*local, *deployed})]


def _state(name: str, local: Mapping[str, str], deployed: Mapping[str, str]) -> str:
    if name == HOST_STORAGE and not any(one.startswith(HOST_STORAGE) for one in deployed):
        return "lost"
    if name in NOT_UPLOADED:
        return "stays local" if name not in deployed else "the platform's own"
    if name not in local:
        return "only deployed"
    if name not in deployed:
        return "not uploaded"
    return "same" if _digest(local[name]) == _digest(deployed[name]) else "differs"


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def set_cors(cloud: Cloud, calls: Calls, group: str, site: str, origin: str) -> bool:
    """Allow exactly one page to call the app from a browser, by each address that it has, credentials included.

    Returns:
        Whether anything had to be written.
    """
    sites, allowed = cloud.web().web_apps, [*origins(origin)]
    current = calls.call(sites.get_configuration, group, site).properties
    cors = current.cors if current else None
    if (
        cors is not None
        and list(cors.allowed_origins or ()) == allowed
        and cors.support_credentials
    ):
        return False
    wanted = SiteConfig(cors=CorsSettings(allowed_origins=allowed, support_credentials=True))
    calls.call(sites.update_configuration, group, site, SiteConfigResource(properties=wanted))
    return True


def origin_of(url: str) -> str:
    """The origin a browser sends for a page: its address without a slash at the end."""
    return url.rstrip("/")
