"""The verdict on raw arrays, made where the learner's code cannot reach."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec
import numpy as np

from tutor.course import Challenge
from tutor.grading import sentences
from tutor.grading.norms import (
    FLOOR,
    FLOOR_FLOAT32,
    LIMIT_FLOAT32,
    LIMIT_FLOAT64,
    AnyArray,
    norm,
    norm_ratio,
    worst_index,
)
from tutor.grading.plan import Planned
from tutor.grading.report import Cell, Check, Verdict
from tutor.grading.truth import Truth
from tutor.learner import CaseResult, CodeError

Stage = Literal["forward", "backward", "update"]
STAGES: tuple[Stage, ...] = ("forward", "backward", "update")
SECOND_CALL_LIMIT = 1e-9  # two calls of the same code on the same float64 inputs differ by rounding, not by more


def judge_case(challenge: Challenge, planned: Planned, truth: Truth, answer: CaseResult) -> tuple[Check, ...]:
    """Judge everything one case left behind: first inputs that were changed, then the results in their own order."""
    results = _results(challenge, planned, truth, answer)
    if any(check.verdict == "unstable" for check in results):
        results = _without_update(challenge, results)
    return (*_mutated(planned, answer), *results)


def _without_update(challenge: Challenge, checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """The update comes after the second call, so what the second call spoilt says nothing about the update."""
    updated = challenge.drive.results.get("update", {})
    return tuple(
        msgspec.structs.replace(check, verdict="not_reached", sentence=f"{check.name} follows once both calls agree.")
        if check.name in updated and check.verdict != "right"
        else check
        for check in checks
    )


def result_stages(challenge: Challenge) -> tuple[tuple[str, Stage], ...]:
    """Every judged result and the stage that makes it, in the order in which the pass makes them."""
    found = challenge.drive.results
    return tuple((name, stage) for stage in STAGES for name in found.get(stage, {}) if name in challenge.judge.results)


def _mutated(planned: Planned, answer: CaseResult) -> tuple[Check, ...]:
    checks = []
    for name, sent in planned.arrays.items():
        after = answer.inputs_after.get(name)
        if after is None or (after.shape == sent.shape and np.array_equal(after, sent, equal_nan=True)):
            continue
        checks.append(
            Check(
                name=name,
                tier=planned.tier,
                case=planned.case.proves,
                verdict="mutated",
                expected_shape=sent.shape,
                actual_shape=after.shape,
                ratio=None,
                worst=None,
                sentence=f"Your code changed {name} in place: whoever handed it to you still needs it.",
                of="input",
            )
        )
    return tuple(checks)


def _results(challenge: Challenge, planned: Planned, truth: Truth, answer: CaseResult) -> tuple[Check, ...]:
    return tuple(
        _judge_result(challenge, planned, truth, answer, name, stage) for name, stage in result_stages(challenge)
    )


def _judge_result(
    challenge: Challenge, planned: Planned, truth: Truth, answer: CaseResult, name: str, stage: Stage
) -> Check:
    expected = truth.values[name]
    got: AnyArray | None = answer.results.get(name)
    ratio: float | None = None
    worst: Cell | None = None
    verdict: Verdict
    if got is None:
        verdict, sentence = _absent(name, answer, _not_reached(stage, answer.error))
    elif got.shape != expected.shape:
        verdict = "wrong_shape"
        sentence = sentences.wrong_shape(name, got.shape, expected.shape, planned.sizes.get("N"))
    elif got.dtype.kind != "f" or (planned.case.dtype == "float64" and got.dtype.itemsize < 8):
        verdict = "wrong_dtype"
        sentence = sentences.wrong_dtype(name, got.dtype, planned.case.dtype)
    elif not np.isfinite(got).all() and np.isfinite(expected).all():
        verdict, worst = "non_finite", _cell(np.asarray(got, dtype=np.float64), expected)
        sentence = f"{name} holds {worst.got} at {list(worst.index)}, expected {sentences.number(worst.expected)}."
    else:
        got = np.asarray(got, dtype=np.float64)
        single = planned.case.dtype == "float32"
        limit = LIMIT_FLOAT32 if single else LIMIT_FLOAT64
        floor = (FLOOR_FLOAT32 if single else FLOOR) * norm(truth.terms[name]) if name in truth.terms else 0.0
        ratio = norm_ratio(got, expected, floor)
        worst = _cell(got, expected) if got.size else None
        judged_by_value = stage == "forward" or not planned.case.kink
        if judged_by_value and not ratio <= limit:
            verdict, sentence = "wrong_value", sentences.wrong_value(name, got, expected, planned.sizes)
        elif stage != "update" and answer.second_error is not None and _not_reached(stage, answer.second_error):
            verdict, sentence = "unstable", sentences.second_call_stopped(name, answer.second_error)
        elif _called_twice(answer, stage) and _differs(
            got, answer.second.get(name), limit if single else SECOND_CALL_LIMIT, floor
        ):
            verdict, sentence = "unstable", sentences.second_call_differs(name)
        else:
            verdict, sentence = "right", f"{name} is right for {planned.case.proves}."
    return Check(
        name=name,
        tier=planned.tier,
        case=planned.case.proves,
        verdict=verdict,
        expected_shape=expected.shape,
        actual_shape=None if got is None else got.shape,
        ratio=ratio,
        worst=worst,
        sentence=sentence,
        of=challenge.judge.results[name],
    )


def _absent(name: str, answer: CaseResult, stopped: bool) -> tuple[Verdict, str]:
    if name in answer.not_arrays:
        what = answer.not_arrays[name]
        if what == "None":
            return "missing", f"{name} is None: return or store the array."
        return "wrong_dtype", f"{name} is {what}, expected a NumPy array of floats."
    if stopped:
        return "not_reached", f"{name} was not reached: your code stopped before it."
    return "missing", f"{name} is missing: {answer.missing.get(name, 'nothing by that name was found')}."


def _not_reached(stage: Stage, error: CodeError | None) -> bool:
    """True when a call stopped in this stage or before it; a stop in the setup is before all."""
    if error is None:
        return False
    return error.stage not in STAGES or STAGES.index(stage) >= STAGES.index(error.stage)


def _called_twice(answer: CaseResult, stage: Stage) -> bool:
    """True for what the second call makes too; there is none of the update, nor after a first call that stopped."""
    return stage != "update" and (answer.error is None or answer.error.stage == "update")


def _differs(got: AnyArray, second: AnyArray | None, limit: float, floor: float) -> bool:
    if second is not None and np.array_equal(second, got):
        return False  # to the last bit, as it is almost always
    return second is None or second.shape != got.shape or not norm_ratio(second, got, floor) <= limit


def _cell(got: AnyArray, expected: AnyArray) -> Cell:
    index = worst_index(got, expected)
    return Cell(index=index, got=float(got[index]), expected=float(expected[index]))


def fold_rows(challenge: Challenge, judged: Sequence[Sequence[Check]]) -> tuple[Check, ...]:
    """One row per name over all cases: the first case in which it fails, else the first in which it is right."""
    rows: dict[str, Check] = {}
    for checks in judged:
        for check in checks:
            standing = rows.get(check.name)
            if standing is None or _severity(check) > _severity(standing):
                rows[check.name] = check
    order = [*challenge.arrays, *(name for name, _ in result_stages(challenge))]
    return tuple(rows[name] for name in order if name in rows)


def _severity(check: Check) -> int:
    return {"right": 0, "not_reached": 1}.get(check.verdict, 2)
