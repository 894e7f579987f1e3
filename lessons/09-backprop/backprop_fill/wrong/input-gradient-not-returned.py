# fails: grad_a1 missing
# why: input-gradient-not-returned

import numpy as np


def sigmoid(z):
    """Return 1 / (1 + exp(-z)), written so that no z is too large for it."""
    return 0.5 * (1.0 + np.tanh(0.5 * z))


class SigmoidLayer:
    """A linear map followed by a sigmoid: one layer of a network."""

    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out) / np.sqrt(n_in)
        self.b = np.zeros(n_out)

    def forward(self, x):
        """Take x (N, n_in), return the activations (N, n_out)."""
        self.x = x
        z = x @ self.W + self.b
        self.a = sigmoid(z)
        return self.a

    def backward(self, grad_output):
        """Take dL/da (N, n_out), keep grad_W and grad_b, return dL/dx (N, n_in)."""
        grad_z = grad_output * self.a * (1 - self.a)
        self.grad_W = self.x.T @ grad_z
        self.grad_b = grad_z.sum(axis=0)
        self.grad_input = grad_z @ self.W.T

    def update(self, lr):
        """Take one step of gradient descent with learning rate lr."""
        self.W = self.W - lr * self.grad_W
        self.b = self.b - lr * self.grad_b
