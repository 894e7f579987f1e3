"""What a step size does: the error of every numeric derivative of the learner's own forward pass, step by step."""

from __future__ import annotations

import threading
from typing import Literal

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from tutor.course import Challenge
from tutor.errors import BoxError
from tutor.grading.grader import GROUPS
from tutor.grading.plan import AnyArray, Planned, make_plan
from tutor.grading.report import Check, Report
from tutor.grading.truth import find_truth
from tutor.learner import Box, BoxCase, BoxJob, CaseResult, Sweep, sweep_direction

Method = Literal["float64", "float32", "one-sided", "complex"]

STEPS = tuple(float(h) for h in np.logspace(-1, -15, 29))  # two a decade
_FIELDS: dict[Method, str] = {"float64": "central", "float32": "single", "one-sided": "one_sided", "complex": "complex"}
_SAME = 1e-6  # the reference and the learner's own forward pass have the same derivative
_DIRECTIONS = 16  # of which the steepest is taken: where a direction is nearly level, all that is seen is rounding
_ZERO = 1e-12  # below this a derivative is zero, and has no relative error


class SweepCurve(Struct, frozen=True):
    """The error of one method by step; NaN where it gave no number."""

    method: Method
    errors: tuple[float, ...]


class SweepReport(Struct, frozen=True):
    """The error of numeric derivatives against the step, along one direction through one array."""

    name: str  # of the result: "grad_W"
    wrt: str  # the array that is moved
    shape: tuple[int, ...]  # of it
    entry: tuple[int, ...] | None  # the one that moves; None: all of them, along a fixed random direction of length 1
    proves: str  # the case
    steps: tuple[float, ...] = ()
    curves: tuple[SweepCurve, ...] = ()
    right: float = 0.0  # the derivative that all are compared with
    of_reference: bool = True  # False: of the learner's own forward pass, whose derivative is another
    absolute: bool = False  # the right derivative is zero: the errors are not relative
    yours: float | None = None  # the error of the learner's own gradient along the direction
    kink: float | None = None  # the distance of the nearest one, 0 for one at the point itself
    in_double: bool = False  # the forward pass computes in float64 also when its arrays are float32
    note: str = ""  # why there is no curve

    def curve(self, method: Method) -> SweepCurve | None:
        """The curve of a method."""
        return next((curve for curve in self.curves if curve.method == method), None)

    def best(self, method: Method) -> tuple[float, float] | None:
        """The step at which a method is best, and the error there; three neighbours together, for one may be lucky."""
        curve = self.curve(method)
        if curve is None:
            return None
        logs = np.log10(np.maximum(curve.errors, 1e-17))
        logs = np.where(np.isfinite(logs), logs, 2.0)
        smooth = np.convolve(np.pad(logs, 1, mode="edge"), np.ones(3) / 3, mode="valid")
        at = int(np.argmin(smooth))
        return self.steps[at], curve.errors[at]


def swept_names(report: Report) -> tuple[str, ...]:
    """The results of a report whose derivative can be swept, in its order."""
    return tuple(check.name for check in report.checks if check.of.startswith("d/d"))


def sweep_steps(
    challenge: Challenge,
    source: str,
    box: Box,
    report: Report,
    name: str,
    *,
    whole: bool = True,
    cancelled: threading.Event | None = None,
) -> SweepReport:
    """Sweep the step for one gradient of a report, in the case in which the report shows it.

    `whole` moves all entries along a fixed random direction; else the worst one alone, or where all are right the one
    whose derivative is largest. Raises BoxError when the box or the reference fails, ValueError for a name that is no
    gradient.
    """
    check = next((check for check in report.checks if check.name == name), None)
    if check is None or not check.of.startswith("d/d"):
        raise ValueError(f"{name} is no gradient of this report")
    wrt = check.of.removeprefix("d/d")
    planned = _planned(challenge, check, report.seed)
    truth = find_truth(challenge, (planned,), box)[0].values.get(name)
    entry = None if whole else _entry(check, planned.arrays[wrt].shape, truth)
    found = SweepReport(name, wrt, planned.arrays[wrt].shape, entry, planned.case.proves)
    seed = _steep(found.shape, truth) if whole else 0
    request = Sweep(wrt=wrt, steps=STEPS, entry=entry, seed=seed)
    case, note = _run(challenge, source, box, planned, request, cancelled)
    along = sweep_direction(found.shape, entry, seed)
    return replace(found, note=note) if case is None else _judged(found, along, case, truth)


