"""The class's subscription, for the verbs that make and delete something there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatkit.core.errors import SetupError
from chatkit.core.settings import Target, home

if TYPE_CHECKING:
    from chatkit.classroom.resources.groups import Place
    from chatkit.classroom.roster import Roster


def place_of(target: Target, known: Roster | None) -> Place:
    """Connect to a target; a local cloud that does not run is started.

    Raises:
        SetupError: Nobody is signed in, or the class was made in another subscription.
    """
    from chatkit.classroom.resources.groups import Place
    from chatkit.cloud import local_cloud, targets
    from chatkit.cloud.calls import Calls

    if target == "azure":
        return place_on_azure(known)
    local_cloud.start(home() / "local")
    return Place(targets.connect_local(home()), Calls())


def place_on_azure(known: Roster | None) -> Place:
    """Connect, as `az login` did.

    Raises:
        SetupError: Nobody is signed in, or the class was made in another subscription.
    """
    from chatkit.classroom.resources.groups import Place
    from chatkit.cloud import targets
    from chatkit.cloud.calls import Calls

    cloud = targets.connect_azure()
    made_in = known.subscription_id if known is not None else ""
    if made_in and made_in.lower() != cloud.subscription_id.lower():
        raise SetupError(
            "The class was made in another subscription than the one that is chosen now.",
            hint=f"Set CHATKIT_SUBSCRIPTION={made_in}.",
        )
    return Place(cloud, Calls())
