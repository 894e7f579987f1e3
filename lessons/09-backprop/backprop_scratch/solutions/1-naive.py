# Level 1, naive: one unit at a time, one sample at a time.
# Gains: no transpose anywhere; each `+=` is one sum of the chain rule, and
#   you can point at the wire that it follows.
# Costs: a multiplication per turn of the interpreter: hundreds of times
#   slower than a matrix product.

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
        self.inputs = []
        a = x
        for k in range(len(self.W)):
            self.inputs.append(a)
            a = self._layer(a, self.W[k], self.b[k], last=k == len(self.W) - 1)
        return a

    def _layer(self, a, W, b, last):
        out = np.zeros((len(a), W.shape[1]))
        for n in range(len(a)):
            for j in range(W.shape[1]):
                z = b[j]
                for i in range(W.shape[0]):
                    z += a[n, i] * W[i, j]
                out[n, j] = z if last or z > 0 else 0.0
        return out

    def backward(self, grad_output):
        self.grad_W = [np.zeros(W.shape) for W in self.W]
        self.grad_b = [np.zeros(b.shape) for b in self.b]
        grad_z = grad_output
        for k in reversed(range(len(self.W))):
            a, W = self.inputs[k], self.W[k]
            grad_a = np.zeros(a.shape)
            for n in range(len(a)):
                for j in range(W.shape[1]):
                    self.grad_b[k][j] += grad_z[n, j]
                    for i in range(W.shape[0]):
                        self.grad_W[k][i, j] += a[n, i] * grad_z[n, j]
                        grad_a[n, i] += grad_z[n, j] * W[i, j]
            if k > 0:  # a came out of a ReLU: it passes the gradient on where it was on
                for n in range(len(a)):
                    for i in range(W.shape[0]):
                        if not a[n, i] > 0:
                            grad_a[n, i] = 0.0
            grad_z = grad_a
        return grad_z

    def update(self, lr):
        for k in range(len(self.W)):
            self.W[k] = self.W[k] - lr * self.grad_W[k]
            self.b[k] = self.b[k] - lr * self.grad_b[k]
