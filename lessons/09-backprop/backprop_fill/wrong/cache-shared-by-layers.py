# fails: could_not_run exception
# why: cache-shared-by-layers

import numpy as np


def sigmoid(z):
    """Return 1 / (1 + exp(-z)), written so that no z is too large for it."""
    return 0.5 * (1.0 + np.tanh(0.5 * z))


class SigmoidLayer:
    """A linear map followed by a sigmoid: one layer of a network."""

    cache = {}

    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out) / np.sqrt(n_in)
        self.b = np.zeros(n_out)

    def forward(self, x):
        """Take x (N, n_in), return the activations (N, n_out)."""
        self.cache["x"] = x
        self.cache["a"] = sigmoid(x @ self.W + self.b)
        return self.cache["a"]

    def backward(self, grad_output):
        """Take dL/da (N, n_out), keep grad_W and grad_b, return dL/dx (N, n_in)."""
        a = self.cache["a"]
        grad_z = grad_output * a * (1 - a)
        self.grad_W = self.cache["x"].T @ grad_z
        self.grad_b = grad_z.sum(axis=0)
        grad_input = grad_z @ self.W.T
        return grad_input

    def update(self, lr):
        """Take one step of gradient descent with learning rate lr."""
        self.W = self.W - lr * self.grad_W
        self.b = self.b - lr * self.grad_b
