"""Publishing the function app: one request to its deployment endpoint, then waiting for an answer.

Follows Microsoft's page "Deployment technologies in Azure Functions" (one deploy). An Entra token
signs the request, never a password.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from time import monotonic

from azure.core.exceptions import AzureError, ServiceRequestError, ServiceResponseError
from azure.core.rest import HttpResponse
from azure.mgmt.web.models import Site

from chatkit.cloud.calls import Calls, lasting
from chatkit.cloud.connection import Rest
from chatkit.cloud.hints import add_hint
from chatkit.cloud.provision.function_app import check_plan
from chatkit.cloud.publish import deployments
from chatkit.cloud.publish.deployments import SUCCEEDED, Failure, Record
from chatkit.cloud.stack import Stack
from chatkit.core.errors import ServiceError

PUBLISH = "/api/publish?RemoteBuild=true&Deployer=chatkit"
ZIP = {"Content-Type": "application/zip"}
ANSWERED = (200, 401)
BUSY = 409
STARTING = (404, 502, 503, 504)  # what an app answers that is not there yet
SURE_S = 30
DEPLOY_LIMIT_S = 600
BUSY_LIMIT_S = 300
LISTED_LIMIT_S = 300
ANSWER_LIMIT_S = 180
REACHABLE_LIMIT_S = 300


@dataclass(frozen=True)
class Deployment:
    """One finished deployment."""

    id: str
    status: int
    text: str


def publish(stack: Stack, package: bytes, *, known: str = "") -> tuple[list[str], str]:
    """Publish a package to the function app and wait until its functions are listed.

    Args:
        stack: Whose function app it is.
        package: The zip.
        known: What an earlier call returned as its second value: that package is not sent again
            while the site still runs it.

    Returns:
        Names of the functions, sorted, and what to pass as `known` next time.

    Raises:
        SetupError: The site is on a plan that is published to in another way.
        ServiceError: It was refused or failed, or no function came out of it.
    """
    digest, _, deployment = known.partition(" ")
    names = stack.names
    sites = stack.cloud.web().web_apps
    site = stack.calls.call(sites.get, names.resource_group, names.function_app)
    check_plan(site)
    scm = scm_url(site)
    mine = hashlib.sha256(package).hexdigest()
    if digest != mine or latest(stack, scm) != deployment:
        deployment = upload_package(stack, scm, package).id
    else:
        post = stack.cloud.rest(scm).post
        stack.calls.would_call(post, PUBLISH, content=package, headers=ZIP)
    return wait_until_listed(stack), f"{mine} {deployment}"


def latest(stack: Stack, scm_url: str) -> str:
    """Id of the deployment a site runs, empty when it does not say."""
    answer = stack.calls.call(stack.cloud.rest(scm_url).get, deployments.LIST)
    newest = deployments.newest(answer) or {}
    return str(newest.get("id", "")) if newest.get("status") == SUCCEEDED else ""


def upload_package(stack: Stack, scm_url: str, package: bytes) -> Deployment:
    """Send a package to a site and wait until it is built and released.

    Raises:
        ServiceError: It was refused or failed; the last lines of the build log are in the message.
    """
    scm = stack.cloud.rest(scm_url)
    answer = _accepted(stack.calls, scm, package)
    location = answer.headers.get("Location") or f"{deployments.LIST}/{answer.json()}"
    return _finished(stack.calls, scm, location)


def _accepted(calls: Calls, scm: Rest, package: bytes) -> HttpResponse:
    """Send the package. While another deployment runs, the site answers 409."""
    _reachable(calls, scm)
    for _ in calls.waiting(BUSY_LIMIT_S, "another deployment has ended"):
        answer = calls.call(scm.post, PUBLISH, content=package, headers=ZIP)
        if answer.status_code != BUSY:
            break
    if answer.status_code >= 400:
        sentence = f"The package was refused: {_sentence(answer)}"
        raise ServiceError(answer.status_code, "PublishRefused", sentence, hint=_hint(answer))
    return answer


def _reachable(calls: Calls, scm: Rest) -> None:
    """Wait for a new site's endpoint: its name takes time to get into DNS, and it has to start.

    Raises:
        ServiceRequestError: Its name is still not there.
        ServiceError: It has not started.
    """
    trouble: ServiceRequestError | ServiceResponseError | None = None
    for _ in calls.waiting(REACHABLE_LIMIT_S, "the app's deployment endpoint has started"):
        try:
            trouble = None
            answer = scm.get("/api/isdeploying", retry_total=0)
            if answer.status_code not in STARTING:
                return
        except (ServiceRequestError, ServiceResponseError) as error:
            trouble = error
    if trouble is None:
        raise ServiceError(
            answer.status_code,
            "EndpointNotStarted",
            f"The app's deployment endpoint still answers {answer.status_code} after"
            f" {lasting(REACHABLE_LIMIT_S)}. A new one has to get into DNS, and to start.",
            hint="Publish again: nothing was sent, and nothing is lost.",
        )
    add_hint(trouble)
    raise trouble


def _finished(calls: Calls, scm: Rest, location: str) -> Deployment:
    """Poll a deployment until it has ended."""
    seen: Record = {}
    for _ in calls.waiting(DEPLOY_LIMIT_S, "the package is built and released"):
        answer = scm.get(location)
        # Not found is normal at first. Later it means that the worker was replaced, which only a
        # success does.
        if answer.status_code == 404 and seen:
            return Deployment(str(seen.get("id", "")), SUCCEEDED, "")
        if answer.status_code == 404:
            continue
        answer.raise_for_status()
        seen = answer.json()
        status = seen.get("status", 0)
        if status == SUCCEEDED:
            _check_functions(seen)
            return Deployment(str(seen.get("id", "")), status, str(seen.get("status_text") or ""))
        if failed := deployments.failure(scm, seen):
            raise _failure(failed)
    raise ServiceError(
        504,
        "DeploymentTimeout",
        f"The deployment has not ended within {lasting(DEPLOY_LIMIT_S)}. It goes on in Azure.",
        hint="Publish again: it waits for the one that runs, then sends the package anew.",
    )


def _check_functions(seen: Record) -> None:
    """Look for functions that the host leaves out, because their bindings are wrong.

    Raises:
        ServiceError: There are some; the version is released without them.
    """
    if left_out := deployments.left_out(seen):
        said = "".join(f"\n  {one}" for one in left_out)
        hint = "\nRepair it, then publish again."
        raise ServiceError(
            200,
            "FunctionsInError",
            f"The package is released, but not all of it can run.{said}",
            hint=hint,
        )


def _failure(failed: Failure) -> ServiceError:
    said = "".join(f"\n  {line}" for line in failed.said if line)
    repair = "Repair it"
    if missing := re.search(r"No module named '([\w.]+)'", said):
        repair = f"Name the package of {missing[1]} in requirements.txt"
    hint = f"\n{repair}, then publish again: nothing else changed."
    message = f"The deployment {failed.how}.{said}"
    return ServiceError(failed.status, "DeploymentFailed", message, hint=hint)


def _sentence(answer: HttpResponse) -> str:
    text = answer.text().strip()
    return text[:400] if text else f"status {answer.status_code}"


def _hint(answer: HttpResponse) -> str:
    if answer.status_code in (401, 403):
        return (
            "Publishing uses your sign-in, not a publishing password:"
            " you need Contributor or Website Contributor on the site."
        )
    if answer.status_code == BUSY:
        return "Another deployment still runs: publish again when it has ended."
    if answer.status_code == 404:
        return (
            "This site has no Flex deployment endpoint:"
            " workshop.clean_up(), then workshop.create_function_app()."
        )
    return ""


def scm_url(site: Site) -> str:
    """Address of a site's deployment endpoint."""
    states = (site.properties.host_name_ssl_states if site.properties else None) or []
    return "https://" + next(str(state.name) for state in states if state.host_type == "Repository")


