"""App settings and CORS of the deployed app.

Writing settings replaces all of them, so they are always read and merged first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from azure.mgmt.web.models import CorsSettings, SiteConfig, SiteConfigResource, StringDictionary

from chatkit.cloud.stack import Stack
from chatkit.core.public_urls import origins

# Or, with an identity instead of a key, AzureWebJobsStorage__accountName.
HOST_STORAGE = "AzureWebJobsStorage"
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
        state: "same", "differs", "not uploaded", "only deployed", "stays local",
            "the platform's own", "an identity instead" or "lost".
    """

    name: str
    state: str


def merge_app_settings(stack: Stack, wanted: Mapping[str, str]) -> bool:
    """Set some app settings and keep all others.

    Returns:
        Whether anything had to be written; writing restarts the app.
    """
    current = read_app_settings(stack)
    return write_app_settings(stack, {**current, **wanted}, current=current, meant=wanted)


def write_app_settings(
    stack: Stack, settings: Mapping[str, str], *, current: Mapping[str, str], meant: Iterable[str]
) -> bool:
    """Replace all app settings, unless they are these already.

    Args:
        stack: Whose function app it is.
        settings: All of them.
        current: Those that are there now.
        meant: Names of those that the step is about.

    Returns:
        Whether anything had to be written.
    """
    names = stack.names
    write = stack.cloud.web().web_apps.update_application_settings
    document = StringDictionary(properties={**settings})
    with stack.calls.about_settings(meant):
        if settings == current:
            stack.calls.would_call(write, names.resource_group, names.function_app, document)
            return False
        stack.calls.call(write, names.resource_group, names.function_app, document)
    return True


def read_app_settings(stack: Stack) -> dict[str, str]:
    """Read every app setting of the deployed app."""
    names = stack.names
    ask = stack.cloud.web().web_apps.list_application_settings
    found = stack.calls.call(ask, names.resource_group, names.function_app)
    return dict(found.properties or {})


def uploadable(local: Mapping[str, str]) -> dict[str, str]:
    """The local settings that belong on the deployed app too; blanked ones do not."""
    return {name: value for name, value in local.items() if value and name not in NOT_UPLOADED}


def without_replaced(local: Mapping[str, str], deployed: Mapping[str, str]) -> dict[str, str]:
    """Leave out the settings that the deployed app has without a key, as `NAME__serviceUri`."""
    return {
        name: value
        for name, value in local.items()
        if not any(one.startswith(f"{name}__") for one in deployed)
    }


def is_keyless(deployed: Mapping[str, str]) -> bool:
    """Say whether the deployed app reaches its storage with an identity."""
    return any(name.startswith(f"{HOST_STORAGE}__") for name in deployed)


def forgotten(differences: list[Difference]) -> str:
    """Say which settings still have to be uploaded; empty when none."""
    said = {
        "not uploaded": "Not uploaded yet: {}.",
        "differs": "Different from the local ones: {}.",
        "lost": "Lost on the deployed app: {}; workshop.create_function_app() sets it again.",
    }
    sentences = []
    for state, sentence in said.items():
        names = [one.name for one in differences if one.state == state]
        if names:
            sentences.append(" " + sentence.format(", ".join(names)))
    return "".join(sentences)


def compare(local: Mapping[str, str], deployed: Mapping[str, str]) -> list[Difference]:
    """Compare settings by name and hash, in order of name."""
    return [Difference(name, _state(name, local, deployed)) for name in sorted({*local, *deployed})]


def _state(name: str, local: Mapping[str, str], deployed: Mapping[str, str]) -> str:
    if name == HOST_STORAGE and not any(one.startswith(HOST_STORAGE) for one in deployed):
        return "lost"
    if name in NOT_UPLOADED:
        return "the platform's own" if name in deployed else "stays local"
    if name not in local:
        return "only deployed"
    if any(one.startswith(f"{name}__") for one in deployed):
        return "an identity instead"
    if name not in deployed:
        return "not uploaded"
    return "same" if _digest(local[name]) == _digest(deployed[name]) else "differs"


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def set_cors(stack: Stack, origin: str) -> bool:
    """Allow one page and no other to call the app from a browser, credentials included.

    The page may have several addresses.

    Returns:
        Whether anything had to be written.
    """
    group = stack.names.resource_group
    site = stack.names.function_app
    sites = stack.cloud.web().web_apps
    allowed = [*origins(origin)]
    current = stack.calls.call(sites.get_configuration, group, site).properties
    cors = CorsSettings(allowed_origins=allowed, support_credentials=True)
    wanted = SiteConfigResource(properties=SiteConfig(cors=cors))
    if current and _allows(current.cors, allowed):
        stack.calls.would_call(sites.update_configuration, group, site, wanted)
        return False
    stack.calls.call(sites.update_configuration, group, site, wanted)
    return True


def _allows(cors: CorsSettings | None, origins: list[str]) -> bool:
    if cors is None or not cors.support_credentials:
        return False
    return list(cors.allowed_origins or ()) == origins


def origin_of(url: str) -> str:
    """The origin a browser sends for a page: its address without a slash at the end."""
    return url.rstrip("/")
