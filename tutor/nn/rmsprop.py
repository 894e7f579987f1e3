"""RMSProp: every entry's step divided by the usual size of its own gradient.

    step        s <- rho * s + (1 - rho) * g * g        g is dL/dp; element by element
                p <- p - lr * g / (sqrt(s) + eps)

One s per parameter, of its shape, zero before the first step: a running mean of squares, so sqrt(s) is a root mean
square, which gave the method its name. An entry whose gradients are all a hundred times smaller than another's moves
as far as that one: only signs and changes of size are left of the gradient, and lr is a distance.

Because s starts at zero it is too small at first: the first step is lr / sqrt(1 - rho) long, 3.16 lr for rho = 0.9.
Adam corrects that. PyTorch has rho = 0.99 (its `alpha`) as default; TensorFlow divides by sqrt(s + eps), with eps
inside the root, which differs where gradients are as small as sqrt(eps).

Source: Tieleman and Hinton, "Neural networks for machine learning" (2012), lecture 6.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # float64 or float32


class RMSProp:
    """Gradient descent in units of each entry's own gradient; `lr` may be changed between steps."""

    def __init__(self, lr: float, rho: float = 0.9, eps: float = 1e-8) -> None:
        """Take the learning rate, the share `rho` of the mean square that is kept, and `eps` against division by 0."""
        self.lr, self.rho, self.eps = lr, rho, eps
        self.square: dict[str, Array] = {}  # the running mean of g * g

    def step(self, params: Mapping[str, Array], grads: Mapping[str, Array]) -> None:
        """Move every parameter against its scaled gradient, in place.

        `params` and `grads` hold arrays of equal shapes under equal names; a KeyError names what has no gradient.
        """
        for name, p in params.items():
            g = grads[name]
            s = self.square.setdefault(name, np.zeros_like(p))
            s *= self.rho
            s += (1 - self.rho) * g * g
            # s already holds this gradient: dividing by the old s would divide by zero in the first step.
            p -= self.lr * g / (np.sqrt(s) + self.eps)
