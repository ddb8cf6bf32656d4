"""Address ranges: the page "CIDR functions" of Microsoft's reference."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network

from chatkit.localcloud.resource_manager.templates.language.core.invocation import (
    Function,
    Invocation,
)
from chatkit.localcloud.resource_manager.templates.language.core.values import Json
from chatkit.localcloud.resource_manager.templates.language.functions.arguments import (
    integer,
    invalid,
    text,
)


def _network(call: Invocation) -> IPv4Network | IPv6Network:
    written = text(call, 0)
    if "/" in written:
        try:
            return ip_network(written, strict=False)
        except ValueError:
            pass
    raise invalid(
        call,
        "expects its first parameter to be an address range in CIDR notation. The provided value"
        f" is '{written}'.",
    )


def _parse_cidr(call: Invocation) -> Json:
    """A range of version 6 has no broadcast address, and all of it can be used."""
    network = _network(call)
    common: dict[str, Json] = {
        "network": str(network.network_address),
        "netmask": str(network.netmask),
    }
    first = network[0]
    last = network[-1]
    if isinstance(network, IPv4Network):
        common["broadcast"] = str(network.broadcast_address)
        if network.prefixlen < 31:
            first += 1
            last -= 1
    usable: dict[str, Json] = {"firstUsable": str(first), "lastUsable": str(last)}
    return {**common, **usable, "cidr": network.prefixlen}


def _cidr_subnet(call: Invocation) -> Json:
    network = _network(call)
    prefix = integer(call, 1)
    index = integer(call, 2)
    if not network.prefixlen <= prefix <= network.max_prefixlen:
        raise invalid(
            call,
            f"expects its new CIDR to be between {network.prefixlen} and {network.max_prefixlen}."
            f" The provided value is '{prefix}'.",
        )
    if not 0 <= index < 2 ** (prefix - network.prefixlen):
        raise invalid(call, f"has no subnet of the index '{index}'.")
    start = network[index * 2 ** (network.max_prefixlen - prefix)]
    return f"{start}/{prefix}"


def _cidr_host(call: Invocation) -> Json:
    """Index 0 is the first address behind that of the network."""
    network = _network(call)
    index = integer(call, 1)
    most = network.num_addresses - 1
    if isinstance(network, IPv4Network):
        most -= 1
    if not 0 <= index < most:
        raise invalid(call, f"has no host of the index '{index}'.")
    return str(network[index + 1])


FUNCTIONS = (
    Function("cidrHost", 2, 2, _cidr_host),
    Function("cidrSubnet", 3, 3, _cidr_subnet),
    Function("parseCidr", 1, 1, _parse_cidr),
)
