"""The address of this machine at which a room reaches a server: a stage, a class's board."""

from __future__ import annotations

import ipaddress

from chatkit.core.errors import SetupError
from chatkit.core.running.own_addresses import OwnAddress, own_addresses

ALONE = "127.0.0.1"
TRY = f"To try it on this machine alone: --host {ALONE} (in a cell host={ALONE!r})."
JOIN = "Join the room's Wi-Fi, or switch your phone's hotspot on and join that."
NAME_ONE = "Say which one with --host (in a cell host='…')."


def offered() -> list[OwnAddress]:
    """The addresses that phones of a room may reach, the likeliest first."""
    return [one for one in own_addresses() if one.is_for_a_room]


def chosen(wanted: str) -> OwnAddress:
    """The address that was named, or the only one on a local network.

    Args:
        wanted: An address of this machine; empty when none was named.

    Raises:
        SetupError: It is none of this machine's, or none was named and there is not one alone; the
            sentences tell what there is.
    """
    if wanted:
        return _named(wanted)
    found = offered()
    if len(found) == 1:
        return found[0]
    if not found:
        raise SetupError(
            f"This machine has no address on a local network. {_there_are(own_addresses())}",
            hint=f"{JOIN} {TRY}",
        )
    raise SetupError(f"This machine is in several networks. {_there_are(found)}", hint=NAME_ONE)


def _named(wanted: str) -> OwnAddress:
    found = own_addresses()
    for one in found:
        if one.host == wanted:
            return one
    # All of 127.0.0.0/8 is this machine's, whatever its interfaces tell (RFC 1122 §3.2.1.3).
    if _is_loopback(wanted):
        return OwnAddress(wanted, "loopback")
    message = f"{wanted} is not an address of this machine. {_there_are(found)}"
    raise SetupError(message, hint=NAME_ONE)


def _is_loopback(wanted: str) -> bool:
    try:
        return ipaddress.IPv4Address(wanted).is_loopback
    except ValueError:
        return False


def _there_are(found: list[OwnAddress]) -> str:
    if not found:
        return "It has none at all."
    return f"There are: {', '.join(map(str, found))}."
