"""Microsoft.Resources/deployments: templates deployed to a resource group or the subscription."""

from __future__ import annotations

import asyncio
import logging
import uuid
from typing import ClassVar
from urllib.parse import quote, urlencode

from chatkit.localcloud.core.background import BackgroundTasks
from chatkit.localcloud.recorded.clock import Clock
from chatkit.localcloud.resource_manager.core import errors, regions
from chatkit.localcloud.resource_manager.core.context import Context
from chatkit.localcloud.resource_manager.core.documents import JsonObject, iso
from chatkit.localcloud.resource_manager.core.http import Answer, Call, page, skip_token, tags
from chatkit.localcloud.resource_manager.core.provider import Provider
from chatkit.localcloud.resource_manager.core.registry import Registry
from chatkit.localcloud.resource_manager.core.routing import GROUP, SUB, Handler, Route
from chatkit.localcloud.resource_manager.core.type_names import DEPLOYMENTS
from chatkit.localcloud.resource_manager.gateway import filters
from chatkit.localcloud.resource_manager.gateway.dispatch import Dispatch
from chatkit.localcloud.resource_manager.gateway.subscriptions import VERSIONS
from chatkit.localcloud.resource_manager.templates.interrupted import end_interrupted
from chatkit.localcloud.resource_manager.templates.journal import Journal, described
from chatkit.localcloud.resource_manager.templates.preflight import Preflight
from chatkit.localcloud.resource_manager.templates.preparing import (
    Prepared,
    Preparing,
    hash_of_request,
    template_hash,
)
from chatkit.localcloud.resource_manager.templates.reading import refusals
from chatkit.localcloud.resource_manager.templates.reading.links import link_of
from chatkit.localcloud.resource_manager.templates.records import (
    ENDED,
    Record,
    Records,
    Results,
    rendered,
    rendered_operation,
)
from chatkit.localcloud.resource_manager.templates.removing import Remover
from chatkit.localcloud.resource_manager.templates.rolling_back import RollBack, roll_back
from chatkit.localcloud.resource_manager.templates.running import Run
from chatkit.localcloud.resource_manager.templates.secrets_kept import (
    masked,
    masked_whole,
    masking,
)
from chatkit.localcloud.resource_manager.templates.sources.sources import read_request
from chatkit.localcloud.resource_manager.templates.what_if import WhatIf, is_full

log = logging.getLogger("chatkit.local.arm")
LIST_FILTERS = ("provisioningState",)
RETRY_AFTER_S = 15
POLL_S = 5.0  # how long a poll is held while the deployment runs
# Newer than what Microsoft.Resources had when the versions of the other operations were listed.
DEPLOYMENT_VERSIONS = ("2026-06-01", *VERSIONS)


