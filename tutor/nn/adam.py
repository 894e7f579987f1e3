"""Adam: momentum and RMSProp together, both corrected for starting at zero.

    step t = 1, 2, ...      m <- beta1 * m + (1 - beta1) * g            g is dL/dp; element by element
                            v <- beta2 * v + (1 - beta2) * g * g
                            m_hat = m / (1 - beta1^t)
                            v_hat = v / (1 - beta2^t)
                            p <- p - lr * m_hat / (sqrt(v_hat) + eps)

    AdamW adds              p <- p - lr * weight_decay * p              beside the step, not through m and v

One m and one v per parameter, of its shape, zero before the first step; t counts steps, not parameters.

Why the correction: after t steps the weights of the mean m sum to 1 - beta1^t and not to 1. Without it the first
step would be (1 - beta1) / sqrt(1 - beta2) = 3.16 times lr for the defaults; with it, it is lr for every entry.

Where eps stands: the paper has it as above, and at the end of its section 2 offers a quicker order of the same
arithmetic, lr * sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + eps_hat). TensorFlow does that. Its eps_hat is not
scaled by the correction, which shows where gradients are not much larger than eps.

Why AdamW: a penalty weight_decay / 2 * |p|^2 in the loss adds weight_decay * p to g, and is then divided by sqrt(v_hat)
like the rest: weights with large gradients decay less. AdamW shrinks all weights by the same share.

Sources: Kingma and Ba, "Adam: a method for stochastic optimization" (2015), algorithm 1; Loshchilov and Hutter,
"Decoupled weight decay regularization" (2019), algorithm 2, with the decay times lr as in PyTorch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # float64 or float32


class Adam:
    """Steps of about `lr` in every entry, whatever the size of its gradient; `lr` may be changed between steps.

    `weight_decay` here is the penalty in the loss (L2): it is added to the gradient and goes through the moments.
    """

    def __init__(
        self, lr: float, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8, weight_decay: float = 0.0
    ) -> None:
        """Take the learning rate, the shares of the two moments that are kept, and `eps` against division by 0."""
        self.lr, self.beta1, self.beta2, self.eps, self.weight_decay = lr, beta1, beta2, eps, weight_decay
        self.t = 0
        self.m: dict[str, Array] = {}  # the running mean of g
        self.v: dict[str, Array] = {}  # the running mean of g * g

    def step(self, params: Mapping[str, Array], grads: Mapping[str, Array]) -> None:
        """Move every parameter, in place.

        `params` and `grads` hold arrays of equal shapes under equal names; a KeyError names what has no gradient.
        """
        self.t += 1  # once per step: counted per parameter, the second one would be corrected too little
        for name, p in params.items():
            g = grads[name] + self.weight_decay * p if self.weight_decay else grads[name]
            p -= self.lr * self._direction(name, g)

    def _direction(self, name: str, g: Array) -> Array:
        """Take in one gradient, and return m_hat / (sqrt(v_hat) + eps) of its parameter."""
        m = self.m.setdefault(name, np.zeros_like(g))
        v = self.v.setdefault(name, np.zeros_like(g))
        m *= self.beta1
        m += (1 - self.beta1) * g
        v *= self.beta2
        v += (1 - self.beta2) * g * g
        # Into new arrays: m and v themselves stay uncorrected, or the next step would correct them again.
        m_hat = m / (1 - self.beta1**self.t)
        v_hat = v / (1 - self.beta2**self.t)
        direction: Array = m_hat / (np.sqrt(v_hat) + self.eps)
        return direction


class AdamW(Adam):
    """Adam with decoupled weight decay: every weight shrinks by lr * weight_decay of itself, besides its step."""

    def __init__(
        self, lr: float, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8, weight_decay: float = 0.01
    ) -> None:
        """Take what `Adam` takes; `weight_decay` is the share of a weight that goes with each step, times lr."""
        super().__init__(lr, beta1, beta2, eps, weight_decay)

    def step(self, params: Mapping[str, Array], grads: Mapping[str, Array]) -> None:
        """Move every parameter, in place; arguments as for `Adam.step`."""
        self.t += 1
        for name, p in params.items():
            direction = self._direction(name, grads[name])  # of the gradient alone: the decay is no part of m and v
            p -= self.lr * self.weight_decay * p
            p -= self.lr * direction
