"""Evaluating what a template has in brackets."""

from __future__ import annotations

from chatkit.localcloud.resource_manager.templates.language.core.scope import Scope
from chatkit.localcloud.resource_manager.templates.language.core.values import Json


def evaluate(document: Json, scope: Scope) -> Json:
    """A document with every expression in it replaced by its value.

    Names of properties stay as they are. A string that is an expression as a whole yields a value
    of any kind; `[[` at its beginning stands for `[`.

    Raises:
        TemplateError: An expression cannot be parsed or evaluated; `path` says which.
    """
    raise NotImplementedError(document, scope)