class Deployments(Provider):
    """Operations on deployments."""

    api_versions: ClassVar = {DEPLOYMENTS: DEPLOYMENT_VERSIONS}

    def __init__(self, context: Context, registry: Registry, dispatch: Dispatch) -> None:
        super().__init__(context)
        self._dispatch = dispatch
        self._records = Records(context.platform.store)
        self._preparing = Preparing(context, dispatch)
        self._preflight = Preflight(context, registry, dispatch, self._preparing)
        self._remover = Remover(context, registry)
        self._what_if = WhatIf(registry, dispatch, self._preparing, self._preflight)
        self._results = Results()
        self._tasks = BackgroundTasks("deployments", log)
        self._runs: dict[str, tuple[Run, asyncio.Task[None]]] = {}

    def routes(self) -> list[Route]:
        """The operations, at both scopes."""
        address = "/providers/Microsoft.Resources/calculateTemplateHash"
        hashed = "Deployments_CalculateTemplateHash"
        made = [Route("POST", address, self.template_hash, DEPLOYMENTS, hashed)]
        for scope, end in ((GROUP, ""), (SUB, "AtSubscriptionScope")):
            many = f"{scope}/providers/{DEPLOYMENTS}"
            one = many + "/{deployment}"
            in_list = "ListByResourceGroup" if scope == GROUP else "ListAtSubscriptionScope"
            table: list[tuple[str, str, Handler, str]] = [
                ("GET", many, self.list_all, in_list),
                ("GET", one, self.get, f"Get{end}"),
                ("HEAD", one, self.exists, f"CheckExistence{end}"),
                ("PUT", one, self.put, f"CreateOrUpdate{end}"),
                ("DELETE", one, self.delete, f"Delete{end}"),
                ("POST", one + "/cancel", self.cancel, f"Cancel{end}"),
                ("POST", one + "/validate", self.validate, f"Validate{end}"),
                ("POST", one + "/whatIf", self.what_if, f"WhatIf{end}"),
                ("POST", one + "/exportTemplate", self.export, f"ExportTemplate{end}"),
            ]
            made += [
                Route(method, template, handler, DEPLOYMENTS, f"Deployments_{name}")
                for method, template, handler, name in table
            ]
            made += self._operation_routes(scope, one, end)
        return made

    def _operation_routes(self, scope: str, one: str, end: str) -> list[Route]:
        """Operations of a deployment, and polling."""
        action = f"{DEPLOYMENTS}/operations/read"
        status = f"{DEPLOYMENTS}/operationstatuses/read"
        listed = f"DeploymentOperations_List{end}"
        got = f"DeploymentOperations_Get{end}"
        polling = f"Deployments_CreateOrUpdate{end} (polling)"
        deleting = f"Deployments_Delete{end} (polling)"
        predicting = f"Deployments_WhatIf{end} (polling)"
        addresses = [one]
        if scope == GROUP:
            addresses.append(scope + "/deployments/{deployment}")  # as the SDKs write it
        made = [
            Route(
                "GET",
                one + "/operationStatuses/{operation}",
                self.status,
                DEPLOYMENTS,
                polling,
                action=status,
            ),
            Route(
                "GET",
                one + "/operationResults/{operation}",
                self.gone,
                DEPLOYMENTS,
                deleting,
                action=status,
            ),
        ]
        predicted = one + "/whatIfOperationResults/{operation}"
        made.append(Route("GET", predicted, self.predicted, DEPLOYMENTS, predicting, action=status))
        for address in addresses:
            many = address + "/operations"
            each = many + "/{operation}"
            made += [
                Route("GET", many, self.operations, DEPLOYMENTS, listed, action=action),
                Route("GET", each, self.operation, DEPLOYMENTS, got, action=action),
            ]
        return made

    # Reading ------------------------------------------------------------------------------------

    def _scope(self, call: Call) -> str:
        """The beginning of the ids of the deployments that a call is about."""
        if "group" in call.params:
            return f"{self.context.group(call)['id']}/providers/{DEPLOYMENTS}"
        return f"/subscriptions/{self.context.subscription_id}/providers/{DEPLOYMENTS}"

    def _id(self, call: Call) -> str:
        return f"{self._scope(call)}/{call.params['deployment']}"

    def _one(self, call: Call) -> Record:
        found = self._records.get(self._id(call))
        if found is None:
            raise refusals.not_found(call.params["deployment"])
        return found

    async def list_all(self, call: Call) -> Answer:
        """The deployments of a scope, or those in a state."""
        wanted = filters.wanted(call, LIST_FILTERS).get("provisioningState", "").lower()
        scope = self._scope(call)
        after = skip_token(call)
        keys = (one["id"].lower() for one in self._records.below(scope))

        def entry(key: str) -> JsonObject | None:
            record = self._records.get(key)
            if record is None:
                return None
            state = record["properties"]["provisioningState"].lower()
            return rendered(record) if wanted in ("", state) else None

        return page(call, (key for key in keys if key > after), entry)

    async def get(self, call: Call) -> Answer:
        """One deployment."""
        return Answer(body=rendered(self._one(call)))

    async def exists(self, call: Call) -> Answer:
        """204 or 404, without a body."""
        return Answer(404 if self._records.get(self._id(call)) is None else 204)

    async def export(self, call: Call) -> Answer:
        """The template of a deployment."""
        return Answer(body={"template": self._one(call)["template"]})

    async def template_hash(self, call: Call) -> Answer:
        """The hash of a template, which is not deployed."""
        return Answer(body=hash_of_request(call))

    async def operations(self, call: Call) -> Answer:
        """The operations of a deployment."""
        record = self._one(call)
        shown = [rendered_operation(one) for one in self._records.operations(record["id"])]
        keys = [str(index).zfill(6) for index in range(len(shown))]
        after = skip_token(call)
        return page(call, (key for key in keys if key > after), lambda key: shown[int(key)])

    async def operation(self, call: Call) -> Answer:
        """One operation of a deployment."""
        record = self._one(call)
        wanted = call.params["operation"].lower()
        for one in self._records.operations(record["id"]):
            if one["operationId"].lower() == wanted:
                return Answer(body=rendered_operation(one))
        raise refusals.operation_not_found(call.params["operation"])

    # Deploying ----------------------------------------------------------------------------------

    async def put(self, call: Call) -> Answer:
        """Begin a deployment."""
        prepared = await self._preparing.prepare(call)
        await self._preflight.check(prepared)
        async with self.context.locks.of(self._id(call)):
            old = self._records.get(self._id(call))
            if old is not None and old["properties"]["provisioningState"] not in ENDED:
                raise refusals.is_active(old["name"], old["properties"]["timestamp"])
            _check_location(prepared, old)
            record = self._record(prepared, old)
            back = self._roll_back(prepared)
            if back is not None:
                record["properties"]["onErrorDeployment"] = back.shown()
            journal = Journal(self._records, record, prepared.secrets)
            journal.begin()
            answer = Answer(200 if old else 201, rendered(record), self._polling(call, record))
            self._start(prepared, journal, record, back)
        return answer

    def _roll_back(self, prepared: Prepared) -> RollBack | None:
        asked = prepared.request["properties"].get("onErrorDeployment")
        return roll_back(asked, self._records, self._id(prepared.call))

    def _record(self, prepared: Prepared, old: Record | None) -> Record:
        call = prepared.call
        given = prepared.request["properties"]
        properties: JsonObject = {
            "templateHash": template_hash(prepared.template),
            "parameters": masked_whole(prepared.shown_parameters(), prepared.secrets),
            "mode": prepared.mode,
            "provisioningState": "Accepted",
            "timestamp": iso(),
            "duration": "PT0S",
            "correlationId": str(uuid.uuid4()),
            **described(prepared),
        }
        for name in ("templateLink", "parametersLink"):
            link = link_of(given.get(name), name)
            if link is not None:
                properties[name] = link.shown()
        if given.get("debugSetting") is not None:
            properties["debugSetting"] = given["debugSetting"]
        secrets = prepared.secrets
        return {
            "id": old["id"] if old else self._id(call),
            "name": old["name"] if old else prepared.name,
            "type": DEPLOYMENTS,
            "location": masked(str(prepared.request.get("location") or ""), secrets),
            "tags": masked_whole(tags(prepared.request), secrets),
            "properties": masked(properties, secrets),
            "template": masked_whole(prepared.template.document, secrets),
            "run": uuid.uuid4().hex,
            "started": Clock.now(),
            "is_masked": bool(secrets),
        }

    def _start(
        self, prepared: Prepared, journal: Journal, record: Record, back: RollBack | None
    ) -> None:
        run = Run(prepared, journal, self._dispatch, self._remover, back)
        with masking(prepared.secrets):  # deployments within this one mask them, too
            task = self._tasks.start(run.work())
        if task is not None:
            self._runs[record["run"]] = (run, task)
            task.add_done_callback(lambda _: self._runs.pop(record["run"], None))

    def _polling(self, call: Call, record: Record) -> dict[str, str]:
        return self._address(call, record, "operationStatuses", "Azure-AsyncOperation")

    def _address(self, call: Call, record: Record, kind: str, header: str) -> dict[str, str]:
        query = urlencode({"api-version": call.api_version})
        path = f"{quote(record['id'])}/{kind}/{record['run']}"
        return {
            header: f"{call.base_url}{path}?{query}",
            "Retry-After": str(self.context.clock.retry_after_s(RETRY_AFTER_S)),
        }

    async def status(self, call: Call) -> Answer:
        """Where a deployment is; held for some seconds while it runs."""
        run = call.params["operation"]
        if run in self._runs:
            await asyncio.wait({self._runs[run][1]}, timeout=POLL_S)
        record = self._one(call)
        if record["run"] != run:
            raise errors.operation_not_found()
        state = record["properties"]["provisioningState"]
        body: JsonObject = {"status": state}
        if state not in ENDED:
            return Answer(200, body, self._polling(call, record))
        if "error" in record["properties"]:
            body["error"] = record["properties"]["error"]
        return Answer(body=body)

    async def cancel(self, call: Call) -> Answer:
        """End a deployment that runs: nothing more is begun."""
        record = self._one(call)
        state = record["properties"]["provisioningState"]
        if state in ENDED:
            raise errors.ArmError(
                409,
                "DeploymentCannotBeCancelled",
                f"The deployment '{record['name']}' cannot be cancelled because its provisioning"
                f" state is '{state}'. Only a deployment that is Accepted or Running can.",
            )
        if record["run"] in self._runs:
            self._runs[record["run"]][0].is_stopped = True
        Journal(self._records, record, frozenset()).end("Canceled", {})
        return Answer(204)

    async def delete(self, call: Call) -> Answer:
        """Forget a deployment; what it has made stays."""
        record = self._records.get(self._id(call))
        if record is None:
            return Answer(204)
        if record["properties"]["provisioningState"] not in ENDED:
            raise refusals.is_active(record["name"], record["properties"]["timestamp"])
        self._records.delete(record["id"])
        return Answer(202, headers=self._address(call, record, "operationResults", "Location"))

    async def gone(self, call: Call) -> Answer:
        """A deployment is forgotten at once."""
        return Answer(204)

    async def validate(self, call: Call) -> Answer:
        """Say whether a template can be deployed."""
        prepared = await self._preparing.prepare(call)
        await self._preflight.check(prepared)
        _check_location(prepared, self._records.get(self._id(call)))
        self._roll_back(prepared)
        record = self._record(prepared, None)
        record["properties"]["provisioningState"] = "Succeeded"
        record["properties"]["validatedResources"] = [
            {"id": masked(one.id, prepared.secrets)}
            for one in prepared.plan.resources
            if not one.is_existing
        ]
        shown = rendered(record)
        return Answer(body={name: shown[name] for name in ("id", "name", "type", "properties")})

    async def what_if(self, call: Call) -> Answer:
        """Predict a deployment; a template that cannot be deployed is said in the result."""
        _, request = read_request(call)
        is_whole = is_full(request)
        result: JsonObject = {"status": "Succeeded"}
        try:
            prepared = await self._preparing.prepare(call)
            await self._preflight.check(prepared)
            changes = await self._what_if.changes(prepared, self._remover, full=is_whole)
            result["properties"] = {"correlationId": str(uuid.uuid4()), "changes": changes}
        except errors.ArmError as error:
            result = {"status": "Failed", "error": refusals.plain_body(error)}
        id_ = self._results.keep(call, result)
        query = urlencode({"api-version": call.api_version})
        scope = self._id(call)
        headers = {
            "Location": f"{call.base_url}{quote(scope)}/whatIfOperationResults/{id_}?{query}",
            "Retry-After": str(self.context.clock.retry_after_s(1)),
        }
        return Answer(202, headers=headers)

    async def predicted(self, call: Call) -> Answer:
        """The result of a prediction, for the caller who asked for it."""
        return Answer(body=self._results.get(call))

    # Life ---------------------------------------------------------------------------------------

    def recover(self) -> None:
        """End what a stop of the local cloud has cut off."""
        end_interrupted(self._records, self.context)

    async def finish(self) -> None:
        """Stop what runs; the next start says that it has failed."""
        await self._tasks.close()


def _check_location(prepared: Prepared, old: Record | None) -> None:
    """Refuse to move a deployment: the location of a name stays."""
    wanted = prepared.request.get("location")
    if old is None or not old["location"] or not wanted:
        return
    if regions.location(wanted, DEPLOYMENTS) != regions.location(old["location"], DEPLOYMENTS):
        raise refusals.other_location(old["name"], old["location"], str(wanted))
