"""Derivatives of a scalar function of named arrays, made by evaluating the function and by nothing else.

    complex step           Im f(x + ih) / h                     exact to rounding, and so h may be 1e-30
    central difference     (f(x + h) - f(x - h)) / (2 h)        off by about h^2, and by rounding divided by h

The complex step is right as long as the function treats a complex number as it does a real one. Absolute values,
`np.linalg.norm`, `var` and `std` break that without a word, real buffers and `float()` with a warning: so the warning
is an error, and one central difference along a random direction confirms what was made. Where the two disagree,
central differences are taken instead, entry by entry, and each is watched for a kink: where a function is smooth, its
slopes to the right and to the left come together as h shrinks; at a kink, as of ReLU at 0, they stay apart.

Sources: Squire and Trapp, "Using complex variables to estimate derivatives of real functions" (1998); Martins, Sturdza
and Alonso, "The complex-step derivative approximation" (2003), on what breaks it.

An objective takes a dict of arrays, leaves them as they are, and gives one number. This module runs in the box too,
where there is no tutor: `tutor.learner` hands it out as `derivatives`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Arrays = dict[str, Array]
Index = tuple[int, ...]
Objective = Callable[[Arrays], Any]
Entries = Mapping[str, Sequence[Index]]
Method = Literal["complex step", "central differences"]

COMPLEX_STEP = 1e-30
STEP = 1e-6  # of differences, relative to the size of an entry or to 1
CONFIRMED = 1e-5  # the relative disagreement up to which one central difference confirms a complex step
_LARGEST_STEP = 1e-2
_SEED = 7  # of random directions: the same gradient whenever it is made
_SAME_SLOPE = 1e-5  # relative difference of the slopes to both sides, up to which an entry is smooth at once
_STAYS = 0.1  # of the gap between these slopes that is left when h shrinks to h/100: 0.01 where smooth, 1 at a kink
_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class NumericGradient:
    """A gradient made by evaluations alone, with how it was made and how far to trust it."""

    values: Arrays  # by name, of the shape of its array; NaN where an entry was not asked for
    method: Method
    evaluations: int
    error: float  # relative: by how much a difference along a random direction disagrees, or what rounding leaves
    beside_kink: int = 0  # entries for which only the smaller step is free of a kink nearby
    at_kink: Mapping[str, tuple[Index, ...]] | None = None  # no derivative there: the mean of both slopes stands for it


class Counted:
    """An objective that counts its evaluations."""

    def __init__(self, objective: Objective) -> None:
        self.objective = objective
        self.evaluations = 0

    def __call__(self, arrays: Arrays) -> Any:
        """Evaluate."""
        self.evaluations += 1
        return self.objective(arrays)


def numeric_gradient(
    objective: Objective, at: Arrays, wrt: Iterable[str], entries: Entries | None = None
) -> NumericGradient:
    """The gradient by each array of `wrt` at the float64 arrays `at`: complex step if confirmed, else differences.

    `entries` names the indices to make of an array; all of an array that it does not name. Whatever the objective
    raises with real numbers comes through.
    """
    counted, wrt = Counted(objective), tuple(wrt)
    try:
        with complex_warnings_raised():
            values = complex_step(counted, at, wrt, entries)
    except Exception:  # whatever somebody's code raises when it meets complex numbers
        return central_differences(counted, at, wrt, entries)
    error = disagreement(counted, at, values)
    if error <= CONFIRMED:
        return NumericGradient(values, "complex step", counted.evaluations, error)
    return central_differences(counted, at, wrt, entries)


@contextmanager
def complex_warnings_raised() -> Iterator[None]:
    """An imaginary part that is thrown away is an error; no other warning is heard."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", np.exceptions.ComplexWarning)
        yield


