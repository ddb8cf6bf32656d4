"""Sections 01, 02 and 07: signing in, and every Azure resource of the chat room."""

from __future__ import annotations

from chatkit.cloud.targets import subscription
from chatkit.core.results import Result
from chatkit.steps.session import Session


def sign_in(session: Session) -> Result:
    """Get a token and look at the subscription."""
    with session.step("Signing in", "01") as step:
        cloud = step.stack.cloud
        found = step.stack.calls.call(subscription, cloud)
        where = "the local cloud" if cloud.target == "local" else "Azure"
        return step.result(
            f"Signed in to {where}. The subscription is {found['state'].lower()}.",
            ("subscription", found.get("displayName", "")),
            ("credential", type(cloud.credential).__name__),
        )


def create_resource_group(session: Session) -> Result:
    """Create the group that holds everything, and register the resource providers."""
    from chatkit.cloud.provision import resource_group

    with session.step("Creating the resource group", "02") as step:
        name = step.stack.names.resource_group
        resource_group.register_providers(step.stack)
        group = resource_group.create_resource_group(step.stack)
        session.learn(resource_group=name)
        count = len(resource_group.PROVIDERS)
        return step.result(
            f"Resource group ready in {group.location}; {count} resource providers registered.",
            ("resource group", name),
        )


def create_signalr(session: Session) -> Result:
    """Create the SignalR Service instance: free tier, serverless."""
    from chatkit.cloud.provision import signalr

    with session.step("Creating the SignalR Service instance", "02") as step:
        name = step.stack.names.signalr
        made = signalr.create_signalr(step.stack)
        session.learn(signalr=name)
        sku = made.sku.name if made.sku else "?"
        return step.result(
            f"SignalR Service instance ready: {sku}, {signalr.service_mode(made)}.",
            ("instance", name),
        )


def create_storage_account(session: Session) -> Result:
    """Create the storage account."""
    from chatkit.cloud.provision import storage

    with session.step("Creating the storage account", "07") as step:
        name = step.stack.names.storage_account
        made = storage.create_storage_account(step.stack)
        session.learn(storage_account=name)
        tier = made.properties.access_tier if made.properties else "?"
        sku = made.sku.name if made.sku else "?"
        return step.result(
            f"Storage account ready: {_text(made.kind)}, {_text(sku)}, {_text(tier)}, https only.",
            ("account", name),
        )


def create_function_app(session: Session) -> Result:
    """Create the plan and the function app, with the storage it needs."""
    from chatkit.cloud.provision import everything

    with session.step("Creating the function app", "07") as step:
        facts = everything.create_function_app(step.stack)
        session.learn(**facts)
        version = everything.PYTHON_VERSION
        return step.result(
            f"Function app ready: Python {version} on a Flex Consumption plan.",
            ("function app", facts["function_app"]),
            ("address", facts["api_base_url"]),
        )


def provision(session: Session) -> Result:
    """Create everything there is to create, what is independent at the same time."""
    from chatkit.cloud.provision import everything

    with session.step("Creating everything") as step:
        facts = everything.provision(step.stack)
        session.learn(**facts)
        return step.result(
            "Everything is ready: resource group, SignalR Service instance,"
            " storage account with website, function app.",
            ("functions", facts["api_base_url"]),
            ("page", facts["web_url"]),
        )


def _text(value: object) -> str:
    """The plain value of an SDK enum."""
    return str(getattr(value, "value", value))
