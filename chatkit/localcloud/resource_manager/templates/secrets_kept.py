"""Values of secure parameters are never stored or shown, wherever a template puts them.

Azure stores what a template passes on as a parameter that is not secure; here it is masked there,
too. The values are those of the deployment and of the deployments around it.
"""

from __future__ import annotations

from contextvars import ContextVar

from chatkit.localcloud.resource_manager.core.documents import Json, JsonObject
from chatkit.localcloud.resource_manager.templates.reading.parameters import is_secure
from chatkit.localcloud.resource_manager.templates.reading.template import Template

MASK = "***"
SHORT = 4  # what is shorter than this is masked as a whole only
NONE: frozenset[str] = frozenset()
AROUND: ContextVar[frozenset[str]] = ContextVar("secure values around", default=NONE)


def secure_values(template: Template, values: JsonObject) -> frozenset[str]:
    """The texts in the values of secure parameters, with those of the deployments around."""
    found: set[str] = set(AROUND.get())
    for name, body in template.section("parameters").items():
        if is_secure(template, body):
            _collect(values.get(name.lower()), found)
    return frozenset(found)


def _collect(value: Json, found: set[str]) -> None:
    if isinstance(value, str) and value:
        found.add(value)
    elif isinstance(value, dict):
        for one in value.values():
            _collect(one, found)
    elif isinstance(value, list):
        for one in value:
            _collect(one, found)


def masked(value: Json, secrets: frozenset[str]) -> Json:
    """A value without the secure ones."""
    if not secrets:
        return value
    if isinstance(value, str):
        return _masked_text(value, secrets)
    if isinstance(value, list):
        return [masked(one, secrets) for one in value]
    if isinstance(value, dict):
        return {name: masked(one, secrets) for name, one in value.items()}
    return value


def _masked_text(text: str, secrets: frozenset[str]) -> str:
    if text in secrets:
        return MASK
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= SHORT:
            text = text.replace(secret, MASK)
    return text
