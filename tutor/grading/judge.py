"""The verdict on raw arrays, made where the learner's code cannot reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal, NamedTuple

import msgspec
import numpy as np

from tutor.course import Challenge
from tutor.grading import sentences
from tutor.grading.lines import batch_names, makes_objects
from tutor.grading.moments import MOMENTS, draw_fault, moment_faults
from tutor.grading.norms import (
    FLOOR,
    FLOOR_FLOAT32,
    LIMIT_FLOAT32,
    LIMIT_FLOAT64,
    NOTHING_FLOAT32,
    AnyArray,
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


def judge_plan(
    challenge: Challenge, plan: Sequence[Planned], truths: Sequence[Truth], cases: Sequence[CaseResult]
) -> tuple[tuple[Check, ...], ...]:
    """Judge every case that was finished; the random results of one case's draws are judged together."""
    by_chance = moment_faults(challenge, plan, cases, [truth.values for truth in truths])
    return tuple(
        judge_case(challenge, planned, truth, case, by_chance.get((planned.tier, planned.number), {}))
        for planned, truth, case in zip(plan, truths, cases, strict=False)
    )


def judge_case(
    challenge: Challenge,
    planned: Planned,
    truth: Truth,
    answer: CaseResult,
    moments: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Check, ...]:
    """Judge everything one case left behind: first inputs that were changed, then the results in their own order.

    `moments` says which random results are off over all draws of the case.
    """
    results = tuple(
        _judge_result(challenge, planned, truth, answer, name, stage, moments.get(name, ""))
        for name, stage in result_stages(challenge)
        if name in truth.values
    )
    if any(check.verdict == "unstable" for check in results):
        results = _without_update(challenge, results)
    return (*_mutated(planned, answer), *results)


def _without_update(challenge: Challenge, checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """The update comes after the second call, so what the second call spoilt says nothing about the update."""
    updated = challenge.drive.results.get("update", {})
    return tuple(
        msgspec.structs.replace(check, verdict="not_reached", sentence=f"{check.name} follows once both calls agree.")
        if check.name in updated and check.verdict not in ("right", "unstable")
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
                place=planned.place,
            )
        )
    return tuple(checks)


def _judge_result(
    challenge: Challenge, planned: Planned, truth: Truth, answer: CaseResult, name: str, stage: Stage, moments: str
) -> Check:
    expected = truth.values[name]
    got: AnyArray | None = answer.results.get(name)
    random = challenge.judge.results[name] == MOMENTS
    ratio: float | None = None
    worst: Cell | None = None
    verdict: Verdict
    if got is None:
        verdict, sentence = _absent(name, answer, _not_reached(stage, answer.error))
    elif got.shape != expected.shape:
        verdict = "wrong_shape"
        sentence = sentences.wrong_shape(name, got.shape, expected.shape, planned.sizes.get("N"))
    elif not _kind_fits(got, expected, planned.case.dtype):
        verdict = "wrong_dtype"
        sentence = sentences.wrong_dtype(name, got.dtype, planned.case.dtype)
    elif not np.isfinite(got).all() and np.isfinite(expected).all():
        verdict, worst = "non_finite", _cell(np.asarray(got, dtype=np.float64), expected)
        sentence = sentences.non_finite(name, worst.got, worst.index, None if random else worst.expected)
    elif random:
        fault = draw_fault(name, got) or moments
        verdict, sentence = ("wrong_value", fault) if fault else ("right", _right(name, planned))
    else:
        got = np.asarray(got, dtype=np.float64)
        limits = _limits(challenge, planned, truth, name)
        ratio = norm_ratio(got, expected, limits.floor, limits.nothing)
        worst = _cell(got, expected) if got.size else None
        judged_by_value = stage == "forward" or not planned.case.kink
        if judged_by_value and not ratio <= limits.ratio:
            verdict = "wrong_value"
            says = challenge.judge.says.get(name, "")
            sentence = sentences.wrong_value(name, got, expected, planned.sizes, ratio, limits.ratio, says)
        elif unstable := _unstable(challenge, answer, name, stage, got, limits):
            verdict, sentence = "unstable", unstable
        else:
            verdict, sentence = "right", _right(name, planned)
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
        place=planned.place,
    )


