"""Reading expressions."""

from __future__ import annotations

from chatkit.localcloud.resource_manager.templates.language.core.expressions import Expression


def is_expression(text: str) -> bool:
    """Whether a string is one: it begins with `[`, ends with `]`, and does not begin with `[[`."""
    return text.startswith("[") and text.endswith("]") and not text.startswith("[[")


def parse(text: str) -> Expression:
    """Read an expression with its brackets.

    Raises:
        TemplateError: It is none, with the column at which it is wrong.
    """
    raise NotImplementedError(text)
