"""From a learner's file to a Report: a plan of fresh arrays, the truth at them, the box, the verdict.

Others use `grade`, `prepare` (the next check's share of it, done while nobody waits) and the records of a Report;
NumPy is imported when the first check is made, not before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tutor.grading.report import Cell, Check, Report, Tensor, TierCount, Verdict

if TYPE_CHECKING:
    from tutor.grading.grader import Prepared, grade, prepare

__all__ = ["Cell", "Check", "Prepared", "Report", "Tensor", "TierCount", "Verdict", "grade", "prepare"]


def __getattr__(name: str) -> object:
    if name in ("Prepared", "grade", "prepare"):
        from tutor.grading import grader

        return getattr(grader, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