def _right(name: str, planned: Planned) -> str:
    return f"{name} is right for {planned.case.proves}."


def _kind_fits(got: AnyArray, expected: AnyArray, dtype: str) -> bool:
    """Floats where floats are expected, half the digits in a float32 case alone; where not, any number will do."""
    if expected.dtype.kind != "f":
        return True
    return got.dtype.kind == "f" and (dtype == "float32" or got.dtype.itemsize >= 8)


class _Limits(NamedTuple):
    """How far from the truth a result may be, and how far from itself in another pass."""

    ratio: float
    again: float
    floor: float
    nothing: float  # the norm below which nothing is left but rounding


def _limits(challenge: Challenge, planned: Planned, truth: Truth, name: str) -> _Limits:
    single = planned.case.dtype == "float32"
    within = challenge.judge.within.get(name, 0.0)
    terms = truth.terms.get(name, 0.0)
    floor, nothing = (FLOOR_FLOAT32 * terms, NOTHING_FLOAT32 * terms) if single else (FLOOR * terms, FLOOR * terms)
    again = max(within, LIMIT_FLOAT32 if single else SECOND_CALL_LIMIT)
    return _Limits(max(within, LIMIT_FLOAT32) if single else within or LIMIT_FLOAT64, again, floor, nothing)


# ── the passes after the first ───────────────────────────────────────────────────────────────────────────────────────


def _unstable(challenge: Challenge, answer: CaseResult, name: str, stage: Stage, got: AnyArray, limits: _Limits) -> str:
    """What another pass says against a result that is right in the first, or nothing."""
    if stage != "update" and answer.second_error is not None and _not_reached(stage, answer.second_error):
        return sentences.second_call_stopped(name, answer.second_error)
    if _called_twice(answer, stage) and _differs(got, answer.second.get(name), limits):
        return sentences.second_call_differs(name)
    if name in answer.beside and _differs(got, answer.beside[name], limits):
        return sentences.beside_another(name)
    if challenge.judge.copies and name in answer.reused and _differs(got, answer.reused[name], limits):
        return sentences.kept_not_copied(name, batch_names(challenge))
    return ""


def notes(challenge: Challenge, planned: Planned, truth: Truth, answer: CaseResult) -> tuple[str, ...]:
    """What is worth knowing of a case whose results are all right: that an object keeps what it was given, not a copy.

    Of functions it would be noise: what they hand on is a cache that lives no longer than the step.
    """
    if not makes_objects(challenge.drive):
        return ()
    for name, again in answer.reused.items():
        got = answer.results.get(name)
        if got is None or name not in truth.values or challenge.judge.results[name] == MOMENTS:
            continue
        if _differs(np.asarray(got, dtype=np.float64), again, _limits(challenge, planned, truth, name)):
            return (sentences.kept_note(batch_names(challenge), challenge.family),)
    return ()


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


def _differs(got: AnyArray, again: AnyArray | None, limits: _Limits) -> bool:
    if again is not None and np.array_equal(again, got):
        return False  # to the last bit, as it is almost always
    return (
        again is None
        or again.shape != got.shape
        or not norm_ratio(again, got, limits.floor, limits.nothing) <= limits.again
    )


def _cell(got: AnyArray, expected: AnyArray) -> Cell:
    index = worst_index(got, expected)
    return Cell(index=index, got=float(got[index]), expected=float(expected[index]))


def fold_rows(challenge: Challenge, judged: Sequence[Sequence[Check]], shown: Sequence[Check]) -> tuple[Check, ...]:
    """One row per name, those of the case `shown`; what is wrong in another case alone says in which."""
    rows = {check.name: check for check in shown}
    for check in (check for checks in judged for check in checks):
        standing = rows.get(check.name)
        if check.is_wrong and (standing is None or standing.verdict == "right"):
            rows[check.name] = msgspec.structs.replace(check, sentence=sentences.seen_with(check.sentence, check.case))
        elif standing is None:
            rows[check.name] = check
    order = [*challenge.arrays, *(name for name, _ in result_stages(challenge))]
    return tuple(rows[name] for name in order if name in rows)
