"""What is wrong with a template, in Azure's words."""

from __future__ import annotations


class TemplateError(Exception):
    """An expression that cannot be parsed or evaluated.

    Attributes:
        message: One sentence, without the frame that Azure puts around it ("Deployment template
            validation failed: '...'", "Unable to process template language expressions for
            resource '...'"), which only the engine can say.
        code: Azure's code.
        position: The column in the expression at which it is wrong, counted from 1; 0 when it is
            not known.
        path: Where in the evaluated document the expression stands: names of properties and
            numbers of elements.
    """

    def __init__(self, message: str, *, code: str = "InvalidTemplate", position: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.position = position
        self.path: tuple[str | int, ...] = ()


def no_such_parameter(name: str) -> TemplateError:
    """What a scope raises for a parameter that the template does not declare."""
    return TemplateError(
        f"The template parameter '{name}' is not found."
        " Please see https://aka.ms/arm-syntax-parameters for usage details."
    )


def no_such_variable(name: str) -> TemplateError:
    """What a scope raises for a variable that the template does not declare."""
    return TemplateError(
        f"The template variable '{name}' is not found."
        " Please see https://aka.ms/arm-syntax-variables for usage details."
    )


def not_expected_here(function: str) -> TemplateError:
    """What is raised for a function that the language has, but not at this place."""
    return TemplateError(
        f"The template function '{function}' is not expected at this location."
        " Please see https://aka.ms/arm-functions for usage details."
    )
