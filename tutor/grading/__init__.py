"""From a learner's file to a Report: a plan of fresh arrays, the truth at them, the box, the verdict.

Others use `grade`, `prepare` (the next check's share of it, done while nobody waits) and the records of a Report.
For gradients by evaluations alone there are `numeric_gradient`, `check_directions`, `find_wrong_entries`, and
`full_gradient` (every parameter of a 784-128-10 network in a blink); `sweep_steps` says what a step size does, for each
gradient of `swept_names`. `answer_formula` judges a formula that is typed in a quiz, `formula_problems` its question.
NumPy is imported when one of them is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from tutor.grading.report import VERDICT_WORDS, CaseOutput, CaseRow, Cell, Check, Report, Tensor, TierCount, Verdict

if TYPE_CHECKING:
    from tutor.grading.formula import answer_formula, formula_problems
    from tutor.grading.full_check import FullGradient, full_gradient
    from tutor.grading.grader import Prepared, grade, prepare
    from tutor.grading.gradients import (
        DirectionCheck,
        NumericGradient,
        WrongEntries,
        WrongEntry,
        check_directions,
        find_wrong_entries,
        numeric_gradient,
    )
    from tutor.grading.sweep import SweepReport, sweep_steps, swept_names

__all__ = [
    "VERDICT_WORDS",
    "CaseOutput",
    "CaseRow",
    "Cell",
    "Check",
    "DirectionCheck",
    "FullGradient",
    "NumericGradient",
    "Prepared",
    "Report",
    "SweepReport",
    "Tensor",
    "TierCount",
    "Verdict",
    "WrongEntries",
    "WrongEntry",
    "answer_formula",
    "check_directions",
    "find_wrong_entries",
    "formula_problems",
    "full_gradient",
    "grade",
    "numeric_gradient",
    "prepare",
    "sweep_steps",
    "swept_names",
]

_MODULES = {
    "DirectionCheck": "gradients",
    "FullGradient": "full_check",
    "NumericGradient": "gradients",
    "Prepared": "grader",
    "WrongEntries": "gradients",
    "WrongEntry": "gradients",
    "answer_formula": "formula",
    "check_directions": "gradients",
    "formula_problems": "formula",
    "find_wrong_entries": "gradients",
    "full_gradient": "full_check",
    "grade": "grader",
    "numeric_gradient": "gradients",
    "prepare": "grader",
    "SweepReport": "sweep",
    "sweep_steps": "sweep",
    "swept_names": "sweep",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
