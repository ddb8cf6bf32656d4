"""Finding an operation and running it: the same for a request from outside and for a deployment's.

What a template deploys goes through here, too, with the rights of the caller who deploys it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

from chatkit.localcloud.entra.tokens import Claims
from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.documents import Json
from chatkit.localcloud.resource_manager.core.http import Answer, Call
from chatkit.localcloud.resource_manager.core.registry import Registry
from chatkit.localcloud.resource_manager.core.routing import Match, Route, Router
from chatkit.localcloud.resource_manager.gateway.admission import Admission
from chatkit.localcloud.resource_manager.gateway.late import Late

Observer = Callable[[Route, Call, Answer], None]
# Operations of Microsoft.Resources on subscriptions and groups that the local cloud does not have.
OTHER_OPERATIONS = {
    *("moveresources", "validatemoveresources", "tagnames"),
    *("checkzonepeers", "checkpolicycompliance", "deploymentoperations"),
}


class Dispatch:
    """Every operation, behind what lets a call through to it.

    Attributes:
        observe: Sees every call that found its operation, and its answer.
    """

    def __init__(
        self, registry: Registry, router: Router, admission: Admission, late: Late
    ) -> None:
        self._registry = registry
        self._router = router
        self._admission = admission
        self._late = late
        self.observe: Observer = _not_observed

    def match(self, method: str, path: str) -> Match | None:
        """What a path belongs to, if it is one of an operation."""
        return self._router.match(method, path)

    def check_token(self, header: str) -> Claims:
        """The claims of the token in an Authorization header; see `Admission.check_token`."""
        return self._admission.check_token(header)

    def check_role(self, call: Call, route: Route) -> None:
        """Refuse a call that the caller has no role for; see `Authorization.check`."""
        self._admission.check_role(call, route)

    def check_version(self, type_: str, version: str) -> None:
        """Refuse an api-version that a type does not have; see `Registry.check_version`."""
        self._registry.check_version(type_, version)

    async def run(self, route: Route, call: Call) -> Answer:
        """Let a call through to its operation, and run that.

        Raises:
            ArmError: It is refused.
        """
        try:
            left = {} if route.is_open else await self._admission.admit(call, route)
            is_new = self._late.is_new(route, call)
            answer = await route.handler(call)
        except errors.ArmError as error:
            self.observe(route, call, failed(error))
            raise
        self._late.note(route, call, is_new=is_new)
        self.observe(route, call, answer)
        answer.headers = {**left, **answer.headers}
        return answer

    async def send(self, method: str, url: str, caller: Call, body: Json = None) -> Answer:
        """Send a request from inside with the rights of a caller.

        Args:
            method: HTTP method.
            url: Path and query, with or without scheme and host.
            caller: Whose claims and address count.
            body: JSON; None for no body.

        Raises:
            ArmError: It is refused.
        """
        parts = urlsplit(url)
        route, params = self.found(method, parts.path)
        raw = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        query = {name.lower(): value for name, value in parse_qsl(parts.query, True)}
        call = Call(
            method, parts.path, params, query, {}, raw, caller.base_url, claims=caller.claims
        )
        return await self.run(route, call)

    def found(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The operation of a path, and the values of its placeholders.

        Raises:
            ArmError: There is none.
        """
        match = self.match(method, path)
        if match is None:
            raise self.no_operation(path)
        if match.route is None:
            raise not_allowed(method, path, match)
        return match.route, match.params

    def no_operation(self, path: str) -> errors.ArmError:
        """The answer to a path of no operation: 501 where Azure has one, else 404."""
        types = self._registry.api_versions
        supported = ", ".join(type_ for type_ in types if not type_.endswith("/locations"))
        segments = [segment for segment in path.split("/") if segment]
        lowered = [segment.lower() for segment in segments]
        if OTHER_OPERATIONS.intersection(lowered[2:5]) and "providers" not in lowered[:-1]:
            return errors.not_implemented(f"The operation '{path}'", supported)
        if "providers" not in lowered[:-1]:
            sentence = f"There is nothing at '{path}'. The local cloud supports {supported}."
            return errors.ArmError(404, "InvalidRequestUri", sentence)
        at = len(lowered) - lowered[::-1].index("providers")
        type_ = "/".join(segments[at : at + 2])
        if type_.lower() in {known.lower() for known in types}:
            return errors.not_implemented(f"The operation '{path}'", supported)
        return errors.not_implemented(f"The resource type '{type_}'", supported)


def not_allowed(method: str, path: str, match: Match) -> errors.ArmError:
    """405 for a path whose operations have other methods."""
    allowed = ", ".join(match.allowed)
    return errors.ArmError(
        405,
        "HttpMethodNotAllowed",
        f"The HTTP method '{method}' is not supported at scope '{path}'. Supported: {allowed}.",
        headers={"Allow": allowed},
    )


def failed(error: errors.ArmError) -> Answer:
    """An error as an answer."""
    cause = "service" if error.service else "gateway"
    return Answer(error.status, error.body(), {"x-ms-failure-cause": cause, **error.headers})


def _not_observed(route: Route, call: Call, answer: Answer) -> None:
    """Calls are observed in tests only."""
