"""One derivative of the learner's own forward pass, by every method and at every step: what a step size does.

Along a line through the point, in the direction of one entry or of many, the objective is a function of one number t:

    central    (f(h) - f(-h)) / (2 h)       in float64, and in float32 with arrays of float32
    one-sided  (f(h) - f(0)) / h            in float64
    complex    Im f(i h) / h                in complex128

Where the function has a kink at distance d, every difference with h > d is wrong by what lies beyond it. The kink is
found by the slopes on both sides: their mean, less the slope at the point, grows like t^2 where the function is smooth,
and jumps at a kink.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import derivatives, numeric

if TYPE_CHECKING:
    from .derivatives import Array, Arrays, Index, Objective

_SHARE = 0.6  # of the time, for the curves; the rest is for the kink
_HALVINGS = 10
_STAYS = 1 / 100  # of a change that is left in one of 2^10 parts of a stretch: 1/1024 where smooth, all at a kink
_SEEN = 1e-7  # relative to the slope: a smaller change of it is no kink that anybody could see
_seed_numpy, _seed_python = np.random.seed, random.seed


def direction(shape: tuple[int, ...], entry: Index | None, seed: int = 0) -> Array:
    """Where the line leads: one entry, or a random direction of length 1 through all of them."""
    if entry is not None:
        along = np.zeros(shape)
        along[entry] = 1.0
        return along
    drawn = np.random.default_rng(seed).standard_normal(shape)
    return np.asarray(drawn / (np.linalg.norm(drawn) or 1.0))


def sweep(request: dict[str, Any], arrays: Arrays, objective: Objective, deadline: float) -> tuple[Arrays, str]:
    """The slopes by method, `steps`, the slope that the learner's own function has, and the kink; or why there is none.

    The slopes are `central`, `single` (central in float32), `one_sided` and `complex`, each (steps,) and NaN where it
    could not be made; `own` is (1,), `kink` (1,) or (0,), `in_double` (0,) where float32 arrays give float32 values.
    """

    def make(seconds: float) -> tuple[Arrays, str]:
        return _Line(request, arrays, objective).slopes(request["steps"], seconds), ""

    return numeric.in_time(make, min(float(request["seconds"]), deadline - time.monotonic()))


class _Line:
    """The objective along a line through the point."""

    def __init__(self, request: dict[str, Any], arrays: Arrays, objective: Objective) -> None:
        self.objective = objective
        self.wrt: str = request["wrt"]
        self.at = {name: array.astype(np.float64) for name, array in arrays.items()}
        self.single = {name: array.astype(np.float32) for name, array in self.at.items()}
        entry = request["entry"]
        self.along = direction(self.at[self.wrt].shape, None if entry is None else tuple(entry), request["seed"])
        self.in_double = False

    def value(self, t: complex) -> Any:
        """The objective at t."""
        return self._evaluate(self.at, self.at[self.wrt] + t * self.along)

    def value_in_single(self, t: float) -> float:
        """The objective at t, of arrays of float32."""
        moved = self.single[self.wrt] + np.float32(t) * self.along.astype(np.float32)
        value = self._evaluate(self.single, moved)
        self.in_double = self.in_double or getattr(value, "dtype", None) == np.float64
        return float(value)

    def _evaluate(self, at: Arrays, moved: Array) -> Any:
        _seed_numpy(0)
        _seed_python(0)
        return self.objective({**{name: array.copy() for name, array in at.items()}, self.wrt: moved})

    def slopes(self, steps: Sequence[float], seconds: float) -> Arrays:
        """Everything that is asked for, with fewer steps where the forward pass is slow."""
        began = time.monotonic()
        with derivatives.complex_warnings_raised():
            here = float(self.value(0.0))
            warm = time.monotonic()
            again = float(self.value(0.0))
            each = min(warm - began, time.monotonic() - warm)
            if not np.isfinite(here):
                raise numeric.NoGradientError("your forward pass gives no finite number here")
            if here != again:
                raise numeric.NoGradientError("your forward pass gives another value each time it is run")
            stride = int(np.ceil(6 * len(steps) * each / (_SHARE * seconds)))
            steps = steps[:: max(1, stride)]
            if len(steps) < 6:
                raise numeric.NoGradientError("your forward pass is too slow to be swept")
            ahead = np.array([float(self.value(h)) for h in steps])
            behind = np.array([float(self.value(-h)) for h in steps])
            made = {
                "central": (ahead - behind) / (2 * np.array(steps)),
                "one_sided": (ahead - here) / np.array(steps),
                "single": np.array([(self.value_in_single(h) - self.value_in_single(-h)) / (2 * h) for h in steps]),
                "complex": self._by_complex_step(steps),
            }
            slope, blind = self._slope()
            kink = self._kink(slope, blind, sorted(steps), lambda: time.monotonic() - began > 0.9 * seconds)
            return {
                **{name: np.asarray(values, dtype=np.float64) for name, values in made.items()},
                "steps": np.array(steps, dtype=np.float64),
                "own": np.array([self._best_difference() if blind else slope(0.0)]),
                "kink": np.array([] if kink is None else [kink]),
                "in_double": np.zeros(int(self.in_double)),
            }

    def _by_complex_step(self, steps: Sequence[float]) -> list[float]:
        slopes = []
        for h in steps:
            try:
                slopes.append(float(np.imag(self.value(1j * h))) / h)
            except Exception:  # whatever somebody's code raises when it meets complex numbers
                slopes.append(np.nan)
        return slopes

    def _slope(self) -> tuple[Callable[[float], float], float]:
        """The slope as a function of t, and the step within which it says nothing: complex step where that is right."""

        def by_complex(t: float) -> float:
            return float(np.imag(self.value(complex(t, 0) + 1j * derivatives.COMPLEX_STEP))) / derivatives.COMPLEX_STEP

        def by_difference(t: float) -> float:
            h = derivatives.STEP
            return (float(self.value(t + h)) - float(self.value(t - h))) / (2 * h)

        try:
            # Beside the point, for at a kink the two are not the same and both are right.
            t = 3 * derivatives.STEP
            one, other = by_complex(t), by_difference(t)
            if abs(one - other) <= 1e-4 * (abs(one) + abs(other)) + 1e-7 or self._agree(by_complex, by_difference):
                return by_complex, 0.0
        except Exception:  # as above
            pass
        return by_difference, 10 * derivatives.STEP

    def _best_difference(self) -> float:
        """The slope at the point, better than any central difference: two of them, so that their h^2 falls away.

        Of several steps the one is taken that a smaller one confirms best. Source: Richardson (1911).
        """

        def central(h: float) -> float:
            return (float(self.value(h)) - float(self.value(-h))) / (2 * h)

        made = [(4 * central(h / 2) - central(h)) / 3 for h in (1e-2, 2e-3, 4e-4, 8e-5, 1.6e-5)]
        return min(zip(made[1:], made, strict=False), key=lambda pair: abs(pair[0] - pair[1]))[0]

    @staticmethod
    def _agree(one: Callable[[float], float], other: Callable[[float], float]) -> bool:
        """Once more elsewhere: a kink may have stood between."""
        t = 1e-3
        return abs(one(t) - other(t)) <= 1e-4 * (abs(one(t)) + abs(other(t)))

    def _kink(
        self, slope: Callable[[float], float], blind: float, steps: Sequence[float], out_of_time: Callable[[], bool]
    ) -> float | None:
        """How far the nearest kink is, 0 for one at the point itself; None where there is none in reach."""
        here = slope(0.0)
        seen = _SEEN * abs(here) + (1e-6 * abs(here) + 1e-8 if blind else 1e-12)

        def bend(t: float) -> float:
            return (slope(t) + slope(-t)) / 2 - here

        far = [t for t in steps if t > blind]
        before, bent = far[0], bend(far[0])
        if abs(bent) > 100 * seen:
            return 0.0
        for t in far[1:]:
            if out_of_time():
                return None
            now = bend(t)
            if abs(now - bent) > seen:
                place = _jump(bend, (before, bent), (t, now), seen)
                if place is not None:
                    return place
            before, bent = t, now
        return None


def _jump(
    bend: Callable[[float], float], left: tuple[float, float], right: tuple[float, float], seen: float
) -> float | None:
    """Where between two places a function jumps; None where it only grows."""
    whole = abs(right[1] - left[1])
    for _ in range(_HALVINGS):
        middle = (left[0] + right[0]) / 2
        half = middle, bend(middle)
        left, right = (left, half) if abs(half[1] - left[1]) >= abs(right[1] - half[1]) else (half, right)
        if abs(right[1] - left[1]) < max(seen, _STAYS * whole):
            return None
    return right[0]
