"""For course authors: one check that reads, draws, runs and grades everything, and lists every problem."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tutor.authoring.problem import Problem

if TYPE_CHECKING:
    from tutor.authoring.course_check import check

__all__ = ["Problem", "check"]


def __getattr__(name: str) -> object:
    if name == "check":
        from tutor.authoring.course_check import check

        return check
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
