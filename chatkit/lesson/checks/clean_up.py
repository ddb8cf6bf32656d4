"""Section 11: nothing is left that costs money or opens anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from chatkit.cloud.provision import app_registration
from chatkit.cloud.provision.name_rules import NO_RIGHT
from chatkit.lesson.checks.core.evidence import expect
from chatkit.steps import local_settings

if TYPE_CHECKING:
    from chatkit.cloud.connection import Cloud
    from chatkit.steps.session import Session

AGAIN = "workshop.clean_up() again; deleting takes Azure a few minutes."


def check(session: Session) -> Iterator[str]:
    """Azure no longer knows any of it, and this machine no longer has a key."""
    stack = session.stack()
    cloud = stack.cloud
    names = stack.names
    group = names.resource_group
    left = _exists(cloud, group)
    expect(not left, "The resource group", expected="gone", got="still there", hint=AGAIN)
    yield "Azure does not know the resource group any more."
    _gone("The SignalR instance", lambda: cloud.signalr().signal_r.get(group, names.signalr))
    _gone(
        "The storage account",
        lambda: cloud.storage().storage_accounts.get_properties(group, names.storage_account),
    )
    _gone("The function app", lambda: cloud.web().web_apps.get(group, names.function_app))
    yield (
        "Asked for the SignalR instance, the storage account and the function app, it answers 404"
        " Not Found."
    )
    left = app_registration.is_registered(stack)
    expect(not left, "The app registration", expected="gone", got="still in Entra", hint=AGAIN)
    yield "Entra has no app registration of the function app's name."
    kept = [
        name
        for name, value in local_settings.values(session.functions_folder).items()
        if "Key=" in value
    ]
    expect(
        not kept,
        "local.settings.json",
        expected="no keys",
        got=f"keys in {', '.join(kept)}",
        hint=AGAIN,
    )
    yield "local.settings.json has no keys in it."


def _exists(cloud: Cloud, group: str) -> bool:
    try:
        return cloud.resources().resource_groups.check_existence(group)
    except HttpResponseError as error:
        if error.status_code != NO_RIGHT:
            raise
        return False


def _gone(what: str, get: Callable[[], object]) -> None:
    try:
        get()
    except ResourceNotFoundError:
        return
    except HttpResponseError as error:
        # Rights on a group are deleted with it, for those who had none beside them.
        if error.status_code != NO_RIGHT:
            raise
        return
    expect(False, what, expected="404", got="still there", hint=AGAIN)
