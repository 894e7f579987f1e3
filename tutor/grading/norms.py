"""How far two tensors are apart: one number per tensor that neither size nor scale can fool."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

LIMIT_FLOAT64 = 1e-6
LIMIT_FLOAT32 = 1e-4
FLOOR = 1e-9  # of the magnitude of the terms that were summed
FLOOR_FLOAT32 = 1e-3  # rounding, 1e-7 of the terms, stays within the limit at the floor: as for float64
NOTHING_FLOAT32 = 1e-6  # below it nothing is left of a float32 sum but rounding; in float64 that is the floor itself

SMALLEST_SQUARE, LARGEST_SQUARE = 1e-200, 1e200  # of a norm that may be taken without rescaling

AnyArray = npt.NDArray[Any]


def norm(values: AnyArray) -> float:
    """The Euclidean norm over all entries, without overflow for huge ones and without underflow for tiny ones."""
    largest = float(np.max(np.abs(values), initial=0.0))
    if largest == 0.0 or not np.isfinite(largest):
        return largest
    return largest * float(np.sqrt(np.sum(np.square(np.asarray(values, dtype=np.float64) / largest))))


def norm_ratio(got: AnyArray, expected: AnyArray, floor: float = 0.0, nothing: float | None = None) -> float:
    """|got - expected| / (|got| + |expected| + floor): 0 when equal, near 1 when unrelated, 1 where one is not finite.

    Two tensors that are both at most `nothing`, the floor unless it is given, agree: a saturated sigmoid or a bias
    before batch norm has a true gradient of zero, and what is left of it is rounding.
    """
    nothing = floor if nothing is None else nothing
    got = np.asarray(got, dtype=np.float64)
    expected = np.asarray(expected, dtype=np.float64)
    squares = float(np.vdot(got, got)), float(np.vdot(expected, expected))
    # No overflow, no underflow, nothing infinite, the floor included.
    if min(squares) > SMALLEST_SQUARE and max(squares) < LARGEST_SQUARE and floor < LARGEST_SQUARE:
        norm_got, norm_expected = math.sqrt(squares[0]), math.sqrt(squares[1])
        if norm_got <= nothing and norm_expected <= nothing:
            return 0.0
        difference = got - expected
        return math.sqrt(float(np.vdot(difference, difference))) / (norm_got + norm_expected + floor)
    return _careful_norm_ratio(got, expected, floor, nothing)


def _careful_norm_ratio(got: AnyArray, expected: AnyArray, floor: float, nothing: float) -> float:
    if not (np.isfinite(got).all() and np.isfinite(expected).all() and np.isfinite(floor)):
        return 1.0
    # In units of the largest entry: neither the difference nor a norm of entries near 1e308 may overflow, since a
    # ratio of two infinities is no number, and no number is above any limit.
    unit = max(float(np.max(np.abs(got), initial=0.0)), float(np.max(np.abs(expected), initial=0.0)), floor)
    if unit == 0.0:
        return 0.0
    got, expected, floor, nothing = got / unit, expected / unit, floor / unit, nothing / unit
    norm_got, norm_expected = norm(got), norm(expected)
    if norm_got <= nothing and norm_expected <= nothing:
        return 0.0
    return norm(got - expected) / (norm_got + norm_expected + floor)


def worst_index(got: AnyArray, expected: AnyArray) -> tuple[int, ...]:
    """The entry where the two differ most; of several, the first. A non-finite entry is worse than any other."""
    with np.errstate(invalid="ignore", over="ignore"):
        difference = np.asarray(np.abs(np.asarray(got, dtype=np.float64) - expected))
    if difference.size == 0:
        return ()
    largest = int(difference.argmax())  # the first NaN, where there is any
    if not math.isfinite(difference.flat[largest]):
        largest = int(np.isfinite(difference).argmin())
    return tuple(int(i) for i in np.unravel_index(largest, difference.shape))
