"""What to do about the errors of the Azure SDKs.

The errors themselves stay as the SDK raises them; what is known about them is in
`chatkit/knowledge`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ODataV4Format,
    ServiceRequestError,
    ServiceResponseError,
)

from chatkit.cloud import missing
from chatkit.knowledge.problem import Problem
from chatkit.knowledge.problems import problem, recognition

NOT_THERE = ("ResourceGroupNotFound", "ResourceNotFound", "ParentResourceNotFound", "NotFound")
TOO_MANY = "TooManyRequests"
"""Resource Manager and Graph say it of requests; where SignalR Service does, no SDK asks it."""
# What an error is where its words say no more.
KINDS: tuple[tuple[type[AzureError], str], ...] = (
    (ServiceRequestError, "no-answer"),
    (ServiceResponseError, "connection-broke"),
    (ClientAuthenticationError, "not-signed-in"),
)


def refine_hint(error: BaseException, section: str) -> None:
    """Let an error say the shortest that helps where it was met.

    Args:
        error: With the remedy that `add_hint` gave it, where it did.
        section: The section whose step or check has met it.
    """
    if isinstance(error, AzureError) and code_of(error) in NOT_THERE:
        remedy = missing.remedy(str(error), section)
        if remedy:
            error.__notes__ = [remedy]


def add_hint(error: BaseException) -> None:
    """Add the remedy to an error, once; nothing when none is known."""
    remedy = hint_for(error)
    if remedy and remedy not in getattr(error, "__notes__", ()):
        error.add_note(remedy)


def hint_for(error: BaseException) -> str:
    """Return the remedy for an error of an Azure SDK, or an empty text."""
    if isinstance(error, AzureError) and code_of(error) in NOT_THERE:
        remedy = missing.remedy(str(error))
        if remedy:
            return remedy
    found = problem_of(error)
    return found.remedy if found else ""


def problem_of(error: BaseException) -> Problem | None:
    """Return the known problem that an error of an Azure SDK is, None for any other error.

    The service's code decides, of a deployment that of the resource that failed; without a known
    one, a sentence that only one problem prints; then the kind of error.
    """
    if not isinstance(error, AzureError):
        return None
    code = code_of(error)
    if code == TOO_MANY:
        return problem("throttled")
    inner = getattr(error, "error", None)
    known = map(recognition.of_code, [*_codes_within(inner), code])
    found = next(filter(None, known), None) or recognition.certain(str(error))
    if found is not None:
        return found
    return next((problem(key) for kind, key in KINDS if isinstance(error, kind)), None)


def _codes_within(error: object) -> Iterator[str]:
    """The codes of an error's details, the innermost first."""
    for one in getattr(error, "details", None) or ():
        yield from _codes_within(one)
        yield str(getattr(one, "code", None) or "")


def innermost(error: BaseException) -> ODataV4Format | None:
    """The first of an error's details that has none itself; None for an error without details."""
    found: ODataV4Format | None = None
    inner = getattr(error, "error", None)
    while inner is not None:
        # Microsoft.Web splits one error into several details: code, message, and the whole.
        told = [one for one in getattr(inner, "details", ()) if one.code and one.message]
        inner = next(iter(told), None)
        found = inner or found
    return found


def code_of(error: BaseException) -> str:
    """The service's own error code: Resource Manager's, Microsoft.Web's or storage's shape."""
    if not isinstance(error, HttpResponseError):
        return ""
    known = getattr(error.error, "code", None) or getattr(error, "error_code", None)
    if known:
        return str(getattr(known, "value", known))
    return code_of_answer(error.response)


def code_of_answer(answer: object) -> str:
    """The error code in the body of an answer; empty without one."""
    read: Callable[[], object] | None = getattr(answer, "json", None)
    if read is None:
        return ""
    try:
        body = read()
    except (ValueError, AttributeError):
        return ""
    if not isinstance(body, dict):
        return ""
    inner = body.get("error")
    if not body.get("Code") and isinstance(inner, dict):
        return str(inner.get("code") or "")
    return str(body.get("Code") or "")
