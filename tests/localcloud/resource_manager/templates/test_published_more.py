"""More published templates: what deploys, and what each names that is not here."""

from __future__ import annotations

from typing import Any

import pytest

from tests.localcloud.resource_manager.raw import Raw, Reply
from tests.localcloud.resource_manager.templates import published_more as more
from tests.localcloud.resource_manager.templates.deploying import begin, deploy, outputs

PACKAGE = {"packageUri": "https://a.example/app.zip"}
KEYS = {
    "Microsoft.KeyVault/vaults",
    "Microsoft.KeyVault/vaults/secrets",
    "Microsoft.Web/sites/functions",
}


def named(reply: Reply) -> set[str]:
    """The types that a refusal names as not here, those of deployments within among them."""
    assert (reply.status, reply.code) == (400, "InvalidTemplateDeployment"), reply.body
    found: set[str] = set()
    waiting = [*reply.body["error"]["details"]]
    while waiting:
        one = waiting.pop()
        waiting += one.get("details") or []
        if not one.get("details"):
            namespace, *rest = one["target"].rpartition("/providers/")[2].split("/")
            found.add("/".join([namespace, *rest[::2]]))
            assert "The local cloud has" in one["message"]
    return found


def test_an_app_with_an_identity_deploys(raw: Raw) -> None:
    """Though its account has no kind, and types end with a slash; once more over what is there."""
    for _ in range(2):
        made = deploy(raw, more.app_with_identity())
        assert len(made["properties"]["outputResources"]) == 4
    assert outputs(made)["principalId"]


@pytest.mark.parametrize(
    ("what", "parameters", "types"),
    [
        (more.http_trigger(), {}, KEYS),
        (
            more.dedicated(),
            {"packageUri": "https://a.example/app.zip"},
            {"Microsoft.Web/sites/extensions"},
        ),
        (more.website_behind_front_door(), {}, {"Microsoft.Resources/deploymentScripts"}),
    ],
    ids=["http-trigger", "dedicated", "front-door"],
)
def test_what_is_not_here_is_named(raw: Raw, what: Any, parameters: Any, types: set[str]) -> None:
    """And nothing is made."""
    reply = begin(raw, what, **parameters)
    assert named(reply) == types, reply.body
    assert raw("GET", f"{raw.group}/resources").body["value"] == []
