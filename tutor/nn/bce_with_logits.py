"""Binary cross-entropy: several yes-or-no questions at once, each with a probability of its own.

    forward     P = sigmoid(Z)
                L = -(1/N) sum over n and d of  Y[n, d] log P[n, d] + (1 - Y[n, d]) log(1 - P[n, d])

    backward    grad = (P - Y) / N

The shapes, with N samples of D questions each:

    Z (the logits), P, Y (the targets, 0 to 1), grad  (N, D)        L  a single number

The mean is over the samples alone, and the questions of a sample are summed. PyTorch's default divides by D as well;
the same as here is `binary_cross_entropy_with_logits(z, y, reduction="sum") / N`.

The slope of the sigmoid, p (1 - p), stands in the denominator of the logarithms' slopes and cancels: what is left is
the difference alone. That is why the loss takes logits and not probabilities.

Source: Bishop, "Pattern Recognition and Machine Learning" (2006), equations 4.90 and 4.91, there without 1/N.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # float64, float32, or complex128 under the complex step


class BCEWithLogits:
    """The loss for yes-or-no targets: sigmoid, then cross-entropy, summed over the outputs, mean over the batch."""

    def forward(self, logits: Array, targets: Array) -> tuple[np.floating[Any], Array]:
        """Return the loss (a scalar) and its gradient with respect to the logits (N, D), for targets (N, D).

        Raises ValueError where the shapes differ.
        """
        if logits.shape != targets.shape:
            # (N, 1) with (N,) is (N, N) in NumPy: every logit would be held against every target.
            raise ValueError(f"logits have shape {logits.shape} and targets {targets.shape}: make them the same")
        n = len(logits)
        # -log P = log(1 + exp(-z)) and -log(1 - P) = z - log P. Written with exp(-|z|), no exp can overflow:
        # log(1 + exp(-z)) = max(-z, 0) + log(1 + exp(-|z|)).
        positive = logits.real > 0
        e = np.exp(np.where(positive, -logits, logits))  # exp(-|z|)
        loss = (np.where(positive, logits, 0) - logits * targets + np.log1p(e)).sum() / n
        p = np.where(positive, 1, e) / (1 + e)
        return loss, (p - targets) / n

    __call__ = forward
