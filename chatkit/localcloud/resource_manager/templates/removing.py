"""Complete mode: deletes what the group has and the template has not, dependents first."""

from __future__ import annotations

from urllib.parse import quote

from chatkit.localcloud.resource_manager.core.context import Context
from chatkit.localcloud.resource_manager.core.documents import JsonObject, Resource
from chatkit.localcloud.resource_manager.core.errors import ArmError
from chatkit.localcloud.resource_manager.core.registry import Registry
from chatkit.localcloud.resource_manager.templates.journal import Journal
from chatkit.localcloud.resource_manager.templates.planning.planned import Plan
from chatkit.localcloud.resource_manager.templates.preparing import Prepared
from chatkit.localcloud.resource_manager.templates.reading.refusals import plain_body
from chatkit.localcloud.resource_manager.templates.sending import Failed, Sender


class Remover:
    """Deletes what a template does not have, with the rights of the caller who deploys."""

    def __init__(self, context: Context, registry: Registry) -> None:
        self._context = context
        self._registry = registry

    def others(self, plan: Plan) -> list[Resource]:
        """What the plan's group has besides, in the order in which it can be deleted.

        A resource stays when something below it is in the template.
        """
        kept = [one.id.lower() for one in plan.resources]
        found: list[Resource] = []
        for type_ in self._registry.removal_order:
            prefix = plan.target.id + "/"
            for document in self._context.resources.all(type_=type_.type, prefix=prefix):
                id_ = document["id"].lower()
                if not any(one == id_ or one.startswith(id_ + "/") for one in kept):
                    found.append(document)
        return found

    async def remove_others(
        self, prepared: Prepared, sender: Sender, journal: Journal
    ) -> list[JsonObject]:
        """Delete it; returns the errors of what could not be deleted."""
        failures: list[JsonObject] = []
        for document in self.others(prepared.plan):
            operation = journal.operation_on("Delete", document)
            version = self._registry.api_versions[document["type"]][0]
            url = f"{quote(document['id'])}?api-version={version}"
            try:
                answer = await sender.change("DELETE", url)
            except ArmError as error:
                operation.fail_by(error)
                failures.append({**plain_body(error), "target": document["id"]})
            except Failed as failure:
                operation.fail(409, failure.error)
                failures.append({**failure.error, "target": document["id"]})
            else:
                operation.end("Succeeded", answer.status if answer.status != 202 else 200)
        return failures
