"""The providers by type: which api-versions count, and in which order types are removed."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import TopologicalSorter
from typing import Any

from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.http import MAX_TAG_NAME, Call
from chatkit.localcloud.resource_manager.core.provider import Provider, ResourceType
from chatkit.localcloud.resource_manager.core.regions import LOCATIONS

AnyType = ResourceType[Any]


class Registry:
    """What is known about all resource types.

    Args:
        own: The providers that are Resource Manager's own.
        providers: All others.

    Attributes:
        recovery_order: The resource types, each after those that it stands on.
        removal_order: The other way round.
        api_versions: The api-versions of every type, newest first.
    """

    def __init__(self, own: Iterable[type[Provider]], providers: Iterable[Provider]) -> None:
        others = [*providers]
        types = {one.type: one for one in others if isinstance(one, ResourceType)}
        order = TopologicalSorter({name: one.depends_on for name, one in types.items()})
        self.recovery_order: list[AnyType] = [
            types[name] for name in order.static_order() if name in types
        ]
        self.removal_order = self.recovery_order[::-1]
        self.api_versions: dict[str, tuple[str, ...]] = {}
        for provider in own:
            self.api_versions |= provider.api_versions
        for one in (*self.removal_order, *others):
            self.api_versions |= one.api_versions
        self._types = {name.lower(): one for name, one in types.items()}

    def namespaces(self) -> set[str]:
        """The namespaces of all types."""
        return {name.partition("/")[0] for name in self.api_versions}

    def check_version(self, type_: str, version: str) -> None:
        """Accept an api-version for a type.

        Raises:
            ArmError: Missing, or not one of the type's: the answer lists those.
        """
        if not version:
            raise errors.ArmError(
                400,
                "MissingApiVersionParameter",
                "The api-version query parameter (?api-version=) is required for all requests.",
            )
        known = self.api_versions[type_]
        if version in known:
            return
        listed = ", ".join(known)
        namespace, _, kind = type_.partition("/")
        if namespace == "Microsoft.Resources":
            raise errors.ArmError(
                400,
                "InvalidApiVersionParameter",
                f"The api-version '{version}' is invalid. The supported versions are '{listed}'.",
            )
        raise errors.ArmError(
            400,
            "NoRegisteredProviderFound",
            "No registered resource provider found for location 'global' and API version"
            f" '{version}' for type '{kind}'. The supported api-versions are '{listed}'. The"
            f" supported locations are '{', '.join(LOCATIONS)}'. (Namespace {namespace}.)",
        )

    def type_named(self, name: str) -> AnyType | None:
        """The resource type of a name, if there is one; what stands below types is none."""
        return self._types.get(name.lower())

    def max_tag_name(self, type_: str) -> int:
        """How many characters the name of a tag of such a resource may have."""
        found = self._types.get(type_.lower())
        return MAX_TAG_NAME if found is None else found.max_tag_name

    def name_taken(self, call: Call) -> errors.ArmError:
        """The refusal of the call's name as one that is in use, in the words of its type."""
        namespace, kind, name = call.path.rstrip("/").split("/")[-3:]
        type_ = self._types.get(f"{namespace}/{kind}".lower())
        if type_ is None:
            return ResourceType.name_taken(name)
        return type_.name_taken(name)
