"""Sections 01, 02 and 07: signing in, and every Azure resource of the chat room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatkit.cloud.targets import subscription
from chatkit.core.results import Result
from chatkit.steps.session import Session

if TYPE_CHECKING:
    from chatkit.cloud.provision.tiers import Size

ON_AZURE = (
    "Everybody is thrown out for a moment, and the pages come back by themselves. The address"
    " moves between the free and the standard tier: up to an hour passes until all networks know."
)

NO_KEYS = (
    "none: a key opens every hub of an instance, also those of the others. You have a role of your"
    " own there, which ends with the class"
)


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


def create_signalr(session: Session, *, tier: str = "", units: int | None = None) -> Result:
    """Create the SignalR Service instance: serverless, on the free tier or the one that is named.

    Raises:
        SetupError: There is no such tier, or it cannot have so many units.
    """
    from chatkit.cloud.provision import signalr, tiers

    size = tiers.chosen(tier or tiers.FREE.name, units) if tier or units is not None else None
    with session.step("Creating the SignalR Service instance", "02") as step:
        name = step.stack.names.signalr
        made = signalr.create_signalr(step.stack, size)
        session.learn(signalr=name)
        sku = made.sku.name if made.sku else "?"
        mode = signalr.service_mode(made)
        if step.stack.names.shared:
            return step.result(
                f"The SignalR Service instance of your class is ready: {sku}, {mode}.",
                ("instance", name),
                ("your hub", step.stack.names.hub),
                ("its keys", NO_KEYS),
            )
        return step.result(
            f"SignalR Service instance ready: {sku}, {mode}.",
            ("instance", name),
        )


def scale(session: Session, *, tier: str = "", units: int | None = None) -> Result:
    """Change the tier of the SignalR Service instance; without a tier say which it has.

    Raises:
        SetupError: There is no such tier, or it cannot have so many units.
    """
    from chatkit.cloud.provision import signalr, tiers

    if not tier and units is not None:
        tier = tiers.STANDARD.name
    wanted = tiers.chosen(tier, units) if tier else None
    with session.step("Changing the tier of the SignalR Service instance", "02") as step:
        target = step.stack.cloud.target
        if wanted is None:
            size = signalr.size_of(step.stack)
            if size is None:
                return step.result("The instance has a tier that the kit does not make.")
            return step.result(f"SignalR Service has the {size}.", *_told(size, target))
        if not signalr.scale(step.stack, wanted):
            text = f"SignalR Service has the {wanted} already; nothing was changed."
            return step.result(text, *_told(wanted, target))
        text = f"SignalR Service has the {wanted} now."
        return step.result(text, *_told(wanted, target), *_news(wanted, target))


def _told(size: Size, target: str) -> list[tuple[str, str]]:
    """What a size means."""
    return [
        ("room for", f"{size.holds:,} connections at the same time"),
        ("messages", size.messages),
        ("cost", size.cost(target)),
    ]


def _news(size: Size, target: str) -> list[tuple[str, str]]:
    """What to know after a change."""
    rows = []
    if target == "azure":
        rows.append(("meanwhile", ON_AZURE))
    if size.cost(target) != "nothing":
        rows.append(("back", "workshop.scale('free'), or `chatkit scale --tier free`"))
    return rows


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
