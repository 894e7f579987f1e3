"""What is right: the reference, driven in the box by the same lines and at the same inputs as the learner's file."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from msgspec import Struct

from tutor.course import Challenge
from tutor.errors import BoxError
from tutor.grading.plan import Float64Array, Planned
from tutor.learner import Box, BoxCase, BoxJob

TERMS = "terms of "


class Truth(Struct, frozen=True):
    """For one planned case: every result's right value, and the size of the terms that were summed to make it."""

    values: dict[str, Float64Array]
    terms: dict[str, Float64Array]


def find_truth(challenge: Challenge, plan: Sequence[Planned], box: Box) -> tuple[Truth, ...]:
    """Run the reference on the plan, in float64 whatever the learner's arrays are.

    Raises BoxError when the reference itself fails: our fault or the course author's, never the learner's.
    """
    extra = {TERMS + name: expression for name, expression in challenge.judge.terms.items()}
    job = BoxJob(
        source=_reference_source(challenge),
        filename=challenge.judge.reference,
        drive=challenge.drive,
        cases=tuple(
            BoxCase(
                sizes=planned.sizes,
                arrays={name: np.asarray(array, dtype=np.float64) for name, array in planned.arrays.items()},
                right={},
                second_call=False,
                extra=extra,
            )
            for planned in plan
        ),
        limits=challenge.limits,
    )
    answer = box.run(job)
    if answer.fault is not None or len(answer.cases) != len(plan):
        detail = answer.fault.sentence if answer.fault else "It did not finish every case."
        raise BoxError(f"The reference of {challenge.id} could not be run.", detail, "Try `tutor doctor`.")
    truths = []
    for case in answer.cases:
        absent = [name for name in challenge.judge.results if name not in case.results]
        if absent:
            reason = case.missing.get(absent[0]) or case.not_arrays.get(absent[0], "")
            raise BoxError(f"The reference of {challenge.id} gives no {absent[0]}.", reason)
        values = {name: np.asarray(case.results[name], dtype=np.float64) for name in challenge.judge.results}
        terms = {
            name: np.asarray(case.results[TERMS + name], dtype=np.float64)
            for name in challenge.judge.terms
            if TERMS + name in case.results
        }
        truths.append(Truth(values=values, terms=terms))
    return tuple(truths)


@lru_cache(maxsize=64)
def fed_names(drive_source: str) -> frozenset[str]:
    """The intermediates that a drive asks for with `right("name", ...)`: only these are sent along with a case."""
    names = set()
    for node in ast.walk(ast.parse(drive_source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "right" and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                names.add(first.value)
    return frozenset(names)


def _reference_source(challenge: Challenge) -> str:
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
