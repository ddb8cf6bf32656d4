"""Giving a role: what is there already is fine, any other refusal is an error."""

from __future__ import annotations

import pytest
from azure.core.exceptions import HttpResponseError

from chatkit.cloud.provision.keyless import assign_role
from chatkit.cloud.stack import Stack
from tests.cloud.fake_azure import FakeAzure

PRINCIPAL = "0aa0aaa0-0000-4000-8000-00000000000a"
ROLE = "7e4f1700-ea5a-4f59-8f37-079cfe29dce3"


def refuse(azure: FakeAzure, code: str) -> None:
    """Answer every assignment with a conflict."""
    azure.on("PUT", "roleAssignments", (409, {"error": {"code": code, "message": "No."}}, {}))


def test_a_role_that_is_there_is_no_error(azure: FakeAzure, stack: Stack) -> None:
    """A second run, or somebody else, has given it."""
    refuse(azure, "RoleAssignmentExists")
    assign_role(stack, ROLE, PRINCIPAL, "/subscriptions/sub")
    assert len(azure.sent("PUT")) == 1


def test_a_lock_is_no_role(azure: FakeAzure, stack: Stack) -> None:
    """The same status, and nothing was given."""
    refuse(azure, "ScopeLocked")
    with pytest.raises(HttpResponseError):
        assign_role(stack, ROLE, PRINCIPAL, "/subscriptions/sub")
