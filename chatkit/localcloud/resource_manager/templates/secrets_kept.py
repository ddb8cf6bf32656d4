"""Values of secure parameters are never stored or shown, wherever a template puts them.

Azure stores what a template passes on as a parameter that is not secure; here it is masked there,
too. The values are those of the deployment and of the deployments around it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace

from chatkit.localcloud.resource_manager.core.documents import Json, JsonObject
from chatkit.localcloud.resource_manager.core.errors import ArmError
from chatkit.localcloud.resource_manager.templates.reading.refusals import invalid_template
from chatkit.localcloud.resource_manager.templates.reading.template import Template
from chatkit.localcloud.resource_manager.templates.reading.types import secure_parts

MASK = "***"
MOST = 512
SHORT = 4  # what is shorter than this is masked as a whole only
NONE: frozenset[str] = frozenset()
AROUND: ContextVar[frozenset[str]] = ContextVar("secure values around", default=NONE)


def secure_values(template: Template, values: JsonObject) -> frozenset[str]:
    """The texts in the values of secure parameters, with those of the deployments around.

    Raises:
        ArmError: There are too many: every text that is shown is searched for each of them.
    """
    found: set[str] = set(AROUND.get())
    for name, body in template.section("parameters").items():
        for part in secure_parts(template, body, values.get(name.lower())):
            _collect(part, found)
    if len(found) > MOST:
        raise invalid_template(
            f"The secure parameters of the deployment and of those around it hold {len(found)}"
            f" values. In the local cloud they can hold {MOST}"
        )
    return frozenset(found)


def _collect(value: Json, found: set[str]) -> None:
    if isinstance(value, bool):
        return
    if isinstance(value, str) and value:
        found |= {value, json.dumps(value, ensure_ascii=False)[1:-1]}  # as in a text of JSON
    elif isinstance(value, int | float) and len(str(value)) >= SHORT:
        found.add(str(value))
    elif isinstance(value, dict):
        for one in value.values():
            _collect(one, found)
    elif isinstance(value, list):
        for one in value:
            _collect(one, found)


@contextmanager
def masking(secrets: frozenset[str]) -> Iterator[None]:
    """Mask secure values in the refusals of what is done within, deployments among it.

    Raises:
        ArmError: One that was raised within, masked: sentences quote values that are wrong.
    """
    token = AROUND.set(secrets)
    try:
        yield
    except ArmError as error:
        raise replace(
            error,
            message=masked(error.message, secrets),
            target=masked(error.target, secrets),
            details=masked(error.details, secrets),
            additional_info=masked(error.additional_info, secrets),
        ) from None
    finally:
        AROUND.reset(token)


def masked(value: Json, secrets: frozenset[str]) -> Json:
    """A value without the secure ones. Names of properties stay, for those are read again."""
    if not secrets:
        return value
    return _masked(value, _Mask(secrets, has_names=False))


def masked_whole(value: Json, secrets: frozenset[str]) -> Json:
    """The same for what a template has made: it may have made names of properties, too."""
    if not secrets:
        return value
    return _masked(value, _Mask(secrets, has_names=True))


class _Mask:
    """Masks texts.

    Args:
        secrets: What is masked.
        has_names: Whether names of properties are.
    """

    def __init__(self, secrets: frozenset[str], *, has_names: bool) -> None:
        self.has_names = has_names
        self._secrets = secrets
        long = (one for one in secrets if len(one) >= SHORT)
        self._longest_first = sorted(long, key=len, reverse=True)

    def has_number(self, number: float) -> bool:
        """Whether a number is a secure one."""
        return str(number) in self._secrets

    def text(self, text: str) -> str:
        """A text without the secure ones."""
        if text in self._secrets:
            return MASK
        for secret in self._longest_first:
            text = text.replace(secret, MASK)
        return text


def _masked(value: Json, mask: _Mask) -> Json:
    if isinstance(value, str):
        return mask.text(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return MASK if mask.has_number(value) else value
    if isinstance(value, list):
        return [_masked(one, mask) for one in value]
    if isinstance(value, dict):
        return {
            mask.text(name) if mask.has_names else name: _masked(one, mask)
            for name, one in value.items()
        }
    return value
