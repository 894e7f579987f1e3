"""Layer normalisation: every sample is brought to mean 0 and variance 1 over its own features, then scaled and shifted.

    forward     mean  = sum of X over the features / D                  one number per sample
                var   = sum of (X - mean)^2 over the features / D
                X_hat = (X - mean) / sqrt(var + eps)
                Y     = gamma * X_hat + beta

    backward    grad_gamma = G * X_hat summed over the samples          G is dL/dY
                grad_beta  = G summed over the samples
                grad_X_hat = G * gamma
                grad_X     = (grad_X_hat - m1 - X_hat * m2) / sqrt(var + eps)

                with m1 the mean of grad_X_hat, m2 the mean of grad_X_hat * X_hat, both over the features

The shapes, with samples of D features, and any axes before them, such as (N, D) or (N, T, D):

    X, X_hat, Y, G, and gradients of them  (..., D)      gamma, beta, grad_gamma, grad_beta  (D,)
    mean, var, m1, m2  (..., 1)

The three paths of x are those of batch normalisation, itself, the variance and the mean, now along a row: m1 is what
comes back through the mean, X_hat * m2 what comes back through the variance. Put differently, the part of the gradient
that would only shift the row (m1) or stretch it (m2) is taken out, because neither changes X_hat.

There are two axes to confuse: x is normalised over the features, but gamma and beta are summed over the samples. And
gamma differs from feature to feature, so it must be inside the two means.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # float64, float32, or complex128 under the complex step


class LayerNorm:
    """Normalise each sample over its features: no batch is needed, so training and use are the same.

    Parameters: `gamma` and `beta` (n_features,). After `backward` the layer holds `grad_gamma` and `grad_beta`, of the
    same shapes, and of the way there `grad_x_hat`. Both parameters may be replaced from outside, in any float dtype.

    Source: Ba, Kiros and Hinton, "Layer normalization" (2016), equation 3.
    """

    def __init__(self, n_features: int, eps: float = 1e-5) -> None:
        """Set `gamma` to one and `beta` to zero."""
        self.eps = eps
        self.gamma: Array = np.ones(n_features)
        self.beta: Array = np.zeros(n_features)

    def forward(self, x: Array) -> Array:
        """Map x (..., n_features) to the output of the same shape, and keep x normalised."""
        centred = x - x.mean(axis=-1, keepdims=True)
        # Written out, because np.var takes absolute values of complex numbers and would break the complex step.
        var = (centred**2).mean(axis=-1, keepdims=True)
        self.inv_std = 1 / np.sqrt(var + self.eps)  # eps: a row of equal values is divided by 0 without it
        self.x_hat = centred * self.inv_std
        out: Array = self.gamma * self.x_hat + self.beta
        return out

    def backward(self, grad_output: Array) -> Array:
        """Take dL/d(output) (..., n_features), set `grad_gamma` and `grad_beta`, and return dL/dx of the same shape.

        An AttributeError for `x_hat` means that no forward pass came before.
        """
        samples = tuple(range(grad_output.ndim - 1))  # every axis but the features: all of them share gamma and beta
        self.grad_gamma = (grad_output * self.x_hat).sum(axis=samples)
        self.grad_beta = grad_output.sum(axis=samples)

        self.grad_x_hat = grad_output * self.gamma
        shift = self.grad_x_hat.mean(axis=-1, keepdims=True)  # the path through the mean
        # The path through the variance: the slopes -1/2 inv_std^3 and 2 (x - mean) / D multiply to this.
        stretch = self.x_hat * (self.grad_x_hat * self.x_hat).mean(axis=-1, keepdims=True)
        grad_input: Array = (self.grad_x_hat - shift - stretch) * self.inv_std
        return grad_input
