"""What is right: the reference, driven in the box at the same inputs as the learner's file."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from msgspec import Struct

from tutor.course import Challenge
from tutor.errors import BoxError
from tutor.grading.norms import norm
from tutor.grading.plan import AnyArray, Planned
from tutor.learner import Box, BoxCase, BoxJob, CaseResult

TERMS = "terms of "
NOTHING = "It is None."


class Truth(Struct, frozen=True):
    """For one planned case: every result's right value, and the size of the terms that were summed to make it.

    A result that the reference does not make in this case has no value; one of whole numbers or truth values keeps
    its kind.
    """

    values: dict[str, AnyArray]
    terms: dict[str, float]  # their norm
    absent: dict[str, str] = {}  # what it does not make, and why


def find_truth(challenge: Challenge, plan: Sequence[Planned], box: Box, lines: str = "") -> tuple[Truth, ...]:
    """Run the reference on the plan, in float64 whatever the learner's arrays are; `lines` make it another variant.

    Raises BoxError when the reference itself fails: our fault or the course author's, never the learner's.
    """
    judge = challenge.judge
    extra = {TERMS + name: expression for name, expression in judge.terms.items()}
    source, drive = reference_source(challenge), judge.drive or challenge.drive
    job = BoxJob(
        source=f"{source}\n{lines}" if lines else source,
        filename=judge.reference,
        drive=drive,
        cases=tuple(
            BoxCase(
                sizes=planned.names,
                arrays={name: _in_float64(array) for name, array in planned.arrays.items()},
                right={},
                second_call=False,
                extra=extra,
            )
            for planned in plan
        ),
        limits=challenge.limits,
        reference=True,
        torch="torch" in challenge.needs and (judge.drive is None or "torch" in source or "torch" in drive.setup),
    )
    answer = box.run(job)
    if answer.fault is not None or len(answer.cases) != len(plan):
        detail = answer.fault.sentence if answer.fault else "It did not finish every case."
        raise BoxError(f"The reference of {challenge.id} could not be run.", detail, "Try `tutor doctor`.")
    return tuple(_truth(challenge, case) for case in answer.cases)


def _truth(challenge: Challenge, case: CaseResult) -> Truth:
    for name, what in case.not_arrays.items():
        if name in challenge.judge.results and what != "None":
            raise BoxError(f"The reference of {challenge.id} gives no {name}.", f"It gives {what}.")
    values = {name: _in_float64(case.results[name]) for name in challenge.judge.results if name in case.results}
    terms = {name: norm(case.results[TERMS + name]) for name in challenge.judge.terms if TERMS + name in case.results}
    absent = {name: case.missing.get(name, NOTHING) for name in challenge.judge.results if name not in values}
    return Truth(values=values, terms=terms, absent=absent)


def never_made(truths: Iterable[Truth]) -> dict[str, str]:
    """The results that the reference makes in none of these cases, each with the reason in one of them."""
    first, *others = (truth.absent for truth in truths)
    never = {}
    for name, why in first.items():
        if all(name in other for other in others):
            never[name] = next((other[name] for other in others if other[name] != NOTHING), why)
    return never


def _in_float64(array: AnyArray) -> AnyArray:
    return np.asarray(array, dtype=np.float64) if array.dtype.kind == "f" else array


def reference_source(challenge: Challenge) -> str:
    """The text of the reference, which stands by itself."""
    reference = challenge.judge.reference
    if reference.endswith(".py"):
        assert challenge.folder is not None, "a challenge read from a file knows its folder"
        return (challenge.folder / reference).read_text(encoding="utf-8")
    return _module_source(reference)


@lru_cache(maxsize=64)
def _module_source(module: str) -> str:
    # Found without importing it: each module of tutor.nn stands by itself, so its text is the whole reference.
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise BoxError(f"There is no reference module {module}.")
    return Path(spec.origin).read_text(encoding="utf-8")
