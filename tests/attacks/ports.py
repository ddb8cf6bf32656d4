"""Attempts of other programs of the machine to be taken for one's own server."""

from __future__ import annotations

from tests.attacks.group import Group

IMPOSTORS = (
    "answers everything with 200",
    "sends the challenge back",
    "passes the challenge on to the real server at another port",
    "knows the secret of another start",
    "repeats the answer to another challenge",
    "has no secret at all",
)
# What somebody has stored does not become another address when a port moves from 8888.
NOT_MOVED: dict[str, str] = {
    "a longer port": "http://localhost:88880/",
    "a shorter port": "http://localhost:888",
    "another host": "http://example.com:8888",
    "a host that ends like this machine": "http://notlocalhost:8888",
    "a name below this machine": "http://x.localhost:8888",
    "a number that ends like this machine": "http://1127.0.0.1:8888",
    "a connection string of Azure": (
        "Endpoint=https://chat.service.signalr.net;Port=8888;AccessKey=k"
    ),
    "a port without a host": "Port=8888",
    "a number alone": "8888",
}
GROUPS = (
    Group(
        "Texts that only look like an address that moved",
        "test_addresses.py",
        "test_another_address_stays",
        tuple(NOT_MOVED),
    ),
    Group(
        "Another user's server at the port of one's own",
        "test_start_proof.py",
        "test_an_impostor_at_the_port_proves_nothing",
        IMPOSTORS,
    ),
)
