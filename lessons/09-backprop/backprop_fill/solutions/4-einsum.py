"""Every product by its indices: n is the sample, i the input, j the output.

An index that is missing on the right of the arrow is summed over: the sums of the chain
rule can be read off, and no transpose is needed.
"""

import numpy as np


def sigmoid(z):
    """Return 1 / (1 + exp(-z)), written so that no z is too large for it."""
    return 0.5 * (1.0 + np.tanh(0.5 * z))


class SigmoidLayer:
    """A linear map followed by a sigmoid, written index by index."""

    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out) / np.sqrt(n_in)
        self.b = np.zeros(n_out)

    def forward(self, x):
        """Take x (N, n_in), return the activations (N, n_out)."""
        self.x = x
        self.a = sigmoid(np.einsum("ni,ij->nj", x, self.W) + self.b)
        return self.a

    def backward(self, grad_output):
        """Take dL/da (N, n_out), keep grad_W and grad_b, return dL/dx (N, n_in)."""
        grad_z = np.einsum("nj,nj,nj->nj", grad_output, self.a, 1 - self.a)
        self.grad_W = np.einsum("ni,nj->ij", self.x, grad_z)
        self.grad_b = np.einsum("nj->j", grad_z)
        return np.einsum("nj,ij->ni", grad_z, self.W)

    def update(self, lr):
        """Take one step of gradient descent with learning rate lr."""
        self.W = self.W - lr * self.grad_W
        self.b = self.b - lr * self.grad_b
