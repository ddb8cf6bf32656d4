"""How much an evaluation may take: the local cloud is one process, and a template can ask for much.

Azure limits a template to 4 MB, with its values in place of its expressions (Microsoft's page
"Template best practices"). How many calls it allows is not public; the number here is ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from chatkit.localcloud.resource_manager.templates.language.core.errors import TemplateError
from chatkit.localcloud.resource_manager.templates.language.core.values import Json

LARGEST_VALUE = 4 * 1024 * 1024
# What a number or an empty text takes with its mark, when it is written.
VALUE_CHARACTERS = 4
MOST_STEPS = 200_000
# An array of so many elements takes as long as a call; a text of so many characters takes memory.
ELEMENTS_A_STEP = 8
CHARACTERS_A_STEP = 1000


class Budget:
    """The steps that are left of an evaluation, those of variables and functions within it, too."""

    def __init__(self) -> None:
        self.left = MOST_STEPS

    def take(self, result: Json) -> None:
        """Use up the steps of a call that had that result.

        Raises:
            TemplateError: There are not as many left.
        """
        steps = 1
        if isinstance(result, list):
            steps += len(result) // ELEMENTS_A_STEP
        elif isinstance(result, str):
            steps += len(result) // CHARACTERS_A_STEP
        self.take_more(steps)

    def take_more(self, steps: int) -> None:
        """Use up steps for what is no call.

        Raises:
            TemplateError: There are not as many left.
        """
        self.left -= steps
        if self.left < 0:
            raise TemplateError(
                f"The template's expressions take more than {MOST_STEPS} steps to evaluate."
            )


CURRENT: ContextVar[Budget | None] = ContextVar("budget", default=None)


@contextmanager
def budget() -> Iterator[Budget]:
    """That of the evaluation around this one, or a new one."""
    current = CURRENT.get()
    if current is not None:
        yield current
        return
    token = CURRENT.set(Budget())
    try:
        found = CURRENT.get()
        assert found is not None
        yield found
    finally:
        CURRENT.reset(token)


def fits(length: int) -> None:
    """Make sure that a text or an array of that length may be made.

    Raises:
        TemplateError: It would be too large.
    """
    if length > LARGEST_VALUE:
        raise _too_large()


def _too_large() -> TemplateError:
    return TemplateError(
        f"The size of a value exceeds the limit of a template, {LARGEST_VALUE} characters."
    )


def checked(value: Json) -> Json:
    """A value that is not too large.

    An array can hold the same array many times, so that it is small until it is written. Counting
    ends at the limit.

    Raises:
        TemplateError: It is.
    """
    size = 0
    waiting = [value]
    while waiting:
        found = waiting.pop()
        size += VALUE_CHARACTERS
        if isinstance(found, str):
            size += len(found)
        elif isinstance(found, list):
            waiting += found
        elif isinstance(found, dict):
            waiting += found.values()
            size += sum(len(key) for key in found)
        fits(size + len(waiting) * VALUE_CHARACTERS)
    return value
