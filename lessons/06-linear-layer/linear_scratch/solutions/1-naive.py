# Level 1, naive: the sums of the derivation, written as loops, one
# multiplication at a time.
# Gains: nothing is hidden; every index of the derivation stands in the
#   code, and no transpose is needed.
# Costs: every multiplication goes through the interpreter: hundreds of
#   times slower than one product.

import numpy as np


class Linear:
    def __init__(self, n_in, n_out):
        rng = np.random.default_rng()
        self.W = rng.standard_normal((n_in, n_out)) * np.sqrt(2 / n_in)
        self.b = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        samples, n_in = x.shape
        n_out = self.W.shape[1]
        out = np.zeros((samples, n_out))
        for n in range(samples):
            for j in range(n_out):
                out[n, j] = self.b[j]
                for i in range(n_in):
                    out[n, j] += x[n, i] * self.W[i, j]
        return out

    def backward(self, grad_output):
        samples, n_in = self.x.shape
        n_out = self.W.shape[1]
        self.grad_W = np.zeros((n_in, n_out))
        self.grad_b = np.zeros(n_out)
        grad_input = np.zeros((samples, n_in))
        for n in range(samples):
            for j in range(n_out):
                g = grad_output[n, j]
                self.grad_b[j] += g
                for i in range(n_in):
                    self.grad_W[i, j] += self.x[n, i] * g
                    grad_input[n, i] += g * self.W[i, j]
        return grad_input
