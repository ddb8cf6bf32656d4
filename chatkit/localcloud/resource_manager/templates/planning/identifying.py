"""Which resource a part of a template is: its type, name, api-version and id.

They are decided before the first resource is deployed, so their expressions ask the cloud nothing.
"""

from __future__ import annotations

from chatkit.localcloud.resource_manager.core.documents import Json
from chatkit.localcloud.resource_manager.core.errors import ArmError
from chatkit.localcloud.resource_manager.core.type_names import RESOURCE_GROUPS
from chatkit.localcloud.resource_manager.templates.language.core.errors import TemplateError
from chatkit.localcloud.resource_manager.templates.language.evaluating import evaluate
from chatkit.localcloud.resource_manager.templates.planning import loops
from chatkit.localcloud.resource_manager.templates.planning.scopes import TemplateScope
from chatkit.localcloud.resource_manager.templates.planning.targets import (
    Target,
    relative_id,
    whole_name,
    whole_type,
)
from chatkit.localcloud.resource_manager.templates.reading.refusals import invalid_template
from chatkit.localcloud.resource_manager.templates.reading.template import Declared, Template

FUNCTIONS_HELP = "Please see https://aka.ms/arm-functions for usage details."


def identified(
    declared: Declared, template: Template, target: Target, scope: TemplateScope
) -> tuple[str, str, str, str]:
    """Id, name, type and api-version.

    Raises:
        ArmError: InvalidTemplate that names the resource.
    """
    types = [text_of(one, "type", template, scope) for one in (*declared.parents, declared)]
    names = [text_of(one, "name", template, scope) for one in (*declared.parents, declared)]
    type_ = whole_type(types)
    name = whole_name(names, type_)
    api_version = text_of(declared, "apiVersion", template, scope)
    _check_segments(declared, template, type_, name)
    return _id(declared, template, target, scope, (type_, name)), name, type_, api_version


def framed(declared: Declared, template: Template, work: loops.Work) -> Json:
    """Evaluate what stands outside of a resource's properties.

    Raises:
        ArmError: InvalidTemplate that names the resource.
    """
    try:
        return work()
    except TemplateError as error:
        raise not_valid(declared, template, error) from None


def not_valid(declared: Declared, template: Template, error: TemplateError) -> ArmError:
    """The refusal of a resource whose expressions cannot be evaluated beforehand."""
    place = template.place(declared.path)
    name = declared.body.get("name") or declared.symbol
    return invalid_template(
        f"The template resource '{name}' at line '{place.line}' and column '{place.column}' is not"
        f" valid: {error.message.rstrip('.')}. {FUNCTIONS_HELP}",
        place,
        declared.path,
    )


def text_of(declared: Declared, name: str, template: Template, scope: TemplateScope) -> str:
    """A property of a resource that must be a text, evaluated, without slashes at its ends.

    Raises:
        ArmError: It is not a text.
    """
    value = framed(declared, template, lambda: evaluate(declared.body.get(name), scope))
    if not isinstance(value, str) or not value.strip("/"):
        place = template.place((*declared.path, name))
        raise invalid_template(
            f"The template resource '{declared.body.get('name')}' at line '{place.line}' and column"
            f" '{place.column}' is not valid. The {name} property is required and must be a"
            " nonempty string. Please see https://aka.ms/arm-syntax-resources for usage details.",
            place,
            (*declared.path, name),
        )
    return value.strip("/")


def _check_segments(declared: Declared, template: Template, type_: str, name: str) -> None:
    if type_.count("/") >= 1 and type_.count("/") == name.count("/") + 1:
        return
    place = template.place(declared.path)
    raise invalid_template(
        f"The template resource '{name}' for type '{type_}' at line '{place.line}' and column"
        f" '{place.column}' has incorrect segment lengths. A nested resource type must have"
        " identical number of segments as its resource name. A root resource type must have"
        " segment length one greater than its resource name. Please see"
        " https://aka.ms/arm-syntax-resources for usage details.",
        place,
        declared.path,
    )


def _id(
    declared: Declared,
    template: Template,
    target: Target,
    scope: TemplateScope,
    named: tuple[str, str],
) -> str:
    type_, name = named
    below = relative_id(type_, name)
    body = declared.body
    if type_.lower() == RESOURCE_GROUPS.lower():
        if target.group:
            raise not_at_a_group(declared, template, name)
        subscription = target.subscription_id
        if body.get("subscriptionId"):
            subscription = text_of(declared, "subscriptionId", template, scope)
        return f"/subscriptions/{subscription}/resourceGroups/{name}"
    outermost = declared.parents[0] if declared.parents else declared
    at = target
    if outermost.body.get("subscriptionId") or outermost.body.get("resourceGroup"):
        at = _elsewhere(outermost, template, target, scope)
    if outermost.body.get("scope") is None:
        return f"{at.id}/providers/{below}"
    if _is_above(outermost, template, scope):
        raise _no_such_scope(outermost, template)
    where = text_of(outermost, "scope", template, scope)
    if where.lower().startswith(("subscriptions/", "providers/")):
        return f"/{where}/providers/{below}"
    return f"{at.id}/providers/{where}/providers/{below}"


def _is_above(declared: Declared, template: Template, scope: TemplateScope) -> bool:
    """Whether a resource is at the tenant or a management group."""
    value = framed(declared, template, lambda: evaluate(declared.body.get("scope"), scope))
    where = str(value).strip("/").lower().removeprefix("providers/")
    return not where or where.startswith("microsoft.management/")


def _no_such_scope(declared: Declared, template: Template) -> ArmError:
    place = template.place((*declared.path, "scope"))
    return invalid_template(
        f"The template resource '{declared.body.get('name')}' at line '{place.line}' and column"
        f" '{place.column}' is not valid: its scope is the tenant or a management group. The local"
        " cloud has one subscription, its resource groups, and their resources",
        place,
        (*declared.path, "scope"),
    )


def not_at_a_group(declared: Declared, template: Template, name: str) -> ArmError:
    """The refusal of a resource group in a deployment to a resource group."""
    place = template.place(declared.path)
    return invalid_template(
        f"The template resource '{name}' of type '{RESOURCE_GROUPS}' at line '{place.line}' and"
        f" column '{place.column}' is not valid: it can be deployed at a subscription only, not"
        " at a resource group",
        place,
        declared.path,
    )


def _elsewhere(
    declared: Declared, template: Template, target: Target, scope: TemplateScope
) -> Target:
    subscription = target.subscription_id
    if declared.body.get("subscriptionId"):
        subscription = text_of(declared, "subscriptionId", template, scope)
    group = target.group
    if declared.body.get("resourceGroup"):
        group = text_of(declared, "resourceGroup", template, scope)
    elif declared.body.get("subscriptionId"):
        group = ""  # the subscription itself: what Bicep writes for `scope: subscription()`
    return Target(subscription, group)
