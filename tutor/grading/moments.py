"""Random arrays: shape and kind as of any other result, and mean and variance within what chance allows.

The draws of one case's repetitions are judged together. The limits are honest: right code fails by chance less than
once in 1e9 checks, whether it draws from a normal, a uniform or a truncated normal distribution (none has heavier tails
than the normal one, for which the bounds are Chernoff's). About 2,000 numbers are needed to refuse a variance that is
1.5 times too large.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from tutor.course import Challenge, Tier, number_of
from tutor.grading.norms import AnyArray
from tutor.grading.plan import Planned
from tutor.grading.sentences import number
from tutor.learner import CaseResult

MOMENTS = "moments"
RARE = 25.0  # -ln of the probability with which chance alone leaves one bound
SAME = 1e-9  # relative: a variance of zero, up to rounding

Faults = Mapping[tuple[Tier, int], Mapping[str, str]]  # case -> result -> sentence


def moment_faults(
    challenge: Challenge, plan: Sequence[Planned], cases: Sequence[CaseResult], shapes: Sequence[Mapping[str, AnyArray]]
) -> Faults:
    """What mean and variance say against the random results of each case, all its draws taken together.

    `shapes` holds per draw what the reference made; an array of another shape is not counted.
    """
    faults: dict[tuple[Tier, int], dict[str, str]] = {}
    for name, expressions in challenge.judge.moments.items():
        pools: dict[tuple[Tier, int], list[AnyArray]] = {}
        names: dict[tuple[Tier, int], dict[str, bool | int | float | str]] = {}
        for planned, case, right in zip(plan, cases, shapes, strict=False):
            got, key = case.results.get(name), (planned.tier, planned.number)
            if got is not None and name in right and got.shape == right[name].shape and np.isfinite(got).all():
                pools.setdefault(key, []).append(np.asarray(got, dtype=np.float64).ravel())
                names[key] = planned.names
        for key, pool in pools.items():
            sentence = pool_fault(name, np.concatenate(pool), expressions, names[key])
            if sentence:
                faults.setdefault(key, {})[name] = sentence
    return faults


def pool_fault(name: str, values: AnyArray, expressions: tuple[str, str], names: Mapping[str, object]) -> str:
    """One sentence on a mean or a variance that chance does not explain, or nothing."""
    mean, variance = (float(number_of(expression, names)) for expression in expressions)
    count = values.size
    if not count:
        return ""
    found_mean = float(values.mean())
    if variance == 0:
        same = bool((np.abs(values - mean) <= SAME * max(1.0, abs(mean))).all())
        return "" if same else f"{name} varies, and every entry should be {number(mean)}."
    if abs(found_mean - mean) > math.sqrt(2 * RARE * variance / count):
        return f"{name} has the mean {number(found_mean)} over {count:,} values, expected {number(mean)}."
    found = float(np.square(values - mean).mean())
    if _by_chance(found / variance, count):
        return ""
    start = f"{name} has the variance {number(found)} over {count:,} values, expected {number(variance)}"
    start += f" ({expressions[1]})" if not expressions[1].replace(".", "").isdigit() else ""
    if _by_chance(found / variance**2, count):
        return f"{start}: it was drawn with the variance for its standard deviation, so a square root is missing."
    return f"{start}: its standard deviation is {math.sqrt(found / variance):.3g} times what it should be."


def _by_chance(ratio: float, count: int) -> bool:
    """Chernoff's bound of a chi-squared variable over its degrees of freedom, to both sides."""
    return ratio > 0 and count / 2 * (ratio - 1 - math.log(ratio)) <= RARE


def draw_fault(name: str, values: AnyArray) -> str:
    """One sentence on a single draw that no continuous distribution makes, or nothing."""
    if values.size > 1 and (values == values.flat[0]).all():
        return f"{name} holds {number(float(values.flat[0]))} everywhere: units that start alike stay alike."
    if values.ndim < 2:
        return ""
    for what, lines in (("rows", values), ("columns", np.moveaxis(values, -1, 0))):
        lines = lines.reshape(len(lines), -1)
        if lines.shape[1] > 1 and len(np.unique(lines, axis=0)) < len(lines):
            return f"{name} has {what} that are equal: units that start alike stay alike."
    return ""
