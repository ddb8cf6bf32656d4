"""The resources of a template one by one: loops run, conditions decided, names and ids known.

Nothing of it asks the cloud: Azure decides all of it before the first resource is deployed, and
refuses expressions there that need the state of one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from chatkit.localcloud.resource_manager.core.documents import Json, JsonObject
from chatkit.localcloud.resource_manager.core.errors import ArmError
from chatkit.localcloud.resource_manager.templates.language.core.errors import TemplateError
from chatkit.localcloud.resource_manager.templates.language.core.limits import budget
from chatkit.localcloud.resource_manager.templates.language.core.scope import Place
from chatkit.localcloud.resource_manager.templates.language.evaluating import evaluate
from chatkit.localcloud.resource_manager.templates.planning import loops
from chatkit.localcloud.resource_manager.templates.planning.scopes import TemplateScope
from chatkit.localcloud.resource_manager.templates.planning.targets import (
    DEPLOYMENTS,
    GROUPS,
    Target,
    relative_id,
    whole_name,
    whole_type,
)
from chatkit.localcloud.resource_manager.templates.reading.refusals import invalid_template
from chatkit.localcloud.resource_manager.templates.reading.template import (
    MAX_RESOURCES,
    Declared,
    Template,
    too_many_resources,
)

STEPS_A_RESOURCE = 10
FUNCTIONS_HELP = "Please see https://aka.ms/arm-functions for usage details."


@dataclass(frozen=True)
class Planned:
    """One resource to deploy, or one that exists and is only read.

    Attributes:
        id: Its ARM id.
        name: As the template has it, with the names of its parents.
        type: Its type, with the types of its parents.
        api_version: Of its requests.
        symbol: Its symbolic name.
        loop: The name of the loop that it is of; empty for none.
        turn: Its turn of the loop.
        batch: How many of the loop are deployed at a time; 0 for all.
        is_existing: Whether it is only read.
        declared: What the template has.
        scope: What is around its expressions.
    """

    id: str
    name: str
    type: str
    api_version: str
    symbol: str
    loop: str
    turn: int
    batch: int
    is_existing: bool
    declared: Declared
    scope: TemplateScope

    @property
    def key(self) -> str:
        """What it is known by among the others."""
        prefix = f"{self.symbol}[{self.turn}]:" if self.symbol else ""
        return f"{prefix}{self.id}".lower()

    @property
    def is_deployment(self) -> bool:
        """Whether it is a deployment within the deployment."""
        return self.type.lower() == DEPLOYMENTS.lower()


@dataclass
class Plan:
    """What a template deploys.

    Attributes:
        target: Where.
        resources: In the order of the template.
        left_out: Resources with a condition that is false.
    """

    target: Target
    resources: list[Planned] = field(default_factory=list)
    left_out: list[Planned] = field(default_factory=list)

    def named(self, text: str) -> list[Planned]:
        """The resources that a text means: an id, a symbolic name, a loop, a type with a name."""
        return self._names.meant(text)

    def is_left_out(self, text: str) -> bool:
        """Whether a text means a resource that is not deployed because of its condition."""
        return bool(self._left_out_names.meant(text))

    @cached_property
    def _names(self) -> _Names:
        return _Names(self.resources, self.target)

    @cached_property
    def _left_out_names(self) -> _Names:
        return _Names(self.left_out, self.target)


class _Names:
    """Resources by all that a template may call them."""

    def __init__(self, resources: list[Planned], target: Target) -> None:
        self._below = f"{target.id}/providers/".lower().strip("/")
        self._symbols: dict[str, list[Planned]] = {}
        self._others: dict[str, list[Planned]] = {}
        for one in resources:
            symbols = {one.symbol.lower(), one.loop.lower()} - {""}
            if one.symbol:
                symbols.add(f"{one.symbol}[{one.turn}]".lower())
            for symbol in symbols:
                self._symbols.setdefault(symbol, []).append(one)
            for name in {one.id.lower().strip("/"), one.name.lower()}:
                self._others.setdefault(name, []).append(one)

    def meant(self, text: str) -> list[Planned]:
        """What a text means; symbolic names and loops come first."""
        wanted = text.strip("/").lower()
        by_symbol = self._symbols.get(wanted)
        if by_symbol:
            return by_symbol
        return [*self._others.get(wanted, []), *self._others.get(f"{self._below}/{wanted}", [])]


def plan(template: Template, target: Target, scope: TemplateScope) -> Plan:
    """What a template deploys.

    Raises:
        ArmError: InvalidTemplate.
        TemplateError: Its loops have too many turns.
    """
    made = Plan(target)
    with budget() as steps:
        for declared in template.declared():
            for one, is_wanted in _turns(declared, template, target, scope):
                (made.resources if is_wanted else made.left_out).append(one)
                steps.take_more(STEPS_A_RESOURCE)
    if len(made.resources) > MAX_RESOURCES:
        raise too_many_resources(template, len(made.resources))
    _check_unique(made, template)
    return made


def _check_unique(made: Plan, template: Template) -> None:
    seen: dict[str, Planned] = {}
    for one in made.resources:
        if one.is_existing:
            continue
        first = seen.setdefault(one.id.lower(), one)
        if first is one:
            continue
        a = template.place(first.declared.path)
        b = template.place(one.declared.path)
        raise invalid_template(
            f"The resource '{one.type}/{one.name}' at line '{a.line}' and column '{a.column}' is"
            f" defined multiple times in a template: once more at line '{b.line}' and column"
            f" '{b.column}'. Please see https://aka.ms/arm-syntax-resources for usage details.",
            b,
            one.declared.path,
        )


def _turns(
    declared: Declared, template: Template, target: Target, scope: TemplateScope
) -> Iterator[tuple[Planned, bool]]:
    """A resource once for each turn of its loops, and whether it is wanted."""
    outer = scope.at(Place.RESOURCE)
    for around in _within(declared.parents, outer, template):
        loop = declared.body.get("copy")
        if not isinstance(loop, dict):
            yield _made(declared, template, target, around, ("", 0, 0))
            continue
        name = str(loop.get("name") or declared.symbol)
        count = _count(declared, template, loop, around)
        batch = _batch(declared, template, loop, around)
        for turn in range(count):
            yield _made(declared, template, target, around.turn(name, turn), (name, turn, batch))


def _within(
    parents: tuple[Declared, ...], scope: TemplateScope, template: Template
) -> Iterator[TemplateScope]:
    """The scopes within the turns of the loops of parents."""
    if not parents:
        yield scope
        return
    loop = parents[0].body.get("copy")
    if not isinstance(loop, dict):
        yield from _within(parents[1:], scope, template)
        return
    name = str(loop.get("name") or parents[0].symbol)
    count = _count(parents[0], template, loop, scope)
    for turn in range(count):
        yield from _within(parents[1:], scope.turn(name, turn), template)


def _count(declared: Declared, template: Template, loop: JsonObject, scope: TemplateScope) -> int:
    count: int = _framed(declared, template, lambda: loops.count_of(loop, scope))
    return count


def _batch(declared: Declared, template: Template, loop: JsonObject, scope: TemplateScope) -> int:
    if str(loop.get("mode", "parallel")).lower() != "serial":
        return 0
    size = _framed(declared, template, lambda: evaluate(loop.get("batchSize", 1), scope))
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise invalid_template(
            f"The batchSize '{size}' of the copy loop '{loop.get('name')}' is not a number above 0",
            template.place(declared.path),
            declared.path,
        )
    return size


def _made(
    declared: Declared,
    template: Template,
    target: Target,
    scope: TemplateScope,
    loop: tuple[str, int, int],
) -> tuple[Planned, bool]:
    """One resource of the template, and whether its condition holds, with those of its parents.

    What is not wanted may have a name that cannot be evaluated: published templates take it from a
    parameter that is null then.
    """
    is_wanted = all(_condition(one, template, scope) for one in (*declared.parents, declared))
    known = ("", "", "", "")
    try:
        known = _known(declared, template, target, scope)
    except ArmError:
        if is_wanted:
            raise
    id_, name, type_, api_version = known
    made = Planned(
        id=id_,
        name=name,
        type=type_,
        api_version=api_version,
        symbol=declared.symbol,
        loop=loop[0],
        turn=loop[1],
        batch=loop[2],
        is_existing=bool(declared.body.get("existing")),
        declared=declared,
        scope=scope,
    )
    return made, is_wanted


def _known(
    declared: Declared, template: Template, target: Target, scope: TemplateScope
) -> tuple[str, str, str, str]:
    """Id, name, type and api-version."""
    types = [_text(one, "type", template, scope) for one in (*declared.parents, declared)]
    names = [_text(one, "name", template, scope) for one in (*declared.parents, declared)]
    type_ = whole_type(types)
    name = whole_name(names, type_)
    api_version = _text(declared, "apiVersion", template, scope)
    _check_segments(declared, template, type_, name)
    return _id(declared, template, target, scope, (type_, name)), name, type_, api_version


def _framed(declared: Declared, template: Template, work: loops.Work) -> Json:
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


def _text(declared: Declared, name: str, template: Template, scope: TemplateScope) -> str:
    value = _framed(declared, template, lambda: evaluate(declared.body.get(name), scope))
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


def _condition(declared: Declared, template: Template, scope: TemplateScope) -> bool:
    value = _framed(
        declared, template, lambda: evaluate(declared.body.get("condition", True), scope)
    )
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    place = template.place((*declared.path, "condition"))
    raise invalid_template(
        f"The template resource '{declared.body.get('name')}' at line '{place.line}' and column"
        f" '{place.column}' has a condition that is not a boolean value",
        place,
        (*declared.path, "condition"),
    )


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
    if type_.lower() == GROUPS.lower():
        if target.group:
            raise not_at_a_group(declared, template, name)
        subscription = body.get("subscriptionId")
        return f"/subscriptions/{subscription or target.subscription_id}/resourceGroups/{name}"
    outermost = declared.parents[0] if declared.parents else declared
    at = target
    if outermost.body.get("subscriptionId") or outermost.body.get("resourceGroup"):
        at = _elsewhere(outermost, template, target, scope)
    if outermost.body.get("scope") is None:
        return f"{at.id}/providers/{below}"
    where = _text(outermost, "scope", template, scope)
    if where.lower().startswith("subscriptions/"):
        return f"/{where}/providers/{below}"
    if where.lower().startswith("providers/"):
        return f"/{where}/providers/{below}"
    return f"{at.id}/providers/{where}/providers/{below}"


def not_at_a_group(declared: Declared, template: Template, name: str) -> ArmError:
    """The refusal of a resource group in a deployment to a resource group."""
    place = template.place(declared.path)
    return invalid_template(
        f"The template resource '{name}' of type '{GROUPS}' at line '{place.line}' and column"
        f" '{place.column}' is not valid: it can be deployed at a subscription only, not at a"
        " resource group",
        place,
        declared.path,
    )


def _elsewhere(
    declared: Declared, template: Template, target: Target, scope: TemplateScope
) -> Target:
    subscription = target.subscription_id
    if declared.body.get("subscriptionId"):
        subscription = _text(declared, "subscriptionId", template, scope)
    group = target.group
    if declared.body.get("resourceGroup"):
        group = _text(declared, "resourceGroup", template, scope)
    elif subscription.lower() != target.subscription_id.lower():
        group = ""
    return Target(subscription, group)
