"""One run of a deployment: its resources, side by side where none waits for another."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from chatkit.localcloud.resource_manager.core.documents import JsonObject
from chatkit.localcloud.resource_manager.core.errors import ArmError
from chatkit.localcloud.resource_manager.gateway.dispatch import Dispatch
from chatkit.localcloud.resource_manager.templates.journal import Journal, Operation
from chatkit.localcloud.resource_manager.templates.language.core.errors import TemplateError
from chatkit.localcloud.resource_manager.templates.outputs import outputs_of
from chatkit.localcloud.resource_manager.templates.planning.bodies import body_of
from chatkit.localcloud.resource_manager.templates.planning.planned import Planned
from chatkit.localcloud.resource_manager.templates.preparing import Prepared
from chatkit.localcloud.resource_manager.templates.reading.refusals import (
    deployment_failed,
    expression_failed,
    plain_body,
)
from chatkit.localcloud.resource_manager.templates.removing import Remover
from chatkit.localcloud.resource_manager.templates.rolling_back import RollBack
from chatkit.localcloud.resource_manager.templates.secrets_kept import masked_whole
from chatkit.localcloud.resource_manager.templates.sending import (
    Failed,
    Sender,
    Stopped,
    url_of,
)

log = logging.getLogger("chatkit.local.arm")
AT_ONCE = 16
BROKEN: JsonObject = {"code": "InternalServerError", "message": "It could not be deployed."}
RESOURCE_FAILED = (
    "The resource write operation failed to complete successfully, because it reached terminal"
    " provisioning state '{state}'."
)


class Run:
    """A deployment on its way.

    Attributes:
        is_stopped: Whether it was cancelled.
    """

    def __init__(
        self,
        prepared: Prepared,
        journal: Journal,
        dispatch: Dispatch,
        remover: Remover,
        back: RollBack | None,
    ) -> None:
        self._prepared = prepared
        self._journal = journal
        self._remover = remover
        self._back = back
        self._sender = Sender(dispatch, prepared.call, lambda: self.is_stopped)
        self._places = asyncio.Semaphore(AT_ONCE)
        self._tasks: dict[str, asyncio.Task[bool]] = {}
        self._failures: list[JsonObject] = []
        self.is_stopped = False

    async def work(self) -> None:
        """Deploy everything, then write down how it ended."""
        try:
            self._journal.run()
            await self._register()
            await self._deploy()
            await self._conclude()
        except asyncio.CancelledError:
            raise  # the local cloud stops: the next start says what became of it
        except Exception:
            log.exception("the deployment %s failed", self._journal.id)
            error = {"code": "InternalServerError", "message": "The deployment could not go on."}
            self._journal.end("Failed", {"error": error})
        finally:
            await self._leave()

    async def _leave(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _register(self) -> None:
        """Register the subscription for the template's providers, where who deploys may.

        Where not, the resource's own refusal says so.
        """
        plan = self._prepared.plan
        for namespace in sorted({one.type.partition("/")[0] for one in plan.resources}):
            url = f"/subscriptions/{plan.target.subscription_id}/providers/{namespace}"
            with suppress(ArmError):
                found = await self._sender.fetch("GET", f"{url}?api-version=2021-04-01")
                if found["registrationState"] == "NotRegistered":
                    await self._sender.send("POST", f"{url}/register?api-version=2021-04-01")

    async def _deploy(self) -> None:
        for one in self._prepared.plan.resources:
            # Every task begins after this loop, when all of them are there to be waited for.
            self._tasks[one.key] = asyncio.create_task(self._in_turn(one))
        await asyncio.gather(*self._tasks.values())

    async def _in_turn(self, one: Planned) -> bool:
        """Deploy a resource after those it waits for; False when it is not there afterwards."""
        for other in self._prepared.waits[one.key]:
            if not await asyncio.shield(self._tasks[other.key]):
                return False
        if one.is_existing:
            return True
        async with self._places:
            if self.is_stopped:
                return False
            return await self._resource(one)

    async def _resource(self, one: Planned) -> bool:
        operation = self._journal.operation("Create", one)
        try:
            if one.is_for_absent and await self._sender.state(one) is not None:
                operation.end("Succeeded", 200)
                return True
            body = await self._body(one)
            answer = await self._sender.change("PUT", url_of(one), body)
        except ArmError as error:
            operation.fail_by(error)
            self._failures.append({**plain_body(error), "target": one.id})
        except Failed as failure:
            self._fail(one, operation, failure)
        except Stopped:
            await self._stop(one)
            operation.end("Canceled", 409)
        except Exception:
            log.exception("%s could not be deployed", one.id)
            operation.fail(500, BROKEN)
            self._failures.append({**BROKEN, "target": one.id})
        else:
            operation.end("Succeeded", 201 if answer.status == 201 else 200)
            return True
        return False

    def _fail(self, one: Planned, operation: Operation, failure: Failed) -> None:
        error = {
            "code": "ResourceDeploymentFailure",
            "target": one.id,
            "message": RESOURCE_FAILED.format(state=failure.state),
            "details": [failure.error] if failure.error else [],
        }
        operation.fail(409, error)
        self._failures.append(error)

    async def _stop(self, one: Planned) -> None:
        """A deployment within this one ends with it."""
        if one.is_deployment:
            path, _, query = url_of(one).partition("?")
            with suppress(ArmError):
                await self._sender.send("POST", f"{path}/cancel?{query}")

    async def _body(self, one: Planned) -> JsonObject:
        facts = self._prepared.facts.knowing(self._prepared.plan)
        scope = one.scope.asking(facts)
        try:
            return await facts.evaluated(lambda: body_of(one, scope), self._sender.fetch)
        except TemplateError as error:
            place = self._prepared.template.place(one.declared.path)
            raise expression_failed(one.name, place, error.message) from None

    async def _conclude(self) -> None:
        if self.is_stopped:
            self._journal.end("Canceled", {})
            return
        if not self._failures and self._prepared.mode == "Complete":
            self._failures += await self._remover.remove_others(
                self._prepared, self._sender, self._journal
            )
        made = {"outputResources": [{"id": id_} for id_ in self._made()]}
        if self._failures:
            await self._fail_with(deployment_failed(self._failures), made)
            return
        operation = self._journal.operation("EvaluateDeploymentOutput", None)
        try:
            outputs = masked_whole(
                await outputs_of(self._prepared, self._sender), self._prepared.secrets
            )
        except ArmError as error:
            operation.fail_by(error)
            await self._fail_with(plain_body(error), made)
            return
        operation.end("Succeeded", 200)
        self._journal.end("Succeeded", {**made, "outputs": outputs})

    async def _fail_with(self, error: JsonObject, made: JsonObject) -> None:
        """Write down that it has failed, after the roll-back that was asked for."""
        if self._back is not None:
            shown, causes = await self._back.run(self._sender)
            made = {**made, "onErrorDeployment": shown}
            error = {**error, "details": [*(error.get("details") or []), *causes]}
        self._journal.end("Failed", {**made, "error": error})

    def _made(self) -> list[str]:
        made = [
            one.id
            for one in self._prepared.plan.resources
            if not one.is_existing and self._tasks[one.key].result()
        ]
        return sorted(made)