def listed(stack: Stack) -> list[str]:
    """Names of the app's functions, sorted; none while the host starts."""
    names = stack.names
    ask = stack.cloud.web().web_apps.list_functions
    found = stack.calls.list(ask, names.resource_group, names.function_app)
    return sorted(str(item.name).rpartition("/")[2] for item in found)


def wait_until_listed(stack: Stack) -> list[str]:
    """Wait until Resource Manager lists the app's functions.

    Returns:
        Their names, sorted.

    Raises:
        ServiceError: Still none: the app could not be loaded.
    """
    sites = stack.cloud.web().web_apps
    for count in stack.calls.waiting(LISTED_LIMIT_S, "the app's functions are listed"):
        found = listed(stack)
        if found:
            return found
        if count % 5 == 4:
            names = stack.names
            stack.calls.call(sites.sync_function_triggers, names.resource_group, names.function_app)
    raise ServiceError(
        503,
        "NoFunctions",
        "The app was published but has no functions.",
        hint="Most often an import fails: look at the app's log, and at requirements.txt.",
    )


def wait_until_answers(stack: Stack, api_base_url: str, path: str) -> None:
    """Wait until the deployed app answers a POST, or asks to sign in.

    It restarts after a publish and after a settings change.

    Raises:
        ServiceError: It still answers something else, or the same error of its own for half a
            minute.
    """
    app = stack.cloud.rest(api_base_url, signed_in=False)
    last = "nothing"
    since = monotonic()
    for _ in stack.calls.waiting(ANSWER_LIMIT_S, "the app answers after its restart"):
        try:
            answer = app.post(path, retry_total=0)
        except AzureError as error:
            last = type(error).__name__
            since = monotonic()
            continue
        if answer.status_code in ANSWERED:
            return
        now = f"{answer.status_code} {_sentence(answer)}"
        if now != last or answer.status_code in STARTING:
            last = now
            since = monotonic()
        elif monotonic() - since > SURE_S:
            break
    hint = "Look at the function's code, and at workshop.upload_settings()."
    raise ServiceError(503, "NoAnswer", f"{path} answers {last}", hint=hint)
