"""Attempts to publish code to somebody else's function app, called "site" in group "g"."""

from __future__ import annotations

from tests.attacks.group import Group

_GROUP = "/subscriptions/s/resourceGroups/g"
_SITES = f"{_GROUP}/providers/Microsoft.Web/sites"

# The role that mallory has, and where.
WITHOUT_THE_RIGHT = {
    "without a role": ("", ""),
    "as a Reader of the subscription": ("Reader", "/subscriptions/s"),
    "as who may give roles": ("User Access Administrator", "/subscriptions/s"),
    "as who may use the app's storage": ("Storage Blob Data Owner", "/subscriptions/s"),
    "as who may use its SignalR Service": ("SignalR Service Owner", _GROUP),
    "as publisher of the site beside it": ("Website Contributor", f"{_SITES}/other"),
    "as publisher of a site whose name begins as its name": (
        "Website Contributor",
        f"{_SITES}/sit",
    ),
    "as publisher of a site whose name goes on": ("Website Contributor", f"{_SITES}/site2"),
    "as Owner of another group": ("Owner", "/subscriptions/s/resourceGroups/other"),
    "as Owner of another subscription": ("Owner", "/subscriptions/s2"),
    "as Contributor of what is below the site": ("Contributor", f"{_SITES}/site/config/web"),
}
WRONG_PASSWORDS = {
    "no password": b"$site:",
    "password without user": b":secret",
    "another site's user": b"$other:secret",
    "user without the dollar": b"site:secret",
    "another site before the user": b"other\\$site2:secret",
    "password with more behind it": b"$site:secret2",
    "password in another case": b"$site:SECRET",
    "bytes that are no text": b"$site:\xff\xfe",
    "no colon": b"$sitesecret",
}
SAVERS = (
    "an identity without a role",
    "an identity that may only read",
    "an identity that owns the account without a data role",
    "an identity that the site does not have",
    "a key where the account takes none",
)
GROUPS = [
    Group(
        "Publishing to somebody else's app",
        "test_scm.py",
        "test_nobody_publishes_without_the_right",
        tuple(WITHOUT_THE_RIGHT),
    ),
    Group(
        "Publishing with a wrong password",
        "test_scm.py",
        "test_a_wrong_password_publishes_nothing",
        tuple(WRONG_PASSWORDS),
    ),
    Group(
        "Saving a package without the right to the container",
        "test_package_savers.py",
        "test_who_may_not_write_saves_no_package",
        SAVERS,
    ),
]
