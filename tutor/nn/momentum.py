"""Momentum: a step that remembers the steps before it, as a ball rolling downhill does.

    Momentum    v <- mu * v - lr * g            g is dL/dp at p
                p <- p + v

    Nesterov    v <- mu * v - lr * g
                p <- p + mu * v - lr * g        one more push along the new velocity

One velocity v per parameter, of its shape, zero before the first step. Where the gradient keeps its direction the
velocity grows to lr / (1 - mu) of it (ten times lr for mu = 0.9); where it swings from side to side it cancels.

The same method is written in several ways. They agree while lr stays as it is:

- PyTorch keeps the learning rate outside: u <- mu * u + g, p <- p - lr * u, so v = -lr * u. When lr is lowered here,
  the old velocity carries the old rate on; in PyTorch it is slowed down at once.
- Nesterov's method looks ahead: its gradient is taken at p + mu * v, where the ball is about to be. Sutskever's form
  does that literally and needs the gradient at another place than p. The form here (Bengio et al.; PyTorch has it too)
  keeps the looked-ahead point itself as p: the same walk, seen mu * v further on, with the gradient at p as always.

Sources: Polyak, "Some methods of speeding up the convergence of iteration methods" (1964); Nesterov (1983); Sutskever
et al., "On the importance of initialization and momentum in deep learning" (2013), equations 1 to 4; Bengio,
Boulanger-Lewandowski and Pascanu, "Advances in optimizing recurrent networks" (2013), section 3.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # float64 or float32


class Momentum:
    """Gradient descent with a velocity; `lr` and `mu` may be changed between steps."""

    def __init__(self, lr: float, mu: float = 0.9) -> None:
        """Take the learning rate, and the share `mu` of the velocity that is kept from step to step."""
        self.lr, self.mu = lr, mu
        self.velocity: dict[str, Array] = {}

    def step(self, params: Mapping[str, Array], grads: Mapping[str, Array]) -> None:
        """Move every parameter along its velocity, in place.

        `params` and `grads` hold arrays of equal shapes under equal names; a KeyError names what has no gradient.
        """
        for name, p in params.items():
            v = self.velocity.setdefault(name, np.zeros_like(p))  # at rest before the first step
            v *= self.mu
            v -= self.lr * grads[name]
            p += v


class Nesterov:
    """Momentum whose parameters stand where the ball is about to be; `lr` and `mu` may be changed between steps."""

    def __init__(self, lr: float, mu: float = 0.9) -> None:
        """Take the learning rate, and the share `mu` of the velocity that is kept from step to step."""
        self.lr, self.mu = lr, mu
        self.velocity: dict[str, Array] = {}

    def step(self, params: Mapping[str, Array], grads: Mapping[str, Array]) -> None:
        """Move every parameter along its velocity and ahead of it, in place; arguments as for `Momentum.step`."""
        for name, p in params.items():
            g = grads[name]
            v = self.velocity.setdefault(name, np.zeros_like(p))
            v *= self.mu
            v -= self.lr * g
            # The ball itself moves by v, and the place ahead of it from mu * (old v) to mu * (new v): together this.
            p += self.mu * v - self.lr * g
