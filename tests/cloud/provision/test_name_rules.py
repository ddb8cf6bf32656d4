"""Azure's rules for names."""

from __future__ import annotations

import re

import pytest

from chatkit.cloud.provision.name_rules import RULES, check_name
from chatkit.core.errors import SetupError
from chatkit.core.settings import Names, new_suffix


def test_a_new_suffix_fits_every_name() -> None:
    """All derived names follow Azure's rules."""
    names = Names.of(new_suffix())
    for kind, name in (
        ("resource group", names.resource_group),
        ("SignalR instance", names.signalr),
        ("storage account", names.storage_account),
        ("function app", names.function_app),
        ("plan", names.plan),
    ):
        assert check_name(kind, name) == name


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("resource group", "dot."),
        ("resource group", "sp ace"),
        ("resource group", "x" * 91),
        ("SignalR instance", "1digit"),
        ("SignalR instance", "ab"),
        ("SignalR instance", "ends-"),
        ("storage account", "Upper"),
        ("storage account", "with-hyphen"),
        ("storage account", "x" * 25),
        ("function app", "-x"),
        ("function app", "x"),
        ("plan", "under_score"),
    ],
)
def test_a_name_that_azure_would_refuse_is_refused_here(kind: str, name: str) -> None:
    """The sentence says the rule."""
    with pytest.raises(SetupError, match=re.escape(RULES[kind].sentence)):
        check_name(kind, name)
