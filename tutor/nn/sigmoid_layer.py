"""A sigmoid layer: a linear map and its activation in one object, which can also take a step of gradient descent.

    forward     Z = X @ W + b
                A = sigmoid(Z)

    backward    grad_Z     = G * A * (1 - A)    G is dL/dA; element by element, because sigmoid is
                grad_W     = X.T @ grad_Z
                grad_b     = grad_Z summed over the batch
                grad_input = grad_Z @ W.T

    update      W <- W - lr * grad_W            b <- b - lr * grad_b

The shapes, with N samples in the batch:

    X, grad_input    (N, n_in)       W, grad_W  (n_in, n_out)
    Z, A, G, grad_Z  (N, n_out)      b, grad_b  (n_out,)

Source: Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors" (Nature, 1986),
equations 1 to 8.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # float64, float32, or complex128 under the complex step


def sigmoid(z: Array) -> Array:
    """Return 1 / (1 + exp(-z)), element by element, for any size of z.

    exp(-z) overflows for large negative z, so there the same value is computed as exp(z) / (1 + exp(z)): the
    argument of exp is never positive.
    """
    positive = z.real > 0
    e = np.exp(np.where(positive, -z, z))
    a: Array = np.where(positive, 1, e) / (1 + e)
    return a


class SigmoidLayer:
    """A = sigmoid(X @ W + b), a layer of the classic network of the 1980s.

    Parameters: `W` (n_in, n_out) and `b` (n_out,). After `backward` the layer holds `grad_W` and `grad_b`, of the same
    shapes. Both parameters may be replaced from outside, in any float dtype.
    """

    def __init__(self, n_in: int, n_out: int, rng: np.random.Generator | None = None) -> None:
        """Draw `W` uniformly from [-r, r] with r = sqrt(6 / (n_in + n_out)), and set `b` to zero.

        This range balances the size of the signal on its way forward against that of the gradient on its way back:
        Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks" (2010),
        equation 16. Larger weights would start the units in the flat parts of the sigmoid, where they hardly learn.
        """
        if rng is None:
            rng = np.random.default_rng()
        r = np.sqrt(6.0 / (n_in + n_out))
        self.W: Array = rng.uniform(-r, r, size=(n_in, n_out))
        self.b: Array = np.zeros(n_out)

    def forward(self, x: Array) -> Array:
        """Map x (N, n_in) to the activations (N, n_out), and keep both."""
        self.x = x  # the slope of x * W with respect to W is x: backward needs it for grad_W
        self.a: Array = sigmoid(
            x @ self.W + self.b
        )  # the slope of the sigmoid is a * (1 - a): no need to keep z as well
        return self.a

    def backward(self, grad_output: Array) -> Array:
        """Take dL/d(activations) (N, n_out), set `grad_W` and `grad_b`, and return dL/d(input) (N, n_in).

        An AttributeError for `a` means that no forward pass came before.
        """
        grad_z: Array = grad_output * self.a * (1 - self.a)
        # From here on it is the linear layer, with grad_z as the gradient that arrives.
        self.grad_W = self.x.T @ grad_z
        self.grad_b = grad_z.sum(axis=0)
        return grad_z @ self.W.T

    def update(self, lr: float) -> None:
        """Take one step of size lr against the gradients of the last backward pass, in place.

        Call it when all layers have gone backward: the layer below needs the error through the weights that made it.
        """
        self.W -= lr * self.grad_W
        self.b -= lr * self.grad_b
