"""Host names that look like those of a storage account of the local cloud."""

from __future__ import annotations

from tests.attacks.group import Group

FOREIGN: dict[str, str] = {
    "a domain behind the account's name": "{account}.blob.core.localhost.attacker.example",
    "a domain that ends like this machine": "{account}.blob.core.notlocalhost",
    "two names before the service": "www.{account}.blob.core.localhost",
    "no account": ".blob.core.localhost",
    "a service that Azure has not": "{account}.blobs.core.localhost",
    "a website of the account": "{account}.web.core.localhost",
    "Azure's own domain": "{account}.blob.core.windows.net",
    "a person before the name": "x@{account}.blob.core.localhost",
}
GROUPS = (
    Group(
        "Host names that look like an account's",
        "test_account_hosts.py",
        "test_a_name_that_is_no_accounts_is_refused",
        tuple(FOREIGN),
    ),
)
