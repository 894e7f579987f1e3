# Another style: a class per layer, and a network that knows only their order.
# Gains: each layer is judged and understood by itself; a new kind of layer is
#   a new class, and the network's three methods never change.
# Costs: more names; and W and b of the network are views of the layers', so
#   that whoever sets them from outside reaches the layers.

import numpy as np


class Linear:
    def forward(self, x, W, b):
        self.x, self.W = x, W
        return x @ W + b

    def backward(self, grad):
        return self.x.T @ grad, grad.sum(axis=0), grad @ self.W.T


class ReLU:
    def forward(self, z):
        self.on = z > 0
        return np.where(self.on, z, 0)

    def backward(self, grad):
        return np.where(self.on, grad, 0)


class MLP:
    def __init__(self, widths):
        rng = np.random.default_rng()
        pairs = list(zip(widths[:-1], widths[1:]))
        self.W = [rng.standard_normal(pair) * np.sqrt(2 / pair[0]) for pair in pairs]
        self.b = [np.zeros(n_out) for _, n_out in pairs]
        self.linears = [Linear() for _ in pairs]
        self.relus = [ReLU() for _ in pairs[1:]]

    def forward(self, x):
        for k, linear in enumerate(self.linears):
            x = linear.forward(x, self.W[k], self.b[k])
            if k < len(self.relus):
                x = self.relus[k].forward(x)
        return x

    def backward(self, grad):
        grads = []
        for k in reversed(range(len(self.linears))):
            if k < len(self.relus):
                grad = self.relus[k].backward(grad)
            grad_W, grad_b, grad = self.linears[k].backward(grad)
            grads.append((grad_W, grad_b))
        self.grad_W = [grad_W for grad_W, _ in reversed(grads)]
        self.grad_b = [grad_b for _, grad_b in reversed(grads)]
        return grad

    def update(self, lr):
        for k, (grad_W, grad_b) in enumerate(zip(self.grad_W, self.grad_b)):
            self.W[k] = self.W[k] - lr * grad_W
            self.b[k] = self.b[k] - lr * grad_b
