# fails: grad_input wrong_value

import numpy as np


class Linear:
    def __init__(self, n_in, n_out):
        rng = np.random.default_rng()
        self.W = rng.standard_normal((n_in, n_out)) * np.sqrt(2 / n_in)
        self.b = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, grad_output):
        self.grad_W = self.x.T @ grad_output
        self.grad_b = grad_output.sum(axis=0)
        self.W = self.W - 0.1 * self.grad_W
        self.b = self.b - 0.1 * self.grad_b
        return grad_output @ self.W.T
