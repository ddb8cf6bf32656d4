"""Scopes of deployments, and ids of what is in them."""

from __future__ import annotations

from dataclasses import dataclass

DEPLOYMENTS = "Microsoft.Resources/deployments"
GROUPS = "Microsoft.Resources/resourceGroups"


@dataclass(frozen=True)
class Target:
    """Where a template is deployed.

    Attributes:
        subscription_id: The subscription.
        group: The resource group; empty for the subscription.
    """

    subscription_id: str
    group: str = ""

    @property
    def id(self) -> str:
        """The scope's id."""
        base = f"/subscriptions/{self.subscription_id}"
        return f"{base}/resourceGroups/{self.group}" if self.group else base


def relative_id(type_: str, name: str) -> str:
    """`Namespace/type/name/type/name` of a type and a name with the same number of parts."""
    namespace, *kinds = type_.split("/")
    parts = [namespace]
    for kind, part in zip(kinds, name.split("/"), strict=True):
        parts += [kind, part]
    return "/".join(parts)
