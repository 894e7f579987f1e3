# Level 3, memory-lean: nothing is kept that can be let go, and nothing is
# copied that is ours to change.
# Gains: ReLU and bias work in the layer's own output; each input is let go
#   as soon as its two products are made; no pre-activation is ever kept.
# Costs: one backward per forward; and you must know which arrays are yours.
#   `x` and `grad_output` are not: the first gradient of your own is the one
#   that comes out of `grad @ W.T`.

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
        self._inputs = []
        a = x
        for k, (W, b) in enumerate(zip(self.W, self.b)):
            self._inputs.append(a)
            a = a @ W  # a new array: from here on it is ours
            a += b
            if k < len(self.W) - 1:
                np.maximum(a, 0, out=a)
        return a

    def backward(self, grad_output):
        layers = len(self.W)
        self.grad_W, self.grad_b = [None] * layers, [None] * layers
        grad = grad_output
        for k in reversed(range(layers)):
            a = self._inputs.pop()
            self.grad_W[k] = a.T @ grad
            self.grad_b[k] = grad.sum(axis=0)
            grad = grad @ self.W[k].T  # new, so the mask may be put in place
            if k > 0:
                grad *= a > 0
        return grad

    def update(self, lr):
        for k in range(len(self.W)):
            self.W[k] = self.W[k] - lr * self.grad_W[k]
            self.b[k] = self.b[k] - lr * self.grad_b[k]
