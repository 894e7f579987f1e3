# Somebody wrote this layer, and it has one fault. Find it, and mend it.
#
# All of the rest is right, so change as little as you can. Save to have it
# judged: the first result that is wrong is a trace. A result that is right
# the first time and wrong the second is one too.

import numpy as np


class Linear:
    """A fully connected layer: out = x @ W + b.

    Parameters:  W (n_in, n_out), b (n_out,)
    Gradients of the last backward pass:  grad_W, grad_b, in these shapes
    """

    def __init__(self, n_in, n_out):
        rng = np.random.default_rng()
        self.W = rng.standard_normal((n_in, n_out)) * np.sqrt(2 / n_in)
        self.b = np.zeros(n_out)
        # Made once, filled in by every backward pass: no new memory per step.
        self.grad_W = np.zeros((n_in, n_out))
        self.grad_b = np.zeros(n_out)
        self.x = None

    def forward(self, x):
        """Map x (N, n_in) to out (N, n_out), and keep x for the way back."""
        self.x = x
        return x @ self.W + self.b

    def backward(self, grad_output):
        """Take dL/dout (N, n_out), fill grad_W and grad_b, return dL/dx."""
        self._fill_parameter_gradients(grad_output)
        return self._input_gradient(grad_output)

    def _fill_parameter_gradients(self, grad_output):
        weights = grad_output.T @ self.x
        self.grad_W[...] = weights.reshape(self.W.shape)
        self.grad_b[...] = grad_output.sum(axis=0)

    def _input_gradient(self, grad_output):
        return grad_output @ self.W.T

    def update(self, lr):
        """Take one step of gradient descent."""
        self.W = self.W - lr * self.grad_W
        self.b = self.b - lr * self.grad_b
