"""What a deployment would change: each resource as it is, as it would be, and the difference.

Follows "Bicep what-if: preview changes before deployment" of Microsoft's documentation.
"""

from __future__ import annotations

import json
from urllib.parse import quote

from chatkit.localcloud.resource_manager.core.documents import Json, JsonObject
from chatkit.localcloud.resource_manager.core.errors import ArmError
from chatkit.localcloud.resource_manager.core.registry import Registry
from chatkit.localcloud.resource_manager.gateway.dispatch import Dispatch
from chatkit.localcloud.resource_manager.templates.differences import differences
from chatkit.localcloud.resource_manager.templates.language.core.errors import TemplateError
from chatkit.localcloud.resource_manager.templates.language.core.scope import Place
from chatkit.localcloud.resource_manager.templates.planning.bodies import as_far_as_known
from chatkit.localcloud.resource_manager.templates.planning.facts import CloudFacts, NotYet
from chatkit.localcloud.resource_manager.templates.planning.order import BEFOREHAND
from chatkit.localcloud.resource_manager.templates.planning.planned import Planned
from chatkit.localcloud.resource_manager.templates.preflight import Preflight, call_for
from chatkit.localcloud.resource_manager.templates.preparing import Prepared, Preparing
from chatkit.localcloud.resource_manager.templates.reading.refusals import expression_failed
from chatkit.localcloud.resource_manager.templates.removing import Remover
from chatkit.localcloud.resource_manager.templates.secrets_kept import masked_whole, masking
from chatkit.localcloud.resource_manager.templates.sending import Sender

FORMATS = {"fullresourcepayloads": True, "resourceidonly": False}
WHOLE = ("before", "after", "delta")


class WhatIf:
    """Predicts deployments; nothing is changed."""

    def __init__(
        self, registry: Registry, dispatch: Dispatch, preparing: Preparing, preflight: Preflight
    ) -> None:
        self._registry = registry
        self._dispatch = dispatch
        self._preparing = preparing
        self._preflight = preflight

    async def changes(
        self, prepared: Prepared, remover: Remover, *, full: bool
    ) -> list[JsonObject]:
        """The changes of a deployment, those of deployments within it among them.

        Args:
            prepared: The deployment.
            remover: Knows what the group has besides.
            full: Whether they have the resources; else their ids alone.

        Raises:
            ArmError: An expression cannot be evaluated.
        """
        with masking(prepared.secrets):
            found = await self._resources(prepared)
        named = {str(change["resourceId"]).lower() for change in found}
        if prepared.plan.target.group:
            found += await self._others(prepared, remover, named)
        shown = [change if full else _short(change) for change in found]
        changes = _hidden(shown, prepared.secrets)
        return sorted(changes, key=lambda one: str(one["resourceId"]).lower())

    async def _resources(self, prepared: Prepared) -> list[JsonObject]:
        sender = Sender(self._dispatch, prepared.call, lambda: False)
        there: dict[str, JsonObject] = {}
        for one in prepared.plan.resources:
            document = None if one.is_deployment else await sender.state(one)
            if document is not None:
                there[one.key] = document
        absent = frozenset(
            one.id.lower() for one in prepared.plan.resources if one.key not in there
        )
        facts = prepared.facts.knowing(prepared.plan, absent=absent)
        found: list[JsonObject] = []
        for one in prepared.plan.resources:
            if one.is_deployment:
                found += await self._nested(one, prepared)
            elif one.is_for_absent and one.key in there:
                found.append(_unchanged(one, there[one.key]))
            elif not one.is_existing:
                after = await self._after(one, prepared, facts, sender)
                found.append(_change(one, there.get(one.key), after))
        return found

    async def _nested(self, one: Planned, prepared: Prepared) -> list[JsonObject]:
        """The changes of a deployment within the deployment."""
        body = await self._preflight.body(one, prepared)
        if body is None:
            reason = "Its parameters need the state of a resource that is not deployed yet."
            return [_unsupported(one, reason)]
        _, params = self._dispatch.found("PUT", one.id)
        call = call_for(one, prepared, "PUT", params)
        call.raw = json.dumps(body, ensure_ascii=False).encode()
        coming = await self._preflight.coming_groups(prepared)
        inner = await self._preparing.prepare(call, coming)
        with masking(inner.secrets):
            return _hidden(await self._resources(inner), inner.secrets)

    async def _after(
        self, one: Planned, prepared: Prepared, facts: CloudFacts, sender: Sender
    ) -> JsonObject:
        scope = one.scope.asking(facts)

        def work() -> JsonObject:
            made: JsonObject = {}
            for name, value in one.declared.body.items():
                if name not in BEFOREHAND:
                    place = Place.PROPERTIES if name == "properties" else Place.RESOURCE
                    made[name] = as_far_as_known(value, scope.at(place), NotYet)
            return made

        try:
            body = await facts.evaluated(work, sender.fetch)
        except TemplateError as error:
            place = prepared.template.place(one.declared.path)
            raise expression_failed(one.name, place, error.message) from None
        own = {"apiVersion": one.api_version, "id": one.id, "name": _last(one.name)}
        return {**own, "type": one.type, **body}

    async def _others(
        self, prepared: Prepared, remover: Remover, named: set[str]
    ) -> list[JsonObject]:
        """What the group has besides: deleted in complete mode, else left alone."""
        is_complete = prepared.mode == "Complete"
        sender = Sender(self._dispatch, prepared.call, lambda: False)
        found: list[JsonObject] = []
        for document in remover.others(prepared.plan):
            id_ = document["id"]
            if any(one == id_.lower() or one.startswith(id_.lower() + "/") for one in named):
                continue
            version = self._registry.api_versions[document["type"]][0]
            try:
                before = await sender.fetch("GET", f"{quote(id_)}?api-version={version}")
            except ArmError:
                continue  # who deploys may not read it
            found.append(
                {
                    "resourceId": id_,
                    "changeType": "Delete" if is_complete else "Ignore",
                    "before": {**before, "apiVersion": version},
                }
            )
        return found


