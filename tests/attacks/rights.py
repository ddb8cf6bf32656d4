"""Attempts to do with a good token what its owner has no right to, and with a bad one anything."""

from __future__ import annotations

from tests.attacks.group import Group
from tests.localcloud.rights_matrix import ENDPOINTS

GROUPS = [
    Group(
        "Somebody else's resources, with a token but without the right",
        "test_rights.py",
        "test_an_endpoint_asks_for_its_right",
        tuple(endpoint.title for endpoint in ENDPOINTS),
    ),
]
