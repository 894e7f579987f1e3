"""The numeric gradient of the learner's own forward pass, beside their backward pass and the truth."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import msgspec
import numpy as np

from tutor.course import Challenge
from tutor.grading.norms import AnyArray, norm_ratio
from tutor.grading.report import Check, Report, Tensor
from tutor.learner import CaseResult

CLOSE = 1e-5  # a numeric gradient is good to about 1e-9; closer than this they are the same derivative
FIRST_CELLS = 6  # of a tensor, that a screen shows beside its worst one


def wants_numeric(report: Report, entries: int) -> bool:
    """True where a numeric gradient can be made and says something: the forward pass ran."""
    return entries > 0 and any(check.ratio is not None for check in report.checks)


def shown_entries(challenge: Challenge, shown: Sequence[Check]) -> dict[str, tuple[tuple[int, ...], ...]]:
    """By array: the entries of its gradient that are looked at, for a forward pass too slow to be run for each.

    One forward pass makes one entry: of a large network the worst cell and the first ones are all that is made.
    """
    entries = {}
    for check in shown:
        of = challenge.judge.results.get(check.name, "")
        if of.startswith("d/d"):
            indices = list(islice(np.ndindex(check.expected_shape), FIRST_CELLS))
            if check.worst is not None and check.verdict != "wrong_shape":
                indices.insert(0, check.worst.index)
            entries[of[3:]] = tuple(dict.fromkeys(indices))
    return entries


def add_numeric(
    challenge: Challenge,
    report: Report,
    shown: Sequence[Check],
    own: CaseResult,
) -> Report:
    """Put the numeric gradient into the rows and the tensors of the report, and make it the final one.

    `shown` are the checks of the case whose tensors the report shows; `own` is what the learner's file gave in it when
    nothing was fed. Where the forward pass is wrong and every gradient of `own` agrees with the numeric one, the
    backward pass is right for that forward pass: the next step says so.
    """
    derivatives = {name: of[3:] for name, of in challenge.judge.results.items() if of.startswith("d/d")}
    by_result = {
        name: np.asarray(own.numeric[array], dtype=np.float64)
        for name, array in derivatives.items()
        if array in own.numeric
    }
    wrong = report.first_wrong
    forward = challenge.drive.results.get("forward", {})
    forward_wrong = wrong is not None and wrong.name in forward and wrong.verdict == "wrong_value"
    consistent = all(name in by_result and _agree(own.results.get(name), by_result[name]) for name in derivatives)
    next_step = report.next_step
    if forward_wrong and consistent and not next_step:
        next_step = "Your backward is right for your forward: it is the forward pass that is wrong."
    return msgspec.structs.replace(
        report,
        checks=tuple(
            _check_with_numeric(check, by_result.get(check.name)) if check in shown else check
            for check in report.checks
        ),
        tensors=tuple(_with_numeric(tensor, by_result.get(tensor.name)) for tensor in report.tensors),
        numeric_note=own.numeric_note,
        next_step=next_step,
        final=True,
    )


def _agree(yours: AnyArray | None, gradient: AnyArray) -> bool:
    return yours is not None and yours.shape == gradient.shape and norm_ratio(yours, gradient) < CLOSE


def _with_numeric(tensor: Tensor, gradient: AnyArray | None) -> Tensor:
    if gradient is None:
        return tensor
    not_made = np.isnan(gradient)
    cells = np.where(not_made, None, gradient) if not_made.any() else gradient  # type: ignore[call-overload]
    return msgspec.structs.replace(tensor, numeric=cells.tolist())


def _check_with_numeric(check: Check, gradient: AnyArray | None) -> Check:
    if gradient is None or check.worst is None or check.expected_shape != gradient.shape:
        return check
    numeric = float(gradient[check.worst.index])
    if np.isnan(numeric):
        return check
    cell = msgspec.structs.replace(check.worst, numeric=numeric)
    return msgspec.structs.replace(check, worst=cell)
