"""Dropout: in training, each value is set to zero with probability p, and what is left is scaled up to make up for it.

    forward     Y          = X / (1 - p)  where mask is 1, else 0       in training
                Y          = X                                          in use

    backward    grad_input = G / (1 - p)  where mask is 1, else 0       G is dL/dY
                grad_input = G

X, Y, G, mask, grad_input are all of one shape. mask is 1 where a value is kept, and it is kept with probability 1 - p.

On average over masks Y is X, since a value is (1 - p) of the time X / (1 - p) and else 0: this is why nothing needs to
be scaled in use ("inverted" dropout). p is the probability to drop, as in PyTorch; the paper's p is the probability
to keep. At p = 1/2 the two cannot be told apart, so do not test with that.

Backward needs the very mask of the forward pass: a value that was dropped had no part in the loss.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # float64, float32, or complex128 under the complex step
Mask = NDArray[np.bool_ | np.number[Any]]  # 0 or 1


class Dropout:
    """Zero a random part of the values in training; with `training` False, let everything through unchanged.

    Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting" (2014); section 10
    has the scaling in training that is used here.
    """

    def __init__(self, p: float, rng: np.random.Generator | None = None) -> None:
        """Take the probability to drop a value, and where the masks are drawn from.

        Raises ValueError unless 0 <= p < 1: with everything dropped, nothing is left to scale up.
        """
        if not 0 <= p < 1:
            raise ValueError(f"p is {p}; the probability to drop a value is at least 0 and below 1")
        self.p = p
        self.rng = np.random.default_rng() if rng is None else rng
        self.training = True
        self.mask: Mask | None = None  # None where the last forward pass dropped nothing

    def forward(self, x: Array, mask: Mask | None = None) -> Array:
        """Drop values of x (any shape) where mask, of the same shape, is 0; without a mask, draw one.

        With `training` False a mask has no effect. Raises ValueError where the shapes differ.
        """
        if not self.training:
            self.mask = None
            return x
        if mask is None:
            mask = self.rng.random(x.shape) >= self.p  # random() is in [0, 1), so p = 0 keeps all
        if mask.shape != x.shape:
            # One row of (D,) would broadcast, and drop the same features in every sample.
            raise ValueError(f"the mask has shape {mask.shape} and x {x.shape}: make them the same")
        self.mask = mask  # all that the slope depends on: 1 / (1 - p) or 0
        return self._keep(x, mask)

    def backward(self, grad_output: Array) -> Array:
        """Return dL/dx for dL/d(output), of the same shape, by the mask of the last forward pass."""
        return grad_output if self.mask is None else self._keep(grad_output, self.mask)

    def _keep(self, values: Array, mask: Mask) -> Array:
        # The output is linear in x, so backward is the same scaling as forward. Chosen, not multiplied: a mask of
        # float64 would turn float32 values into float64.
        return np.where(mask != 0, values / (1 - self.p), 0)
