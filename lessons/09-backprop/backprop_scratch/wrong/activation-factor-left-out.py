# fails: grad_W2 wrong_value
# why: activation-factor-left-out

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
        self.inputs = []  # what each W was multiplied with
        a = x
        for k, (W, b) in enumerate(zip(self.W, self.b)):
            self.inputs.append(a)
            z = a @ W + b
            a = np.maximum(z, 0) if k < len(self.W) - 1 else z
        return a

    def backward(self, grad_output):
        self.grad_W, self.grad_b = [], []
        grad = grad_output  # the gradient at z of the layer under way
        for k in reversed(range(len(self.W))):
            self.grad_W.insert(0, self.inputs[k].T @ grad)
            self.grad_b.insert(0, grad.sum(axis=0))
            grad = grad @ self.W[k].T
        return grad

    def update(self, lr):
        self.W = [W - lr * grad for W, grad in zip(self.W, self.grad_W)]
        self.b = [b - lr * grad for b, grad in zip(self.b, self.grad_b)]
