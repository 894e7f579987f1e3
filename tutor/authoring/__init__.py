"""For course authors: one check that reads, draws, runs and grades everything, and lists every problem."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from tutor.authoring.problem import Problem

if TYPE_CHECKING:
    from tutor.authoring.course_check import check, check_across

__all__ = ["Problem", "check", "check_across"]


def __getattr__(name: str) -> object:
    if name in ("check", "check_across"):
        return getattr(import_module("tutor.authoring.course_check"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
