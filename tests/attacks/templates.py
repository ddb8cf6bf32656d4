"""Attempts against template deployments: at secure values, at much work, at other groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.attacks.group import Group
from tests.localcloud.resource_manager.templates.deploying import (
    nested,
    signalr,
    template,
    unknown_principal,
)

PASSWORD = "[parameters('password')]"
SECURE = {"password": {"type": "secureString"}, "quoted": {"type": "secureString"}}
# What a test gives for them; "horse" is in both.
SECRETS = {"password": "correct-horse-battery", "quoted": 'horse and "saddle"'}


def out(value: Any, type_: str = "string") -> dict[str, Any]:
    """An output."""
    return {"type": type_, "value": value}


def loop(count: int, input_: Any) -> dict[str, Any]:
    """An object with a loop that makes its property `x`."""
    return {"copy": [{"name": "x", "count": count, "input": input_}]}


def _secure(*resources: Any, **sections: Any) -> dict[str, Any]:
    parameters = {**SECURE, **sections.pop("parameters", {})}
    return template(*resources, **sections, parameters=parameters)


def _passed_on(
    *resources: Any, declared: Mapping[str, Any] | None = None, **sections: Any
) -> dict[str, Any]:
    """A deployment that gets the password as a parameter that is not secure."""
    parameters = {"p": {"type": "string", **(declared or {})}}
    inner = template(*resources, **sections, parameters=parameters)
    return nested(inner, parameters={"p": {"value": PASSWORD}})


PASSED = "[parameters('p')]"
# Where a template puts a secure value, so that an answer or a sentence would show it.
SECRET_PLACES: dict[str, Any] = {
    "a location": _secure(signalr("chat-1", location=PASSWORD)),
    "a tier": _secure(signalr("chat-1", sku={"name": PASSWORD})),
    "a tag": _secure(signalr("chat-1", tags={"a": PASSWORD})),
    "a name that others wait for": _secure(
        signalr(PASSWORD), signalr("chat-2", dependsOn=[PASSWORD])
    ),
    "an api-version": _secure(signalr("chat-1", apiVersion=PASSWORD)),
    "the scope of a role": _secure({**unknown_principal(), "scope": PASSWORD}),
    "the default of another parameter": _secure(
        parameters={"q": {"type": "string", "defaultValue": PASSWORD}}
    ),
    "a wrong default of another parameter": _secure(
        parameters={"q": {"type": "int", "defaultValue": PASSWORD}}
    ),
    "the tags of a nested deployment": _secure({**_passed_on(), "tags": {"a": PASSWORD}}),
    "the location of a nested deployment": _secure({**_passed_on(), "location": PASSWORD}),
    "the group of a nested deployment": _secure({**_passed_on(), "resourceGroup": PASSWORD}),
    "the mode of a nested deployment": _secure(nested(template(), mode=PASSWORD)),
    "a parameter of a nested deployment": _secure(_passed_on(signalr("chat-1", location=PASSED))),
    "a parameter that a nested deployment refuses": _secure(
        _passed_on(declared={"allowedValues": ["other"]})
    ),
    "a wrong variable of a nested deployment": _secure(
        _passed_on(variables={"v": "[int(parameters('p'))]"})
    ),
    "an output of a nested deployment": _secure(_passed_on(outputs={"o": out(PASSED)})),
    "an output": _secure(outputs={"o": out(PASSWORD)}),
    "an output in JSON": _secure(outputs={"o": out("[string(createArray(parameters('quoted')))]")}),
    "the name of a property": _secure(
        outputs={"o": out("[createObject(parameters('password'), 1)]", "object")}
    ),
    "the function deployment": _secure(outputs={"o": out("[deployment()]", "object")}),
}


def _nested_lists(depth: int) -> Any:
    found: Any = []
    for _ in range(depth):
        found = [found]
    return found


def _doubling() -> dict[str, Any]:
    found: dict[str, Any] = {"v0": ["aaaaaaaa"]}
    for at in range(1, 30):
        found[f"v{at}"] = [f"[variables('v{at - 1}')]"] * 2
    return found


def _copies(name: str, count: int = 800) -> dict[str, Any]:
    return {"name": name, "count": count}


def _within(depth: int) -> dict[str, Any]:
    """A resource within a resource within a resource, each in a loop, none of them wanted."""
    one: dict[str, Any] = signalr("a", copy=_copies("loop"), condition=False)
    for at in range(depth):
        one = signalr("a", copy=_copies(f"loop{at}"), condition=False, resources=[one])
    return one


def _deployments(depth: int) -> dict[str, Any]:
    """Deployments within deployments within deployments, each in a loop."""
    made = template(signalr("chat-1"))
    for at in range(depth):
        one = nested(made, copy=_copies("loop"))
        made = template({**one, "name": f"[concat('d{at}-', copyIndex())]"})
    return made


OTHERS = "[map(range(0, 800), lambda('i', concat('chat-', string(lambdaVariables('i')))))]"
TOO_MUCH: dict[str, Any] = {
    "loops": template(variables={"a": loop(800, loop(800, loop(800, "a")))}),
    "calls": template(variables={"a": loop(800, loop(800, "[toLower('a')]"))}),
    "doubling": template(variables=_doubling()),
    "ranges": template(variables={"a": "[map(range(0, 9999), lambda('i', range(0, 9999)))]"}),
    "deep variable": template(variables={"a": _nested_lists(800)}),
    "loops of a property": template(
        signalr("chat-1", properties=loop(800, loop(800, loop(800, "a"))))
    ),
    "loops of resources within resources": template(_within(3)),
    "everything waits for everything": template(
        signalr("[concat('chat-', copyIndex())]", copy=_copies("loop"), dependsOn=OTHERS)
    ),
    "deployments within deployments": _deployments(3),
    "secure values without end": template(
        parameters={
            "o": {
                "type": "secureObject",
                "defaultValue": {f"k{at}": f"s{at}" for at in range(9999)},
            }
        }
    ),
}

# What somebody asks for who may deploy to the group "class" alone, with the group "other" there.
ELSEWHERE: dict[str, Any] = {
    "a nested deployment to the group": nested(template(), resourceGroup="other"),
    "a nested deployment of a nested deployment to the group": nested(
        template(nested(template(), name="second", resourceGroup="other"))
    ),
    "a nested deployment to the subscription": nested(
        template(), scope="[subscription().id]", location="eastus2"
    ),
    "a role at a resource of the group": {
        **unknown_principal(),
        "scope": "[resourceId('other', 'Microsoft.Storage/storageAccounts', 'theirsx1')]",
    },
    "a resource of the group that exists": {
        **signalr("theirsx1"),
        "type": "Microsoft.Storage/storageAccounts",
        "apiVersion": "2025-08-01",
        "existing": True,
        "scope": "[concat(subscription().id, '/resourceGroups/other')]",
    },
}
THEIRS = "resourceId('other', 'Microsoft.Storage/storageAccounts', 'theirsx1'), '2025-08-01'"
# Outputs that would show what the group has.
READING: dict[str, str] = {
    "the keys of an account": f"[listKeys({THEIRS}).keys[0].value]",
    "the state of an account": f"[string(reference({THEIRS}))]",
    "the whole of an account": f"[string(reference({THEIRS}, 'full'))]",
}

GROUPS = (
    Group(
        "Where a template puts a secure value, so that it would be shown",
        "test_templates_attacked.py",
        "test_a_secure_value_is_not_shown",
        tuple(SECRET_PLACES),
    ),
    Group(
        "Templates that ask for too much",
        "test_templates_attacked.py",
        "test_a_template_that_asks_for_too_much_is_refused",
        tuple(TOO_MUCH),
    ),
    Group(
        "A template in one's own group, for somebody else's",
        "test_templates_attacked.py",
        "test_a_template_does_not_reach_another_group",
        tuple(ELSEWHERE),
    ),
    Group(
        "Outputs of one's own deployment, for somebody else's resource",
        "test_templates_attacked.py",
        "test_an_output_reads_nothing_of_another_group",
        tuple(READING),
    ),
    Group(
        "Somebody else's deployment and group, without the right",
        "test_templates_attacked.py",
        "test_a_deployment_of_another_group_is_closed",
        ("read", "operations", "template", "result of a what-if", "deploy", "cancel", "delete"),
    ),
)
