# Level 3, memory-lean: the same products, written into memory that is
# already there.
# Gains: the gradients of the parameters are allocated once, not once
#   per step; b is added without a second copy of the output; the input
#   is let go as soon as it has been used.
# Costs: one backward per forward, and the next backward overwrites
#   grad_W and grad_b: whoever wants to keep them has to copy them.

import numpy as np


class Linear:
    def __init__(self, n_in, n_out):
        rng = np.random.default_rng()
        self.W = rng.standard_normal((n_in, n_out)) * np.sqrt(2 / n_in)
        self.b = np.zeros(n_out)
        self.grad_W = np.empty((n_in, n_out))
        self.grad_b = np.empty(n_out)
        self._x = None

    def forward(self, x):
        self._x = x  # a reference: keeping it copies nothing
        out = x @ self.W
        out += self.b  # `out` is ours, so adding in place harms nobody
        return out

    def backward(self, grad_output):
        x, self._x = self._x, None
        np.matmul(x.T, grad_output, out=self.grad_W)  # x.T is a view, no copy
        np.sum(grad_output, axis=0, out=self.grad_b)
        return grad_output @ self.W.T
