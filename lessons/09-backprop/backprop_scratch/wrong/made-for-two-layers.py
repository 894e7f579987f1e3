# fails: out wrong_shape
# why: made-for-two-layers

import numpy as np


class MLP:
    def __init__(self, widths):
        rng = np.random.default_rng()
        self.W = []
        self.b = []
        for n_in, n_out in zip(widths[:-1], widths[1:]):
            self.W.append(rng.standard_normal((n_in, n_out)) * np.sqrt(2 / n_in))
            self.b.append(np.zeros(n_out))

    def forward(self, x):
        self.x = x
        self.a = np.maximum(x @ self.W[0] + self.b[0], 0)
        return self.a @ self.W[1] + self.b[1]

    def backward(self, grad_output):
        grad_z = (grad_output @ self.W[1].T) * (self.a > 0)
        self.grad_W = [self.x.T @ grad_z, self.a.T @ grad_output]
        self.grad_b = [grad_z.sum(axis=0), grad_output.sum(axis=0)]
        return grad_z @ self.W[0].T

    def update(self, lr):
        self.W = [W - lr * grad for W, grad in zip(self.W, self.grad_W)]
        self.b = [b - lr * grad for b, grad in zip(self.b, self.grad_b)]
