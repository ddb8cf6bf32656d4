"""The IPv4 addresses of this machine, and what kind of network each belongs to."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

# What programs put there for their own purposes: no phone is in such a network.
VIRTUAL = ("docker", "br-", "veth", "virbr", "vmnet", "vboxnet", "utun", "tun", "tap", "vEthernet")


@dataclass(frozen=True)
class OwnAddress:
    """One address.

    Attributes:
        host: The address, for example 192.168.1.5.
        interface: The network interface that has it, for example wlan0.
    """

    host: str
    interface: str

    @property
    def is_public(self) -> bool:
        """Whether the whole internet may reach it."""
        return ipaddress.ip_address(self.host).is_global

    @property
    def is_loopback(self) -> bool:
        """Whether this machine alone reaches it."""
        return ipaddress.ip_address(self.host).is_loopback

    @property
    def is_for_a_room(self) -> bool:
        """Whether phones in the same room may reach it: an address of a local network."""
        address = ipaddress.ip_address(self.host)
        is_local = address.is_private and not (address.is_loopback or address.is_link_local)
        return is_local and not self.interface.startswith(VIRTUAL)

    def __str__(self) -> str:
        kind = "public, the whole internet may reach it" if self.is_public else "local network"
        if self.is_loopback:
            kind = "this machine alone"
        return f"{self.host} ({self.interface}, {kind})"


def own_addresses() -> list[OwnAddress]:
    """The addresses of this machine, those for a room first."""
    import psutil  # only here: it takes long

    up: Mapping[str, bool] = {name: one.isup for name, one in psutil.net_if_stats().items()}
    found = [
        OwnAddress(one.address, name)
        for name, ones in psutil.net_if_addrs().items()
        for one in ones
        if one.family.name == "AF_INET" and up.get(name, True)
    ]
    return sorted(found, key=lambda one: (not one.is_for_a_room, one.is_loopback, one.interface))
