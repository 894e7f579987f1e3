"""The multilayer perceptron: linear layers with an activation between them, forward, loss and backward in one class.

    forward     A_0 = X,  Z_k = A_(k-1) @ W_k + b_k,  A_k = f(Z_k) below the last layer;  the output is the last Z

    backward    G_last = dL/d(output)
                grad_W_k = A_(k-1).T @ G_k,    grad_b_k = G_k summed over the batch
                G_(k-1)  = (G_k @ W_k.T) * f'(Z_(k-1))
                grad_input = G_1 @ W_1.T

The shapes, with N samples and layer k of m_k units (m_0 inputs):

    A_k, Z_k, G_k  (N, m_k)        W_k, grad_W_k  (m_(k-1), m_k)        b_k, grad_b_k  (m_k,)

Nothing here is new: it is the linear layer, the activation and the loss of their own pages, with the chain rule in the
loops. G_k is made before grad_W_k of the layer below, and from the very weights that the forward pass used.

Source: Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors" (1986); Goodfellow, Bengio
and Courville, "Deep Learning" (2016), algorithms 6.3 and 6.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # float64, float32, or complex128 under the complex step


def activate(kind: str, z: Array) -> Array:
    """Return the activation of z, element by element."""
    match kind:
        case "relu":
            return np.where(z.real > 0, z, 0)
        case "leaky_relu":
            return np.where(z.real > 0, z, 0.01 * z)
        case "sigmoid":
            # For either sign the argument of exp is never positive, so nothing overflows.
            positive = z.real > 0
            e = np.exp(np.where(positive, -z, z))
            a: Array = np.where(positive, 1, e) / (1 + e)
            return a
        case "tanh":
            return np.tanh(z)
        case "none":
            return z
    raise ValueError(f"there is no activation {kind!r}")


def slope(kind: str, a: Array) -> Array:
    """Return f'(z) from a = f(z): each of these slopes can be read off the output."""
    match kind:
        case "relu":
            return np.where(a.real > 0, 1, 0).astype(a.dtype)
        case "leaky_relu":
            return np.where(a.real > 0, 1, 0.01).astype(a.dtype)
        case "sigmoid":
            of_sigmoid: Array = a * (1 - a)
            return of_sigmoid
        case "tanh":
            of_tanh: Array = 1 - a * a
            return of_tanh
        case "none":
            return np.ones_like(a)
    raise ValueError(f"there is no activation {kind!r}")


class MLP:
    """A network of any depth; `sizes` are the units from the inputs to the outputs, such as (784, 128, 10).

    Parameters: the lists `W` and `b`, of which `W[0]` is the layer next to the input. After `backward` the lists
    `grad_W` and `grad_b` are there, of the same shapes. Parameters may be replaced from outside, in any float dtype.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: Literal["relu", "leaky_relu", "sigmoid", "tanh", "none"] = "relu",
        rng: np.random.Generator | None = None,
    ) -> None:
        """Draw each W from a normal distribution of variance 2 / (its inputs), and set each b to zero.

        The variance keeps the size of the signal through ReLU: He et al., "Delving Deep into Rectifiers" (2015).
        """
        if rng is None:
            rng = np.random.default_rng()
        self.activation = activation
        self.W: list[Array] = [rng.normal(0.0, np.sqrt(2.0 / m), size=(m, n)) for m, n in pairwise(sizes)]
        self.b: list[Array] = [np.zeros(n) for n in sizes[1:]]

    def forward(self, x: Array) -> Array:
        """Map x (N, m_0) to the output of the last layer (N, m_last), and keep what went into every layer."""
        self.inputs: list[Array] = []  # A_0, A_1, ...: what each W was multiplied with
        a = x
        for k, (W, b) in enumerate(zip(self.W, self.b, strict=True)):
            self.inputs.append(a)
            z = a @ W + b
            a = z if k == len(self.W) - 1 else activate(self.activation, z)
        return a

    def backward(self, grad_output: Array) -> Array:
        """Take dL/d(output) (N, m_last), set `grad_W` and `grad_b`, and return dL/dx (N, m_0).

        An AttributeError for `inputs` means that no forward pass came before.
        """
        self.grad_W: list[Array] = [np.zeros_like(W) for W in self.W]
        self.grad_b: list[Array] = [np.zeros_like(b) for b in self.b]
        grad = grad_output
        for k in reversed(range(len(self.W))):
            self.grad_W[k] = self.inputs[k].T @ grad
            self.grad_b[k] = grad.sum(axis=0)
            grad = grad @ self.W[k].T
            if k > 0:  # what went into layer k is an activation: its slope, at the value that it had
                grad = grad * slope(self.activation, self.inputs[k])
        return grad


def softmax_cross_entropy(logits: Array, labels: NDArray[np.integer[Any]]) -> tuple[np.floating[Any], Array]:
    """Return the mean loss of logits (N, C) at labels (N,), and its gradient (N, C), which carries the 1/N."""
    rows = np.arange(len(logits))
    shifted = logits - logits.max(axis=1, keepdims=True)  # the largest is 0: no exp overflows
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    grad = np.exp(log_p)
    grad[rows, labels] -= 1
    return -log_p[rows, labels].mean(), grad / len(logits)


def mse(predictions: Array, targets: Array) -> tuple[np.floating[Any], Array]:
    """Return the squared error, summed over outputs, mean over the batch, and its gradient, both for (N, D)."""
    difference = predictions - targets
    return (difference * difference).sum() / len(predictions), 2 * difference / len(predictions)