def _planned(challenge: Challenge, check: Check, seed: int) -> Planned:
    tiers = next(group for group in GROUPS if check.tier in group)
    return make_plan(challenge, tiers, seed)[check.place]


def _entry(check: Check, shape: tuple[int, ...], truth: AnyArray | None) -> tuple[int, ...]:
    worst = check.worst.index if check.worst is not None and check.is_wrong else None
    if worst is not None and len(worst) == len(shape) and all(i < n for i, n in zip(worst, shape, strict=True)):
        return worst
    at = int(np.argmax(np.abs(truth))) if truth is not None and truth.shape == shape else 0
    return tuple(int(i) for i in np.unravel_index(at, shape))


def _steep(shape: tuple[int, ...], truth: AnyArray | None) -> int:
    """The seed of a random direction along which the derivative is not lost."""
    if truth is None or truth.shape != shape:
        return 0
    return max(range(_DIRECTIONS), key=lambda seed: abs(float((truth * sweep_direction(shape, None, seed)).sum())))


def _run(
    challenge: Challenge, source: str, box: Box, planned: Planned, request: Sweep, cancelled: threading.Event | None
) -> tuple[CaseResult | None, str]:
    """The case with its sweep, or why there is none."""
    judge = challenge.judge
    request = replace(request, output=judge.output, upstream=judge.upstream, loss=judge.loss)
    case = BoxCase(
        sizes=planned.names, arrays=dict(planned.arrays), right={}, sweep=request, second_call=False
    )  # unfed: what is derived is the whole of the learner's own forward pass
    job = BoxJob(
        source=source,
        filename=f"{challenge.id}.py",
        drive=challenge.drive,
        cases=(case,),
        limits=challenge.limits,
        torch="torch" in challenge.needs,
    )
    answer = box.run(job, cancelled)
    if answer.fault is not None and answer.fault.kind == "tutor":
        raise BoxError(answer.fault.sentence, "", answer.fault.next_step)
    if not answer.cases or not answer.cases[0].sweep:
        told = answer.cases[0].sweep_note if answer.cases else ""
        if answer.fault is not None and not told:
            return None, answer.fault.sentence
        return None, f"There is no sweep: {told or 'your code gives no forward pass to repeat'}."
    return answer.cases[0], ""


def _judged(found: SweepReport, along: AnyArray, case: CaseResult, truth: AnyArray | None) -> SweepReport:
    """The errors of the slopes that the box made, and of the learner's own gradient."""
    made = {name: np.asarray(values, dtype=np.float64) for name, values in case.sweep.items()}
    own, kink = float(made["own"][0]), float(made["kink"][0]) if made["kink"].size else None
    right, of_reference = own, truth is None
    if truth is not None and truth.shape == found.shape:
        known = float((truth * along).sum())
        if kink == 0 or abs(known - own) <= _SAME * (abs(known) + abs(own)) + _ZERO:
            right, of_reference = known, True
    yours = case.results.get(found.name)
    absolute = abs(right) <= _ZERO

    def error(slope: float) -> float:
        apart = abs(slope - right)
        return apart if absolute or not apart else apart / (abs(slope) + abs(right))

    return replace(
        found,
        steps=tuple(made["steps"].tolist()),
        curves=tuple(
            SweepCurve(method, tuple(error(slope) for slope in made[field].tolist()))
            for method, field in _FIELDS.items()
        ),
        right=right,
        of_reference=of_reference,
        absolute=absolute,
        yours=error(float((yours * along).sum())) if yours is not None and yours.shape == found.shape else None,
        kink=kink,
        in_double=bool(made["in_double"].size),
    )
