"""Template deployments: a template that is refused, a resource of it that fails."""

from __future__ import annotations

from chatkit.knowledge.problem import MANAGER, Problem

PROBLEMS = (
    Problem(
        key="template-invalid",
        title="Azure cannot read the template",
        cause="The template, or a value of its parameters, is not as the language of templates"
        " wants it; Azure's sentence names the place.",
        fix="Mend that place in my-chat/template, or give the parameter its value:"
        " `workshop.deploy_template(NAME='...')`. The cell of notebook 13 that begins with"
        " %%chatfile writes the kit's own template again.",
        links=(f"{MANAGER}/troubleshooting/error-invalid-template",),
        codes=("InvalidTemplate", "InvalidDeploymentParameterValue"),
        says=(
            r"deployment template (validation|parse|language expression).{0,40}failed",
            r"unable to process template language expressions",
            r"deployment template .{0,30}is not valid",
        ),
    ),
    Problem(
        key="deployment-runs",
        title="A deployment of this name runs already",
        cause="A group takes one deployment of a name at a time, and the one before has not ended.",
        fix="Wait until it has ended, then run the cell again.",
        links=(f"{MANAGER}/troubleshooting/common-deployment-errors",),
        codes=("DeploymentActive", "DeploymentBeingDeleted"),
        says=(r"unable to edit or replace deployment", r"deployment .{0,120}is still active"),
    ),
    Problem(
        key="deployment-failed",
        title="A resource of the template was refused",
        cause="One of its resources was refused, before anything was made or while the others were"
        " made; the details name it and say why.",
        fix="Mend what they name, then call workshop.deploy_template() again: what is made already"
        " stays, and only the rest is made.",
        links=(f"{MANAGER}/troubleshooting/find-error-code",),
        codes=("DeploymentFailed", "InvalidTemplateDeployment", "ResourceDeploymentFailure"),
        says=(
            r"at least one resource deployment operation failed",
            r"the template deployment .{0,80}is not valid according to the validation procedure",
            r"the template deployment failed",
        ),
    ),
)
