"""Batch normalisation: every feature is brought to mean 0 and variance 1 over the batch, then scaled and shifted anew.

    forward     mean  = sum of X over the batch / N
                var   = sum of (X - mean)^2 over the batch / N
                X_hat = (X - mean) / sqrt(var + eps)
                Y     = gamma * X_hat + beta

    backward    grad_gamma = G * X_hat summed over the batch        G is dL/dY
                grad_beta  = G summed over the batch
                grad_X_hat = G * gamma

    An x reaches X_hat by three paths, itself, the variance and the mean, and its gradient is the sum over them:

                grad_var   = sum of grad_X_hat * (X - mean) over the batch * (-1/2) (var + eps)^(-3/2)
                grad_mean  = sum of grad_X_hat over the batch * (-1) / sqrt(var + eps)
                grad_X     = grad_X_hat / sqrt(var + eps)  +  grad_var * 2 (X - mean) / N  +  grad_mean / N

The shapes, with N samples of D features:

    X, X_hat, Y, G, and gradients of them  (N, D)        gamma, beta, mean, var, and gradients of them  (D,)

Each sample's output depends on the whole batch, so each sample's gradient does too. Adding a constant to a feature
changes nothing, which is why grad_X sums to 0 over the batch.

When the network is used, there may be no batch: then mean and variance are running averages from training. They are
numbers that do not depend on x, so only the first path is left.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # float64, float32, or complex128 under the complex step


class BatchNorm:
    """Normalise each feature over the batch; with `training` False, by the running averages instead.

    Parameters: `gamma` and `beta` (n_features,). After `backward` the layer holds `grad_gamma` and `grad_beta`, of the
    same shapes, and of the way there `grad_x_hat`, `grad_var` and `grad_mean`. The running averages `running_mean` and
    `running_var` (n_features,) are not learnt but counted along. All four may be replaced from outside, in any float
    dtype.

    Source: Ioffe and Szegedy, "Batch normalization: accelerating deep network training by reducing internal covariate
    shift" (2015), algorithms 1 and 2, and the equations of section 3 for backward.
    """

    def __init__(self, n_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        """Set `gamma` to one and `beta` to zero; `momentum` is the share of a new batch in the running averages."""
        self.eps = eps
        self.momentum = momentum
        self.training = True
        self.gamma: Array = np.ones(n_features)
        self.beta: Array = np.zeros(n_features)
        self.running_mean: Array = np.zeros(n_features)
        self.running_var: Array = np.ones(n_features)

    def forward(self, x: Array) -> Array:
        """Map x (N, n_features) to the output of the same shape, and in training move the running averages.

        A batch of one has variance 0, so its output is beta whatever x was; PyTorch refuses it.
        """
        self.over_batch = self.training  # backward follows this forward pass, even if `training` changes in between
        if self.over_batch:
            self.mean = x.mean(axis=0)
            # Written out, because np.var takes absolute values of complex numbers and would break the complex step.
            self.var = ((x - self.mean) ** 2).mean(axis=0)
            self._move_running_averages(len(x))
        else:
            self.mean, self.var = self.running_mean, self.running_var
        self.centred = x - self.mean
        self.inv_std = 1 / np.sqrt(self.var + self.eps)  # eps: a feature that never varies is divided by 0 without it
        self.x_hat = self.centred * self.inv_std
        out: Array = self.gamma * self.x_hat + self.beta
        return out

    def _move_running_averages(self, n: int) -> None:
        # The mean square from a batch's own mean is too small as an estimate for all data, by (n - 1) / n. Here that
        # is corrected, as in PyTorch; above it is not, because there the batch's own spread is meant.
        unbiased = self.var * (n / max(n - 1, 1))
        self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * self.mean
        self.running_var = (1 - self.momentum) * self.running_var + self.momentum * unbiased

    def backward(self, grad_output: Array) -> Array:
        """Take dL/d(output) (N, n_features), set `grad_gamma` and `grad_beta`, and return dL/dx of the same shape.

        An AttributeError for `x_hat` means that no forward pass came before.
        """
        # gamma and beta serve all N rows; what a value gives to many places, it gets back as a sum.
        self.grad_gamma = (grad_output * self.x_hat).sum(axis=0)
        self.grad_beta = grad_output.sum(axis=0)

        # x_hat = centred * inv_std, and both factors hold x.
        self.grad_x_hat = grad_output * self.gamma
        direct: Array = self.grad_x_hat * self.inv_std
        if not self.over_batch:
            return direct  # mean and variance are given numbers here: x does not move them

        n = len(grad_output)
        # The variance: all N rows of a feature were divided by it, so its gradient is a sum over them.
        # The slope of (var + eps)^(-1/2) is -1/2 (var + eps)^(-3/2), that is -1/2 inv_std^3.
        self.grad_var = (self.grad_x_hat * self.centred).sum(axis=0) * -0.5 * self.inv_std**3
        through_var = self.grad_var * 2 * self.centred / n

        # The mean: subtracted from all N rows. It stands in the variance too, but that part is grad_var times the sum
        # of -2 (x - mean) / n, and deviations from the mean sum to 0.
        self.grad_mean = -(self.grad_x_hat * self.inv_std).sum(axis=0)
        through_mean = self.grad_mean / n
        grad_input: Array = direct + through_var + through_mean
        return grad_input
