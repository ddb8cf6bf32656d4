"""Sections 01, 02 and 07: signing in, and every Azure resource of the chat room."""

from __future__ import annotations

from chatkit.cloud.connection import subscription
from chatkit.core.results import Result
from chatkit.steps.session import Session


def sign_in(session: Session) -> Result:
    """Get a token and look at the subscription."""
    with session.step("Signing in") as step:
        found = step.calls.call(subscription, step.cloud)
        where = "the local cloud" if step.cloud.target == "local" else "Azure"
        return step.result(
            f"Signed in to {where}. The subscription is {found['state'].lower()}.",
            ("subscription", str(found.get("displayName", ""))),
            ("credential", type(step.cloud.credential).__name__),
        )


def create_resource_group(session: Session) -> Result:
    """Create the group that holds everything, and register the resource providers."""
    from chatkit.cloud.provision import resource_group

    with session.step("Creating the resource group") as step:
        settings = session.settings
        resource_group.register_providers(step.cloud, step.calls)
        group = resource_group.create_resource_group(
            step.cloud, step.calls, settings.names.resource_group, settings.region
        )
        session.learn(resource_group=settings.names.resource_group)
        return step.result(
            f"Resource group ready in {group.location}; {len(resource_group.PROVIDERS)} resource providers registered.",
            ("resource group", settings.names.resource_group),
        )


def create_signalr(session: Session) -> Result:
    """Create the SignalR Service instance: free tier, serverless."""
    from chatkit.cloud.provision import signalr

    with session.step("Creating the SignalR Service instance") as step:
        settings = session.settings
        made = signalr.create_signalr(
            step.cloud,
            step.calls,
            settings.names.resource_group,
            settings.names.signalr,
            settings.region,
        )
        session.learn(signalr=settings.names.signalr)
        sku = made.sku.name if made.sku else "?"
        return step.result(
            f"SignalR Service instance ready: {sku}, {signalr.service_mode(made)}.",
            ("instance", settings.names.signalr),
        )


def create_storage_account(session: Session) -> Result:
    """Create the storage account."""
    from chatkit.cloud.provision import storage

    with session.step("Creating the storage account") as step:
        settings = session.settings
        made = storage.create_storage_account(
            step.cloud,
            step.calls,
            settings.names.resource_group,
            settings.names.storage_account,
            settings.region,
        )
        session.learn(storage_account=settings.names.storage_account)
        tier = made.properties.access_tier if made.properties else "?"
        sku = made.sku.name if made.sku else "?"
        return step.result(
            f"Storage account ready: {_text(made.kind)}, {_text(sku)}, {_text(tier)}, https only.",
            ("account", settings.names.storage_account),
        )


def create_function_app(session: Session) -> Result:
    """Create the plan and the function app, with the storage it needs."""
    from chatkit.cloud.provision import everything

    with session.step("Creating the function app") as step:
        settings = session.settings
        facts = everything.create_function_app(step.cloud, step.calls, settings)
        session.learn(**facts)
        return step.result(
            f"Function app ready: Python {everything.PYTHON_VERSION} on a Flex Consumption plan.",
            ("function app", settings.names.function_app),
            ("address", facts["api_base_url"]),
        )


def provision(session: Session) -> Result:
    """Create everything there is to create, what is independent at the same time."""
    from chatkit.cloud.provision import everything

    with session.step("Creating everything") as step:
        settings = session.settings
        facts = everything.provision(step.cloud, step.calls, settings)
        session.learn(**facts)
        return step.result(
            "Everything is ready: resource group, SignalR Service instance, storage account with website, function app.",
            ("functions", facts["api_base_url"]),
            ("page", facts["web_url"]),
        )


def _text(value: object) -> str:
    """The plain value of an SDK enum."""
    return str(getattr(value, "value", value))