def _hidden(changes: list[JsonObject], secrets: frozenset[str]) -> list[JsonObject]:
    """Changes without secure values."""
    return [
        {name: masked_whole(value, secrets) for name, value in change.items()} for change in changes
    ]


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def _identified(one: Planned, kind: str) -> JsonObject:
    found: JsonObject = {"resourceId": one.id, "changeType": kind}
    if one.symbol:
        found["symbolicName"] = one.symbol
    return found


def _change(one: Planned, before: JsonObject | None, after: JsonObject) -> JsonObject:
    if before is None:
        return {**_identified(one, "Create"), "after": after}
    delta = differences(before, after)
    kind = "Modify" if delta else "NoChange"
    return {
        **_identified(one, kind),
        "before": {**before, "apiVersion": one.api_version},
        "after": after,
        "delta": delta,
    }


def _unchanged(one: Planned, before: JsonObject) -> JsonObject:
    shown = {**before, "apiVersion": one.api_version}
    return {**_identified(one, "NoChange"), "before": shown, "after": shown, "delta": []}


def _unsupported(one: Planned, reason: str) -> JsonObject:
    return {**_identified(one, "Unsupported"), "unsupportedReason": reason}


def _short(change: JsonObject) -> JsonObject:
    """A change without the resource: whether one that is there would differ is not told."""
    kind = change["changeType"]
    short = {name: value for name, value in change.items() if name not in WHOLE}
    if kind in ("Modify", "NoChange"):
        short["changeType"] = "Deploy"
    return short


def is_full(request: JsonObject) -> bool:
    """Whether a request wants resources, or their ids alone.

    Raises:
        ArmError: It names a format that there is not.
    """
    settings: Json = request["properties"].get("whatIfSettings") or {}
    text = settings.get("resultFormat") if isinstance(settings, dict) else settings
    wanted = FORMATS.get(str(text or "FullResourcePayloads").lower())
    if wanted is None:
        raise ArmError(
            400,
            "InvalidRequestContent",
            f"The resultFormat '{text}' is not FullResourcePayloads or ResourceIdOnly.",
        )
    return wanted
