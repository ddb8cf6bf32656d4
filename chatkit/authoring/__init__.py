"""What authors of a course import for its description. `docs/authoring.md` says how."""

from __future__ import annotations

from chatkit.knowledge.problem import Problem
from chatkit.lesson.course import Course, Exercise, Section

__all__ = ["Course", "Exercise", "Problem", "Section"]