def complex_step(objective: Objective, at: Arrays, wrt: Iterable[str], entries: Entries | None = None) -> Arrays:
    """Im f(x + ih) / h for one entry after the other: one evaluation each, and not confirmed.

    Raises FloatingPointError where that is no finite number: complex exponentials overflow before real ones do.
    """
    found = {}
    for name in wrt:
        moved, gradient = at[name].astype(np.complex128), np.full(at[name].shape, np.nan)
        for index in _indices(at[name], entries, name):
            real = moved[index]
            moved[index] = complex(real.real, COMPLEX_STEP)
            gradient[index] = _finite(np.imag(objective(at | {name: moved}))) / COMPLEX_STEP
            moved[index] = real
        found[name] = gradient
    return found


def difference_slope(objective: Objective, at: Arrays, direction: Arrays, step: float) -> float:
    """The slope of the objective along a direction by one central difference: two evaluations."""
    moves = {name: step * part for name, part in direction.items()}
    ahead = float(objective(at | {name: at[name] + move for name, move in moves.items()}))
    behind = float(objective(at | {name: at[name] - move for name, move in moves.items()}))
    return (ahead - behind) / (2 * step)


def random_direction(at: Arrays, names: Iterable[str], rng: np.random.Generator) -> Arrays:
    """A direction in which every entry moves by a normal random share of its own size, or of 1 if that is larger."""
    return {name: rng.standard_normal(at[name].shape) * np.maximum(np.abs(at[name]), 1.0) for name in names}


def disagreement(objective: Objective, at: Arrays, gradient: Arrays) -> float:
    """How far a gradient is from one central difference along a random direction, relative to both.

    An entry that is NaN was not made, and is not moved.
    """
    direction = random_direction(at, gradient, np.random.default_rng(_SEED))
    direction = {name: np.where(np.isnan(gradient[name]), 0.0, d) for name, d in direction.items()}
    terms = [np.nan_to_num(gradient[name]) * d for name, d in direction.items()]
    slope = sum(float(term.sum()) for term in terms)
    size = sum(float(np.square(term).sum()) for term in terms) ** 0.5
    return slope_disagreement(objective, at, direction, slope, size)


def slope_disagreement(objective: Objective, at: Arrays, direction: Arrays, slope: float, size: float) -> float:
    """How far a slope is from a central difference, relative to both and to `size`, below which all is rounding.

    Along a direction many units move at once, so one of them may pass its kink: the step is made smaller before the
    slope is blamed.
    """
    rounding = 1e-8 * abs(float(objective(at)))
    smallest = np.inf
    for step in (STEP, STEP / 10, STEP / 100):
        other = difference_slope(objective, at, direction, step)
        smallest = min(smallest, relative(max(0.0, abs(other - slope) - rounding), slope, other, size))
        if smallest <= CONFIRMED:
            break
    return float(smallest)


class Precision(NamedTuple):
    """How exactly an objective is computed."""

    noise: float  # of its values, absolute
    step: float  # of central differences, that suits this noise


def measure_precision(objective: Objective, at: Arrays, names: Iterable[str]) -> Precision:
    """Tell rounding from shape: code that computes in float32 drowns the usual step, and needs a larger one.

    Of values in a row, third differences leave nothing but noise; the median of them is not moved by a kink among the
    points. Source: Moré and Wild, "Estimating computational noise" (2011).
    """
    rng, names, found = np.random.default_rng(_SEED), tuple(names), []
    for _ in range(2):
        direction = random_direction(at, names, rng)
        values = np.array(
            [float(objective(at | {name: at[name] + k * STEP * d for name, d in direction.items()})) for k in range(11)]
        )
        size = float(np.abs(values).max() + abs(values[-1] - values[0]) / (10 * STEP))
        # The third difference of independent errors is sqrt(20) as large as one of them, and its median 2/3 of that.
        noise = max(float(np.median(np.abs(np.diff(values, 3)))) / 3, _EPS * size)
        # Where h^2 and noise / h are alike; a little less, for the sake of kinks.
        found.append(Precision(noise, min(_LARGEST_STEP, max(STEP, (noise / size) ** (1 / 3) / 5)) if size else STEP))
    return min(found)


