"""Loops over samples and units: every sum that a matrix product hides is written out."""

import math

import numpy as np


def sigmoid(z):
    """Return 1 / (1 + exp(-z)) of one number; exp never meets a positive argument."""
    if z >= 0:
        return 1.0 / (1.0 + math.exp(-z))
    e = math.exp(z)
    return e / (1.0 + e)


class SigmoidLayer:
    """A linear map followed by a sigmoid, one unit at a time."""

    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out) / np.sqrt(n_in)
        self.b = np.zeros(n_out)

    def forward(self, x):
        """Take x (N, n_in), return the activations (N, n_out)."""
        self.x = x
        samples, units = x.shape[0], self.W.shape[1]
        self.a = np.zeros((samples, units), dtype=x.dtype)
        for n in range(samples):
            for j in range(units):
                z = np.dot(x[n], self.W[:, j]) + self.b[j]
                self.a[n, j] = sigmoid(z)
        return self.a

    def backward(self, grad_output):
        """Take dL/da (N, n_out), keep grad_W and grad_b, return dL/dx (N, n_in)."""
        samples, units = grad_output.shape
        self.grad_W = np.zeros_like(self.W)
        self.grad_b = np.zeros_like(self.b)
        grad_input = np.zeros_like(self.x)
        for n in range(samples):
            for j in range(units):
                a = self.a[n, j]
                grad_z = grad_output[n, j] * a * (1 - a)
                # Each += is a sum of the chain rule: over samples, over samples, over units.
                self.grad_W[:, j] += grad_z * self.x[n]
                self.grad_b[j] += grad_z
                grad_input[n] += grad_z * self.W[:, j]
        return grad_input

    def update(self, lr):
        """Take one step of gradient descent with learning rate lr."""
        self.W = self.W - lr * self.grad_W
        self.b = self.b - lr * self.grad_b
