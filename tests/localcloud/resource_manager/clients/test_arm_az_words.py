"""az that really fails: what it prints leads to the problem that it is."""

from __future__ import annotations

import pytest

from chatkit.knowledge.problems.recognition import recognise
from tests.localcloud.resource_manager.clients.az_cli import Az, az

__all__ = ["az"]
WORDS = {
    "group show -n nobodys": "group-missing",
    "signalr show -g nobodys -n nobodys": "group-missing",
    "signalr show -g mine -n nobodys": "resource-missing",
    "account set --subscription nobodys": "no-subscription",
    "signalrr list": "az-too-old",
    "group list --nonsense": "az-too-old",
    "signalr create -g mine -n chatkit-mine --sku Free_F1 -l nowhere": "region-lacks-it",
    "storage account create -g mine -n Not_Allowed -l eastus2": "name-invalid",
    "group create -n mine -l westus2": "group-elsewhere",
}


@pytest.mark.long
def test_what_az_prints_is_recognised(az: Az) -> None:
    """Every sentence as this az has it, with the right problem first; last without a sign-in."""
    az("group", "create", "-n", "mine", "-l", "eastus2")
    found = {words: said(az, words) for words in WORDS}
    az("logout")
    found["group list"] = said(az, "group list")
    assert {words: keys(text) for words, text in found.items()} == {
        words: (key, text)
        for (words, key), text in zip(
            {**WORDS, "group list": "not-signed-in"}.items(), found.values(), strict=True
        )
    }


def said(az: Az, words: str) -> str:
    """What az prints when it fails."""
    with pytest.raises(AssertionError) as failed:
        az(*words.split())
    return str(failed.value).partition(": ")[2]


def keys(text: str) -> tuple[str, str]:
    """The key of the first problem, and the text for the reader of a failure."""
    found = recognise(text)
    return found[0].key if found else "", text
