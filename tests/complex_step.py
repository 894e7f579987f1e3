"""The gradient that the textbook is compared with: Im f(x + ih) / h, exact to rounding for tiny h.

Source of the method: Squire and Trapp, "Using complex variables to estimate derivatives of real functions" (1998).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
STEP = 1e-30  # no difference is taken, so nothing cancels and the step may be this small


def complex_step(objective: Callable[[Array], Any], at: Array) -> Array:
    """The gradient of a scalar function of one real array, entry by entry."""
    gradient = np.empty_like(at)
    for index in np.ndindex(at.shape):
        shifted = at.astype(np.complex128)
        shifted[index] += 1j * STEP
        gradient[index] = np.imag(objective(shifted)) / STEP
    return gradient
