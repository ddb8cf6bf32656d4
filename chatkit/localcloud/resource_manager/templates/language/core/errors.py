"""What is wrong with a template, in Azure's words as far as they are public.

The sentences are those that people quote in issues and that Microsoft's pages and the tests of
Bicep have; where none is known, ours is of the same form.
"""

from __future__ import annotations

from collections.abc import Iterable


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


def see(function: str) -> str:
    """Azure's pointer to the page of a function."""
    return f"Please see https://aka.ms/arm-functions#{function.lower()} for usage details."


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


def no_such_function(name: str, known: Iterable[str]) -> TemplateError:
    """For a function that the language does not have; it names those it has."""
    return TemplateError(
        f"The template function '{name}' is not valid."
        " Please see https://aka.ms/arm-functions for usage details."
        f" The functions are: {', '.join(known)}."
    )


def not_expected_here(function: str) -> TemplateError:
    """For a function that the language has, but not at this place or scope."""
    return TemplateError(
        f"The template function '{function}' is not expected at this location."
        " Please see https://aka.ms/arm-functions for usage details."
    )


def wrong_number_of_arguments(
    function: str, fewest: int, most: int | None, given: int
) -> TemplateError:
    """For a call with too few or too many arguments."""
    required = f"{fewest}"
    if most is None:
        required = f"at least {fewest}"
    elif most != fewest:
        required = f"between {fewest} and {most}"
    return TemplateError(
        f"Unable to evaluate template language function '{function}': function requires"
        f" {required} argument(s) while {given} were provided."
        f" Please see https://aka.ms/arm-functions#{function.lower()} for usage details."
    )


def not_nested_that_deep() -> TemplateError:
    """For what would take more of this machine's stack than there is."""
    return TemplateError("The template's expressions are nested too deeply to be evaluated.")
