"""The gradient check: is a gradient that was derived by hand the slope of the function that it is said to be?

    slope       (f(x + h) - f(x - h)) / (2 h)       one entry of x at a time, all others held
    ratio       |g - n| / (|g| + |n|)               g derived, n numeric; norms over a whole tensor

A ratio below 1e-6 is right, and a wrong formula usually gives above 1e-2. One number per tensor and not per entry: of
an entry that is nearly zero, differences leave nothing but rounding.

The step h has two errors to balance. The central difference is off by about h^2 (a one-sided one by h); rounding, of
about 1e-16 in f, is divided by h. Near h = 1e-5 both are about 1e-10. In float32, where rounding is 1e-7, no step is
good: hence float64 here, always.

A kink, as of ReLU at 0, has two slopes, and any value between them is right. It is recognised by how f bends, that is
(right slope - left slope): where f is smooth that shrinks with h, at a kink it does not.

Source: Goodfellow, Bengio and Courville, "Deep Learning" (2016), section 11.5.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # float64

STEP = 1e-5
LIMIT = 1e-6


class Checked(NamedTuple):
    """What a gradient check found."""

    ratios: dict[str, float]  # per parameter; 0 where both gradients are zero
    kinks: dict[str, list[tuple[int, ...]]]  # the entries of each parameter that stand at a kink

    @property
    def right(self) -> bool:
        """True when every ratio is within the limit; nan is not."""
        return all(ratio <= LIMIT for ratio in self.ratios.values())


def numerical_gradient(f: Callable[[Array], float], x: Array, h: float = STEP) -> Array:
    """Return the slope of f at x, entry by entry, of the shape of x; x is as before when this returns.

    Raises ValueError where x is not float64.
    """
    left, right = _slopes(lambda: f(x), x, h)
    return (left + right) / 2


def check_gradients(
    loss: Callable[[], float], params: Mapping[str, Array], grads: Mapping[str, Array], h: float = STEP
) -> Checked:
    """Hold the gradients of a loss against its numeric slopes, parameter by parameter, entry by entry.

    `loss()` computes the loss with the arrays in `params` as they are at that moment: they are changed in place, one
    entry at a time, and restored. `grads` holds the gradients by the same names.

    Raises ValueError where a parameter is not float64 or a gradient has another shape, and KeyError where one is
    missing.
    """
    ratios, kinks = {}, {}
    for name, x in params.items():
        g = np.array(grads[name])  # a copy: the loss may well compute its gradients again, into the same array
        if g.shape != x.shape:
            raise ValueError(f"the gradient of {name} has shape {g.shape}, and {name} has {x.shape}")
        left, right = _slopes(loss, x, h)
        at_kink = _kinks(loss, x, h, right - left)
        between = np.clip(g, np.minimum(left, right), np.maximum(left, right))
        numeric = np.where(at_kink, between, (left + right) / 2)
        ratios[name] = _ratio(g, numeric)
        kinks[name] = [tuple(int(i) for i in index) for index in np.argwhere(at_kink)]
    return Checked(ratios, kinks)


def _slopes(f: Callable[[], float], x: Array, h: float) -> tuple[Array, Array]:
    """The slopes of f to the left and to the right of each entry of x; their mean is the central difference."""
    if x.dtype != np.float64:
        raise ValueError(f"x is {x.dtype}: a gradient check needs float64, or it measures rounding")
    left, right = np.empty_like(x), np.empty_like(x)
    here = float(f())
    for index in np.ndindex(x.shape):
        kept = x[index]
        try:
            x[index] = kept + h
            right[index] = (float(f()) - here) / h
            x[index] = kept - h
            left[index] = (here - float(f())) / h
        finally:
            x[index] = kept  # the value itself: adding h and taking it away again would leave rounding behind
    return left, right


def _kinks(f: Callable[[], float], x: Array, h: float, bend: Array) -> NDArray[np.bool_]:
    """Where the bend does not shrink with the step: at h / 10 it should be a tenth of what it is at h."""
    left, right = _slopes(f, x, h / 10)
    rounding = 100 * np.finfo(np.float64).eps * abs(float(f())) / (h / 10)
    of_no_weight = 1e-7 * np.max(np.abs(left + right), initial=0.0)
    at_kink: NDArray[np.bool_] = np.abs((right - left) - bend / 10) > max(rounding, of_no_weight)
    return at_kink


def _ratio(g: Array, numeric: Array) -> float:
    size = float(np.linalg.norm(g) + np.linalg.norm(numeric))
    return float(np.linalg.norm(g - numeric)) / size if size else 0.0
