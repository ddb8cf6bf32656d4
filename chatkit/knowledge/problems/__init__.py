"""Every known problem, by the part of the chat; each area has a file.

The order counts: where a text fits several, what stands first is named first. So areas whose
sentences are of one service stand before those whose sentences many programs print.
"""

from __future__ import annotations

from chatkit.knowledge.problem import Problem
from chatkit.knowledge.problems import (
    app_settings,
    azure_sign_in,
    deployment,
    identity,
    loading,
    negotiation,
    notebooks,
    origins,
    resources,
    runtime,
    service,
    storage,
    templates,
    this_machine,
)

AREAS = {
    "Origins": origins.PROBLEMS,
    "Settings": app_settings.PROBLEMS,
    "Identity": identity.PROBLEMS,
    "Runtime": runtime.PROBLEMS,
    "Loading the functions": loading.PROBLEMS,
    "Signing in to Azure": azure_sign_in.PROBLEMS,
    "Resources": resources.PROBLEMS,
    "Deployment": deployment.PROBLEMS,
    "Templates": templates.PROBLEMS,
    "Storage": storage.PROBLEMS,
    "Service": service.PROBLEMS,
    "Negotiation and messages": negotiation.PROBLEMS,
    "Notebooks": notebooks.PROBLEMS,
    "This machine": this_machine.PROBLEMS,
}
PROBLEMS: tuple[Problem, ...] = tuple(problem for area in AREAS.values() for problem in area)
_BY_KEY = {problem.key: problem for problem in PROBLEMS}


def problem(key: str) -> Problem:
    """The problem of a name."""
    return _BY_KEY[key]
