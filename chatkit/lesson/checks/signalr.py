"""Section 02: SignalR Service is there, serverless, and takes its own key only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from chatkit.cloud.provision import tiers
from chatkit.cloud.provision.name_rules import NO_RIGHT
from chatkit.cloud.provision.signalr import SERVERLESS, service_mode
from chatkit.core.errors import CheckFailed
from chatkit.lesson.checks.core import service
from chatkit.lesson.checks.core.evidence import HubEndpoint, expect, listening, run
from chatkit.wire.connection_strings import SignalRConnectionString
from chatkit.wire.tokens import client_token

if TYPE_CHECKING:
    from azure.mgmt.signalr.models import SignalRResource

    from chatkit.steps.session import Session

AGAIN = "workshop.create_signalr() puts it right."


def check(session: Session) -> Iterator[str]:
    """Sku and mode as Azure has them, a connection with the key, and none with another key."""
    yield from _told(_instance(session), session.settings.target)
    connection = SignalRConnectionString.parse(service.of_the_instance(session))
    hub = session.hub
    run(_connect(service.endpoint_of(session, connection, hub)))
    signed = "its access key signed" if connection.access_key else "it handed out without a key"
    yield f"A client with a token that {signed} is connected to hub {hub}."
    if session.settings.shared:
        yield (
            "The instance is your class's, and only your own hub was looked at: a key would open"
            " every hub, so it takes none."
        )
    forged = client_token(replace(connection, access_key="not-the-key-" * 4), hub)
    answer = service.probe(connection, forged, hub)
    expect(
        answer.status == 401,
        "A token that another key signed",
        expected="401",
        got=answer,
        hint="Look at the instance's access keys.",
    )
    yield "A client with a token that another key signed is refused: 401 Unauthorized."


def _instance(session: Session) -> SignalRResource:
    names = session.settings.names
    instances = session.connect().signalr().signal_r
    try:
        found = instances.get(names.signalr_group, names.signalr)
    except ResourceNotFoundError as error:
        raise _missing(session, "none") from error
    except HttpResponseError as error:
        # Of a class that is over neither the instance is left, nor a role to see that.
        if error.status_code != NO_RIGHT or not names.shared:
            raise
        raise _missing(session, "none that you may see") from error
    state = str(found.provisioning_state)
    mode = service_mode(found)
    expect(
        state == "Succeeded",
        "The instance's state",
        expected="Succeeded",
        got=state,
        hint="Wait a minute, then check again.",
    )
    expect(
        mode == SERVERLESS, "The instance's service mode", expected=SERVERLESS, got=mode, hint=AGAIN
    )
    return found


def _missing(session: Session, got: str) -> CheckFailed:
    expected = "one in your resource group"
    hint = "Run the cells above."
    if session.settings.shared:
        expected = "the one of your class"
        hint = "Your instructor makes it, and ends it with the class."
    return CheckFailed("The SignalR Service instance", expected=expected, got=got, hint=hint)


def _told(found: SignalRResource, target: str) -> Iterator[str]:
    """Its tier, and what that costs: the chat works on each that Azure offers."""
    sku = found.sku
    name = sku.name if sku else "?"
    size = tiers.of(sku)
    yield f"The instance exists: tier {name}, service mode {service_mode(found)}."
    if size is None:
        yield f"Its tier costs money by the day, used or not; the prices: {tiers.PRICES}"
    elif size.tier is not tiers.FREE:
        cost = size.cost(target)
        end = "" if cost.endswith(tiers.PRICES) else "."
        yield f"The {size}, costs {cost}{end}"


async def _connect(endpoint: HubEndpoint) -> None:
    async with listening(endpoint):
        pass
