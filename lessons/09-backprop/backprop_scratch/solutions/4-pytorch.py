# Level 4, PyTorch: forward is written down, backward is asked for.
# Gains: PyTorch records every operation of forward and walks the record
#   backward; a new kind of layer needs no new backward.
# Costs: you have to know what it does to believe it. You do: it is the
#   second solution, operation by operation.

import numpy as np
import torch


class MLP:
    def __init__(self, widths):
        rng = np.random.default_rng()
        self.W = []
        self.b = []
        for n_in, n_out in zip(widths[:-1], widths[1:]):
            self.W.append(rng.standard_normal((n_in, n_out)) * np.sqrt(2 / n_in))
            self.b.append(np.zeros(n_out))

    def forward(self, x):
        self._x = torch.tensor(x, requires_grad=True)
        self._W = [torch.tensor(W, requires_grad=True) for W in self.W]
        self._b = [torch.tensor(b, requires_grad=True) for b in self.b]
        a = self._x
        for k, (W, b) in enumerate(zip(self._W, self._b)):
            z = a @ W + b
            a = torch.relu(z) if k < len(self._W) - 1 else z
        self._out = a
        return a.detach().numpy()

    def backward(self, grad_output):
        self._out.backward(torch.tensor(grad_output))
        self.grad_W = [W.grad.numpy() for W in self._W]
        self.grad_b = [b.grad.numpy() for b in self._b]
        return self._x.grad.numpy()

    def update(self, lr):
        self.W = [W - lr * grad for W, grad in zip(self.W, self.grad_W)]
        self.b = [b - lr * grad for b, grad in zip(self.b, self.grad_b)]
