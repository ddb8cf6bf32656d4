"""The template and the parameters of a request: in it, or where its links lead."""

from __future__ import annotations

from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.documents import Json, JsonObject
from chatkit.localcloud.resource_manager.core.http import Call
from chatkit.localcloud.resource_manager.templates.reading import located
from chatkit.localcloud.resource_manager.templates.reading.links import Link, link_of
from chatkit.localcloud.resource_manager.templates.reading.located import Located, Path
from chatkit.localcloud.resource_manager.templates.reading.parameters import Section
from chatkit.localcloud.resource_manager.templates.reading.refusals import (
    invalid_template,
    unreadable_template,
)
from chatkit.localcloud.resource_manager.templates.reading.template import Template, open_template
from chatkit.localcloud.resource_manager.templates.sources.fetching import Fetching

TEMPLATE: Path = ("properties", "template")
PARAMETERS: Path = ("properties", "parameters")


def read_request(call: Call) -> tuple[Located, JsonObject]:
    """The body of a request for a deployment, with places.

    Raises:
        ArmError: It is not the body of a deployment.
    """
    if not call.raw.strip():
        raise errors.ArmError(
            400, "MissingRequestBody", "The request body is missing: a JSON object is expected."
        )
    try:
        found = located.read(call.raw)
    except ValueError as error:
        raise errors.invalid_body(str(error).rstrip(".")) from None
    body = found.value
    if not isinstance(body, dict) or not isinstance(body.get("properties"), dict):
        raise errors.invalid_body(
            "Required property 'properties' not found in JSON. Path '', line 1, position 1."
        )
    return found, body


class Sources:
    """Reads what a request gives and what its links lead to."""

    def __init__(self, fetching: Fetching) -> None:
        self._fetching = fetching

    async def template(self, request: Located, properties: JsonObject, call: Call) -> Template:
        """The template of a request.

        Raises:
            ArmError: There is none, it cannot be fetched, or it does not look like a template.
        """
        link = link_of(properties.get("templateLink"), "templateLink")
        given = properties.get("template")
        if link is None:
            return open_template(request, TEMPLATE, _inline(given))
        if given is not None:
            raise _two_of("template")
        found = await self._read(link, call)
        template = open_template(found, (), found.value, link)
        _check_version(link, template.document, "TemplateLink")
        return template

    async def parameters(self, request: Located, properties: JsonObject, call: Call) -> Section:
        """The parameters of a request.

        Raises:
            ArmError: They cannot be had, or are given twice.
        """
        link = link_of(properties.get("parametersLink"), "parametersLink")
        given = properties.get("parameters")
        if link is None:
            return Section(request, PARAMETERS, given)
        if given:
            raise _two_of("parameters")
        found = await self._read(link, call)
        if not isinstance(found.value, dict):
            raise invalid_template("The file of parameters is not an object")
        _check_version(link, found.value, "ParametersLink")
        return Section(found, ("parameters",), found.value.get("parameters"))

    async def _read(self, link: Link, call: Call) -> Located:
        content = await self._fetching.content(link, call)
        try:
            return located.read(content)
        except located.NotJson as error:
            raise unreadable_template(f"{error.sentence}", error.place, error.path) from None
        except ValueError:
            raise invalid_template(
                f"The content of '{link.public_uri or link.id}' is not a text in UTF-8"
            ) from None


def _inline(template: Json) -> Json:
    if isinstance(template, str):
        # The CLI of some versions sends a template as the text of its file.
        try:
            return located.read(template.encode()).value
        except ValueError as error:
            raise errors.invalid_body(str(error).rstrip(".")) from None
    if template is None:
        raise errors.ArmError(
            400,
            "InvalidDeployment",
            "The deployment has no template: give 'template' or 'templateLink'.",
        )
    return template


def _two_of(name: str) -> errors.ArmError:
    return errors.ArmError(
        400,
        "InvalidDeployment",
        f"The deployment has '{name}' and '{name}Link': give one of them.",
    )


def _check_version(link: Link, document: JsonObject, name: str) -> None:
    found = str(document.get("contentVersion") or "")
    if link.content_version in ("", found):
        return
    kind = "template" if name == "TemplateLink" else "parameters"
    raise invalid_template(
        f"The content version contained in the {kind} '{found}' does not match the content version"
        f" found in the deployment object's {name} property '{link.content_version}'. Please see"
        " https://aka.ms/arm-deploy for usage details."
    )
