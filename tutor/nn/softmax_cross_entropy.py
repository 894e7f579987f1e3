"""Softmax and cross-entropy: from one row of scores per sample to one number that says how wrong they are.

    forward     P = exp(Z) / (sum of exp(Z) along each row)     probabilities: positive, each row sums to 1
                L = -(1/N) sum over n of log P[n, labels[n]]    the mean surprise at the right answers

    backward    grad = (P - Y) / N                              Y is 1 at the right class of each row, else 0

The shapes, with N samples and C classes:

    Z (the logits), P, Y, grad  (N, C)        labels  (N,), whole numbers from 0 to C - 1        L  a single number

The two belong in one object. Apart, softmax has a full Jacobian per sample and the logarithm divides by a probability
that may be 0; together, both disappear and "prediction minus truth" is left.

Source: Bridle, "Probabilistic interpretation of feedforward classification network outputs" (1990); Bishop, "Pattern
Recognition and Machine Learning" (2006), equations 4.104 to 4.109.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # float64, float32, or complex128 under the complex step


class SoftmaxCrossEntropy:
    """The loss for choosing one of C classes: softmax, then cross-entropy with the labels, mean over the batch."""

    def forward(self, logits: Array, labels: NDArray[np.integer[Any]]) -> tuple[np.floating[Any], Array]:
        """Return the loss (a scalar) and its gradient with respect to the logits (N, C), for labels (N,).

        Raises ValueError where labels is not (N,), and IndexError where a label is C or more.
        """
        n = len(logits)
        if labels.shape != (n,):
            # NumPy would broadcast (N, 1) labels into an (N, N) table and return a wrong loss without a word.
            raise ValueError(f"labels have shape {labels.shape}; for {n} samples they need ({n},)")
        rows = np.arange(n)

        # Adding a constant to a row changes no probability. With the largest logit at 0 no exp can overflow, and the
        # sum is at least 1, so its logarithm is finite: the log-sum-exp trick.
        shifted = logits - logits.max(axis=1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        # Straight from log_p: the logarithm of a probability that was rounded to 0 would be -inf.
        loss = -log_p[rows, labels].mean()

        grad = np.exp(log_p)
        grad[rows, labels] -= 1  # P - Y, without building Y
        # The mean in the loss puts 1/N here, once; the layers below only sum over the batch.
        return loss, grad / n

    __call__ = forward
