"""Stochastic gradient descent: a small step downhill, on the gradient of one batch.

    step        p <- p - lr * dL/dp             for every parameter p

Source: Robbins and Monro, "A stochastic approximation method" (1951).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]  # float64 or float32


class SGD:
    """Plain gradient descent with one learning rate; `lr` may be changed between steps."""

    def __init__(self, lr: float) -> None:
        """Take the learning rate, a positive number."""
        self.lr = lr

    def step(self, params: Mapping[str, Array], grads: Mapping[str, Array]) -> None:
        """Move every parameter against its gradient, in place.

        `params` and `grads` hold arrays of equal shapes under equal names; a KeyError names what has no gradient.
        """
        for name, p in params.items():
            # In place, so that the layer which owns the array sees it. `p = p - ...` would change only the name here.
            p -= self.lr * grads[name]
