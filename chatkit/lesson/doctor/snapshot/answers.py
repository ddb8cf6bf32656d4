"""What an HTTP answer says to the doctor."""

from __future__ import annotations

from chatkit.lesson.doctor.snapshot.lookups import Unknown
from chatkit.lesson.http import Answer
from chatkit.lesson.tokens import Claims, claims


def answered(answer: Answer) -> Answer:
    """The answer, when there is one.

    Raises:
        Unknown: Nothing answers.
    """
    if not answer.status:
        raise Unknown("nothing answers")
    return answer


def claims_given(answer: Answer | None) -> Claims:
    """Claims of the token that a negotiate answer hands out; none when it is no such answer."""
    if answer is None or answer.status != 200:
        return Claims()
    value = answer.json()
    if not isinstance(value, dict):
        return Claims()
    return claims(str(value.get("accessToken", "")))
