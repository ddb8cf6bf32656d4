"""Accounts by host name, as in Azure: `ACCOUNT.blob.core.localhost:PORT`.

Clients that know only an account's name and the cloud's storage suffix build such an address, and
the SDKs find the account's name before `.blob.core.`. Names below `localhost` are this machine's
(RFC 6761 §6.3): no page elsewhere can have one.
"""

from __future__ import annotations

import re

from chatkit.core.host_names import answers_to, without_port

SERVICES = ("blob", "queue", "table", "file", "dfs")
ACCOUNT_HOST = re.compile(rf"([a-z0-9-]+)\.({'|'.join(SERVICES)})\.core\.localhost")


def answers_to_accounts(host: str) -> bool:
    """Whether a request with this Host header is for the storage of this machine."""
    return answers_to(host) or bool(account_of(host))


def account_of(host: str) -> str:
    """The account that a Host header names; empty when the path names it.

    Another service than Blob has a hyphen and its name behind the account's, as where the path
    names it.
    """
    found = ACCOUNT_HOST.fullmatch(without_port(host))
    if found is None:
        return ""
    account, service = found.groups()
    return account if service == "blob" else f"{account}-{service}"


def suffix(port: int) -> str:
    """What stands behind an account and its service in such an address."""
    return f"core.localhost:{port}"
