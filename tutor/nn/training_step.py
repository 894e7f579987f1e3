"""One step of training, in the order in which it has to be done, and an epoch made of such steps.

    forward     predictions of this batch, with the parameters as they are
    loss        how far off they are, and its gradient
    zero        forget the gradients of the batch before: backward adds to what it finds
    backward    the gradients of all parameters, from the last layer to the first
    update      all parameters at once, p <- p - lr * grad

Every other order is wrong in its own way. Without `zero` a step follows the sum of all gradients so far. With `zero`
after `backward` it follows nothing. With `update` before `backward` it follows the gradient of the batch before. And a
layer that is updated before the error has passed through it hands the wrong error down.

The network is as small as one can be that shows all this: a hidden layer of tanh units, a squared error.

    forward     A = tanh(X @ W1 + b1)           P = A @ W2 + b2
    loss        L = (1/N) sum of (P - Y)^2      grad = 2 (P - Y) / N
    backward    grad_W2 += A.T @ G              grad_b2 += G summed over the batch
                grad_Z = (G @ W2.T) * (1 - A^2)
                grad_W1 += X.T @ grad_Z         grad_b1 += grad_Z summed over the batch

    X  (N, n_in)    A  (N, n_hidden)    P, Y, G  (N, n_out)

Source: Goodfellow, Bengio and Courville, "Deep Learning" (2016), algorithms 6.3, 6.4 and 8.1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # float64 or float32


class TanhNetwork:
    """A network with one hidden layer, whose backward pass adds to its gradients, as PyTorch's does.

    `params` and `grads` hold W1, b1, W2 and b2 and their gradients, under the same names.
    """

    def __init__(self, n_in: int, n_hidden: int, n_out: int, rng: np.random.Generator | None = None) -> None:
        """Draw the weights from a normal distribution of variance 1 / n_in of their layer; the biases are zero."""
        rng = rng or np.random.default_rng()
        self.params: dict[str, Array] = {
            "W1": rng.normal(0.0, np.sqrt(1 / n_in), size=(n_in, n_hidden)),
            "b1": np.zeros(n_hidden),
            "W2": rng.normal(0.0, np.sqrt(1 / n_hidden), size=(n_hidden, n_out)),
            "b2": np.zeros(n_out),
        }
        self.zero_grad()

    def forward(self, x: Array) -> Array:
        """Map x (N, n_in) to the predictions (N, n_out), and keep what backward needs."""
        p = self.params
        self.x = x
        self.a: Array = np.tanh(x @ p["W1"] + p["b1"])
        predictions: Array = self.a @ p["W2"] + p["b2"]
        return predictions

    def zero_grad(self) -> None:
        """Set all gradients to zero."""
        self.grads = {name: np.zeros_like(p) for name, p in self.params.items()}

    def backward(self, grad_output: Array) -> None:
        """Take dL/d(predictions) (N, n_out), and add the gradients of this batch to `grads`."""
        grad_z = (grad_output @ self.params["W2"].T) * (1 - self.a * self.a)
        self.grads["W2"] += self.a.T @ grad_output
        self.grads["b2"] += grad_output.sum(axis=0)
        self.grads["W1"] += self.x.T @ grad_z
        self.grads["b1"] += grad_z.sum(axis=0)

    def update(self, lr: float) -> None:
        """Move all parameters against their gradients, in place."""
        for name, p in self.params.items():
            p -= lr * self.grads[name]


def squared_error(predictions: Array, targets: Array) -> tuple[float, Array]:
    """Return the loss, summed over the outputs and averaged over the batch, and its gradient (N, n_out)."""
    difference = predictions - targets
    return float((difference * difference).sum() / len(difference)), 2 * difference / len(difference)


def train_step(network: TanhNetwork, x: Array, y: Array, lr: float) -> float:
    """Do one step on the batch x (N, n_in) with targets y (N, n_out); return the loss before it."""
    predictions = network.forward(x)
    loss, grad = squared_error(predictions, y)
    network.zero_grad()  # anywhere before backward would do
    network.backward(grad)
    network.update(lr)  # last: backward needs the weights that the predictions were made with
    return loss


def train_epoch(
    network: TanhNetwork, x: Array, y: Array, lr: float, batch_size: int, rng: np.random.Generator | None = None
) -> float:
    """Do one step per batch until every sample was seen once; return the mean loss over the samples.

    With `rng` the samples come in a random order, drawn anew in every epoch; without, as they stand. The last batch
    is smaller where `batch_size` does not divide their number. Each loss is that before its own step.
    """
    order = rng.permutation(len(x)) if rng else np.arange(len(x))
    total = 0.0
    for start in range(0, len(x), batch_size):
        batch = order[start : start + batch_size]  # one index for both, so that x and y stay together
        total += train_step(network, x[batch], y[batch], lr) * len(batch)  # a small batch counts for less
    return total / len(x)
