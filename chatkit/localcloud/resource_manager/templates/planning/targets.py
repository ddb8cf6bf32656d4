"""Scopes of deployments, and ids of what is in them."""

from __future__ import annotations

from dataclasses import dataclass


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


def whole_type(types: list[str]) -> str:
    """The whole type of a resource within others, whose type may be written short."""
    whole = types[0]
    for type_ in types[1:]:
        whole = type_ if type_.lower().startswith(whole.lower() + "/") else f"{whole}/{type_}"
    return whole


def whole_name(names: list[str], type_: str) -> str:
    """The whole name of a resource within others."""
    segments = type_.count("/")
    if names[-1].count("/") + 1 == segments:
        return names[-1]
    whole = names[0]
    for name in names[1:]:
        whole = name if name.lower().startswith(whole.lower() + "/") else f"{whole}/{name}"
    return whole
