"""The squared error: how far predictions are from their targets.

    forward     L = (1/N) sum over n and d of (P[n, d] - Y[n, d])^2

    backward    grad = 2 (P - Y) / N

The shapes, with N samples of D outputs each:

    P (the predictions), Y (the targets), grad  (N, D)        L  a single number

The mean is over the samples alone, and the outputs of a sample are summed. PyTorch's default divides by D as well;
the same as here is `mse_loss(p, y, reduction="sum") / N`.

Source: Bishop, "Pattern Recognition and Machine Learning" (2006), equation 5.11, there with 1/2 in place of 1/N.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # float64, float32, or complex128 under the complex step


class MSE:
    """The loss for predicting numbers: squared differences, summed over the outputs, mean over the batch."""

    def forward(self, predictions: Array, targets: Array) -> tuple[np.floating[Any], Array]:
        """Return the loss (a scalar) and its gradient with respect to the predictions (N, D), for targets (N, D).

        Raises ValueError where the shapes differ.
        """
        if predictions.shape != targets.shape:
            # (N, 1) minus (N,) is (N, N) in NumPy: every prediction would be held against every target.
            raise ValueError(
                f"predictions have shape {predictions.shape} and targets {targets.shape}: make them the same"
            )
        n = len(predictions)
        difference = predictions - targets
        loss = (difference * difference).sum() / n
        return loss, 2 * difference / n

    __call__ = forward
