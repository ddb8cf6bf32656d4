"""The doctor: is everything ready, and if something is wrong, which of the known problems is it, and what repairs it?"""

from __future__ import annotations

from chatkit.lesson.doctor.diagnose import consult
from chatkit.lesson.doctor.finding import Finding
from chatkit.lesson.doctor.machine import examine
from chatkit.lesson.doctor.report import Examination

__all__ = ["Examination", "Finding", "consult", "examine"]
