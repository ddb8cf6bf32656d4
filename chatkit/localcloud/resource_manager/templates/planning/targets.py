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
        subscription = f"/subscriptions/{self.subscription_id}"
        if not self.group:
            return subscription
        return f"{subscription}/resourceGroups/{self.group}"


def relative_id(type_: str, name: str) -> str:
    """`Namespace/type/name/type/name` of a type and a name with the same number of parts."""
    namespace, *kinds = type_.split("/")
    parts = [namespace]
    for kind, part in zip(kinds, name.split("/"), strict=True):
        parts += [kind, part]
    return "/".join(parts)


def whole_type(types: list[str]) -> str:
    """The whole type of a resource within others, whose type may be written short."""
    return _whole(types)


def whole_name(names: list[str], type_: str) -> str:
    """The whole name of a resource within others."""
    segments = type_.count("/")
    if names[-1].count("/") + 1 == segments:
        return names[-1]
    return _whole(names)


def _whole(parts: list[str]) -> str:
    """Parts joined by slashes; one that begins with all before it stands for them, too."""
    whole = parts[0]
    for part in parts[1:]:
        if part.lower().startswith(f"{whole.lower()}/"):
            whole = part
        else:
            whole = f"{whole}/{part}"
    return whole
