"""The numeric gradient of the learner's own forward pass, beside their backward pass and the truth."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np

from tutor.course import Challenge
from tutor.grading.norms import AnyArray, norm_ratio
from tutor.grading.plan import Planned
from tutor.grading.report import Check, Report, Tensor
from tutor.grading.truth import Truth
from tutor.learner import Array

CLOSE = 1e-5  # a numeric gradient is good to about 1e-9; closer than this they are the same derivative


MOST_ENTRIES = 2000  # one forward pass per entry: beyond this it is no longer made in a blink


def wants_numeric(report: Report, entries: int) -> bool:
    """True where a numeric gradient can be made and says something: the forward pass ran, and it is small."""
    return 0 < entries <= MOST_ENTRIES and any(check.ratio is not None for check in report.checks)


def add_numeric(
    challenge: Challenge,
    report: Report,
    planned: Planned,
    truth: Truth,
    numeric: Mapping[str, Array],
    note: str,
) -> Report:
    """Put the numeric gradient into the rows and the tensors of the report, and make it the final one.

    Where a gradient of the learner agrees with it and both differ from the truth, the backward pass is right for a
    forward pass that is wrong: the headline says so.
    """
    by_result = {
        name: np.asarray(numeric[of[3:]], dtype=np.float64)
        for name, of in challenge.judge.results.items()
        if of.startswith("d/d") and of[3:] in numeric
    }
    tensors = tuple(_with_numeric(tensor, by_result.get(tensor.name)) for tensor in report.tensors)
    yours = {tensor.name: tensor.yours for tensor in report.tensors}
    faithful = [
        name
        for name, gradient in by_result.items()
        if _agree(yours.get(name), gradient) and norm_ratio(gradient, truth.values[name]) > CLOSE
    ]
    next_step = report.next_step
    forward_wrong = any(check.of == "value" and check.verdict == "wrong_value" for check in report.checks)
    if faithful and forward_wrong and not next_step:
        next_step = "Your backward is right for your forward: it is the forward pass that is wrong."
    return msgspec.structs.replace(
        report,
        checks=tuple(
            _check_with_numeric(check, by_result.get(check.name))
            if (check.tier, check.case) == (planned.tier, planned.case.proves)
            else check
            for check in report.checks
        ),
        tensors=tensors,
        numeric_note=note,
        next_step=next_step,
        final=True,
    )


def _agree(yours: object, gradient: AnyArray) -> bool:
    if not isinstance(yours, list):
        return False
    got = np.asarray(yours, dtype=np.float64)
    return got.shape == gradient.shape and bool(np.isfinite(got).all()) and norm_ratio(got, gradient) < CLOSE


def _with_numeric(tensor: Tensor, gradient: AnyArray | None) -> Tensor:
    return tensor if gradient is None else msgspec.structs.replace(tensor, numeric=gradient.tolist())


def _check_with_numeric(check: Check, gradient: AnyArray | None) -> Check:
    if gradient is None or check.worst is None or check.expected_shape != gradient.shape:
        return check
    cell = msgspec.structs.replace(check.worst, numeric=float(gradient[check.worst.index]))
    return msgspec.structs.replace(check, worst=cell)
