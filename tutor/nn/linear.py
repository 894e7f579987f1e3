"""The linear layer: every output is a weighted sum of all inputs, plus a bias.

    forward     Y = X @ W + b

    backward    grad_W     = X.T @ G            G is dL/dY, the gradient that arrives from the layer above
                grad_b     = G summed over the batch
                grad_input = G @ W.T

The shapes, with N samples in the batch:

    X, grad_input  (N, n_in)        W, grad_W  (n_in, n_out)
    Y, G           (N, n_out)       b, grad_b  (n_out,)

A gradient always has the shape of the thing it is the gradient of, and that alone nearly fixes the three products.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # float64, float32, or complex128 under the complex step


class Linear:
    """Y = X @ W + b, the affine map that nearly every network is made of.

    Parameters: `W` (n_in, n_out) and `b` (n_out,). After `backward` the layer holds `grad_W` and `grad_b`, of the same
    shapes. Both parameters may be replaced from outside, in any float dtype; results follow NumPy's promotion, so
    float32 stays float32 when the inputs and the parameters are float32.

    Source: Goodfellow, Bengio and Courville, "Deep Learning" (2016), section 6.5.6, which takes a matrix product back.
    """

    def __init__(self, n_in: int, n_out: int, rng: np.random.Generator | None = None) -> None:
        """Draw `W` from a normal distribution of variance 2 / n_in, and set `b` to zero.

        This variance keeps the size of the signal from layer to layer when a ReLU follows, which lets about half of it
        through: He et al., "Delving Deep into Rectifiers" (2015), equation 10. Random, because units that start
        equal get equal gradients and stay equal for ever; the bias has no such symmetry to break once W has broken it.
        """
        if rng is None:
            rng = np.random.default_rng()
        self.W: Array = rng.normal(0.0, np.sqrt(2.0 / n_in), size=(n_in, n_out))
        self.b: Array = np.zeros(n_out)

    def forward(self, x: Array) -> Array:
        """Map x (N, n_in) to the output (N, n_out), and keep x."""
        self.x = x  # the slope of x * W with respect to W is x: backward needs it for grad_W
        return x @ self.W + self.b

    def backward(self, grad_output: Array) -> Array:
        """Take dL/d(output) (N, n_out), set `grad_W` and `grad_b`, and return dL/d(input) (N, n_in).

        An AttributeError for `x` means that no forward pass came before.
        """
        # Entry (i, j): W[i, j] joins input i to output j in every sample, so the product adds over the samples.
        self.grad_W = self.x.T @ grad_output
        # The one row b was added to all N rows; what a value gives to many places, it gets back as a sum.
        self.grad_b = grad_output.sum(axis=0)
        # Input i reaches all outputs j by the weights W[i, j]; its gradient comes back along the same weights.
        return grad_output @ self.W.T
