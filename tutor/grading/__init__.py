"""From a learner's file to a Report: a plan of fresh arrays, the truth at them, the box, the verdict.

Others use `grade` and the records of a Report; NumPy is imported when the first check is made, not before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tutor.grading.report import Cell, Check, Report, Status, Tensor, TierCount, Verdict

if TYPE_CHECKING:
    from tutor.grading.grader import grade

__all__ = ["Cell", "Check", "Report", "Status", "Tensor", "TierCount", "Verdict", "grade"]


def __getattr__(name: str) -> object:
    if name == "grade":
        from tutor.grading.grader import grade

        return grade
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
