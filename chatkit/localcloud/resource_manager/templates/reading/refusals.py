"""Refusals of deployments, in the words and the nesting of Azure."""

from __future__ import annotations

from collections.abc import Sequence

from chatkit.localcloud.resource_manager.core.documents import JsonObject
from chatkit.localcloud.resource_manager.core.errors import ArmError
from chatkit.localcloud.resource_manager.templates.reading.located import Path, Position, at, dotted

OPERATIONS_HELP = (
    "At least one resource deployment operation failed. Please list deployment operations for"
    " details. Please see https://aka.ms/arm-deployment-operations for usage details."
)


def invalid_template(
    sentence: str, place: Position | None = None, path: Path = (), *, details: Sequence[str] = ()
) -> ArmError:
    """400 for a template that cannot be deployed.

    Args:
        sentence: What is wrong.
        place: Where in the request.
        path: The same as a path in the template.
        details: More sentences of the same kind.
    """
    found = place or Position()
    info = {"lineNumber": found.line, "linePosition": found.column, "path": dotted(path)}
    return ArmError(
        400,
        "InvalidTemplate",
        f"Deployment template validation failed: '{sentence}'.",
        details=[{"code": "InvalidTemplate", "message": text} for text in details],
        additional_info=[{"type": "TemplateViolation", "info": info}],
    )


def unreadable_template(sentence: str, place: Position, path: Path = ()) -> ArmError:
    """400 for a template that has not the form of one."""
    return ArmError(
        400,
        "InvalidTemplate",
        f"Deployment template parse failed: '{sentence} Path '{dotted(path)}', {at(place)}.'.",
        additional_info=[
            {
                "type": "TemplateViolation",
                "info": {
                    "lineNumber": place.line,
                    "linePosition": place.column,
                    "path": dotted(path),
                },
            }
        ],
    )


def no_key_vault(parameter: str, reference: JsonObject) -> ArmError:
    """400 for a parameter that refers to a secret of a key vault: there are none here.

    The code and the first sentence are Azure's for a vault that it does not find.
    """
    vault = reference.get("keyVault")
    id_ = vault.get("id") if isinstance(vault, dict) else None
    return ArmError(
        400,
        "KeyVaultParameterReferenceNotFound",
        f"The specified KeyVault '{id_ or ''}' could not be found. Please see"
        f" https://aka.ms/arm-keyvault for usage details. The parameter '{parameter}' refers to its"
        f" secret '{reference.get('secretName') or ''}'; the local cloud has no Microsoft.KeyVault:"
        " give the value itself, to a parameter of the type securestring.",
    )


def expression_failed(name: str, place: Position, sentence: str) -> ArmError:
    """400 for an expression that fails while its resource is deployed."""
    return ArmError(
        400,
        "InvalidTemplate",
        f"Unable to process template language expressions for resource '{name}' at line"
        f" '{place.line}' and column '{place.column}'. '{sentence}'",
    )


def output_failed(sentence: str) -> ArmError:
    """400 for outputs that cannot be evaluated."""
    return ArmError(
        400,
        "DeploymentOutputEvaluationFailed",
        f"Unable to evaluate template outputs: '{sentence}'. Please see error details and"
        " deployment operations. Please see https://aka.ms/arm-common-errors for usage details.",
    )


def deployment_failed(causes: Sequence[JsonObject]) -> JsonObject:
    """The error of a deployment of which some resource failed, with each one's own."""
    return {"code": "DeploymentFailed", "message": OPERATIONS_HELP, "details": [*causes]}


def preflight_failed(causes: Sequence[ArmError], deployment: str, tracking: str) -> ArmError:
    """400 for a template that providers refuse before anything is deployed."""
    return ArmError(
        400,
        "InvalidTemplateDeployment",
        f"The template deployment '{deployment}' is not valid according to the validation"
        f" procedure. The tracking id is '{tracking}'. See inner errors for details.",
        details=[cause.body()["error"] for cause in (_plain(cause) for cause in causes)],
    )


def _plain(error: ArmError) -> ArmError:
    """An error in Resource Manager's own shape."""
    return ArmError(
        error.status,
        error.code,
        error.message,
        target=error.target,
        details=error.details,
        additional_info=error.additional_info,
    )


def plain_body(error: ArmError) -> JsonObject:
    """What `details` show of an error, whichever shape its own answer has."""
    body: JsonObject = _plain(error).body()["error"]
    return body


def is_active(name: str, since: str) -> ArmError:
    """409 for a deployment that runs."""
    return ArmError(
        409,
        "DeploymentActive",
        f"Unable to edit or replace deployment '{name}': previous deployment from '{since}' is"
        " still active. Please see https://aka.ms/arm-deploy for usage details.",
    )


def other_location(name: str, old: str, wanted: str) -> ArmError:
    """409 for a deployment that is to move."""
    return ArmError(
        409,
        "InvalidDeploymentLocation",
        f"Invalid deployment location '{wanted}'. The deployment '{name}' already exists in"
        f" location '{old}'.",
    )


def not_found(name: str) -> ArmError:
    """404 for a deployment."""
    return ArmError(404, "DeploymentNotFound", f"Deployment '{name}' could not be found.")


def operation_not_found(operation: str) -> ArmError:
    """404 for an operation of a deployment."""
    return ArmError(
        404,
        "DeploymentOperationNotFound",
        f"Deployment operation '{operation}' could not be found.",
    )
