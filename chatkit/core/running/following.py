"""Which address a stage or a board has now: networks change, and laptops sleep."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from chatkit.core.running.own_addresses import OwnAddress


def interface_of(host: str, found: Sequence[OwnAddress]) -> str:
    """The network interface that has an address; empty for loopback."""
    return next((one.interface for one in found if one.host == host and not one.is_loopback), "")


def host_now(host: str, interface: str, found: Sequence[OwnAddress]) -> str | None:
    """The address that a room can be given now; None when it has to wait for one.

    It is the same as long as the machine has it. Else it is one of a local network, of the same
    interface where there is one. It is never a public one: nobody was asked about that.

    Args:
        host: The address that it had.
        interface: The interface that had it.
        found: The addresses of this machine.
    """
    # All of 127.0.0.0/8 is this machine's, whatever its interfaces tell (RFC 1122 §3.2.1.3).
    if ipaddress.ip_address(host).is_loopback:
        return host
    if any(one.host == host for one in found):
        return host
    local = [one for one in found if one.is_for_a_room]
    near = [one for one in local if one.interface == interface]
    return next((one.host for one in [*near, *local]), None)