def steady_slope(objective: Objective, at: Arrays, direction: Arrays, precision: Precision) -> tuple[float, float]:
    """The slope along a direction, by the first step that a tenth of it confirms; and how far the two are apart."""
    tried = []
    for step in (precision.step, precision.step / 10):
        wide, narrow = (difference_slope(objective, at, direction, h) for h in (step, step / 10))
        tried.append((relative(abs(wide - narrow), wide, narrow), wide))
        if abs(wide - narrow) <= CONFIRMED * abs(wide) + 20 * precision.noise / step:
            break
    apart, slope = min(tried)
    return slope, apart


def relative(apart: float, *sizes: float) -> float:
    """A difference in units of what it is between: 0 where there is none."""
    return apart / sum(map(abs, sizes)) if apart else 0.0


def central_differences(
    objective: Objective, at: Arrays, wrt: Iterable[str], entries: Entries | None = None
) -> NumericGradient:
    """Central differences with a kink test: two evaluations for an entry that is plainly smooth, six at the most."""
    counted = objective if isinstance(objective, Counted) else Counted(objective)
    wrt = tuple(wrt)
    here = float(counted(at))
    precision = measure_precision(counted, at, wrt)
    found, at_kink, beside_kink = {}, {}, 0
    for name in wrt:
        moved, gradient, kinks = at[name].copy(), np.full(at[name].shape, np.nan), []
        for index in _indices(at[name], entries, name):
            slope = _entry(counted, at | {name: moved}, moved, index, here, precision)
            gradient[index] = slope.value
            beside_kink += slope.beside_kink
            if slope.at_kink:
                kinks.append(index)
        found[name], at_kink[name] = gradient, tuple(kinks)
    kinks_seen = {name: indices for name, indices in at_kink.items() if indices}
    size = max((float(np.nanmax(np.abs(gradient), initial=0.0)) for gradient in found.values()), default=0.0)
    error = precision.step**2 + relative(precision.noise / precision.step, size)
    return NumericGradient(found, "central differences", counted.evaluations, error, beside_kink, kinks_seen or None)


class _Slope(NamedTuple):
    value: float
    beside_kink: bool = False
    at_kink: bool = False


def _entry(objective: Objective, at: Arrays, moved: Array, index: Index, here: float, precision: Precision) -> _Slope:
    """The slope by one entry; `moved`, one of the arrays `at`, is as before when this returns."""
    value = float(moved[index])

    def slopes(h: float) -> tuple[float, float]:
        """The slope, and how far those to the right and to the left of the entry are apart."""
        moved[index] = value + h
        ahead = float(objective(at))
        moved[index] = value - h
        behind = float(objective(at))
        moved[index] = value
        return (ahead - behind) / (2 * h), abs(ahead - 2 * here + behind) / h

    first = precision.step * max(abs(value), 1.0)
    seen: list[tuple[float, float]] = []
    for h in (first, first / 10, first / 100):
        slope, gap = slopes(h)
        seen.append((slope, gap))
        rounding = 8 * precision.noise / h
        if gap <= _SAME_SLOPE * abs(slope) + rounding:
            # Smooth from here on. Of a function that is only curved the widest slope is the best one.
            wide = seen[0][0]
            apart = max(_SAME_SLOPE, 10 * precision.step**2) * (abs(wide) + abs(slope)) + rounding
            return _Slope(slope, beside_kink=True) if abs(wide - slope) > apart else _Slope(wide)
    (wide, gap), (narrow, left) = seen[0], seen[-1]
    return _Slope(narrow, at_kink=True) if left > _STAYS * gap else _Slope(wide)


def _finite(value: Any) -> float:
    number = float(value)
    if not np.isfinite(number):
        raise FloatingPointError("the complex step gives no finite number")
    return number


def _indices(array: Array, entries: Entries | None, name: str) -> Iterable[Index]:
    return entries[name] if entries is not None and name in entries else np.ndindex(array.shape)
