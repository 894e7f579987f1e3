# Fill in the eight blanks. Replace each `...`; leave the names.
#
# Your layer is judged in a network of two: x goes into a hidden layer, its
# output into an output layer, and the gradient comes back the other way.
# Every step is compared with the right value, in the order of the pass, so
# the first wrong one is named. Batches of one, saturated units and float32
# are tried as well.
#
# N samples, n_in inputs, n_out outputs; a row is a sample.

import numpy as np


def sigmoid(z):
    """Return 1 / (1 + exp(-z)), so written that no z is too large."""
    return 0.5 * (1.0 + np.tanh(0.5 * z))


class SigmoidLayer:
    """A linear map followed by a sigmoid: one layer of a network."""

    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out) / np.sqrt(n_in)
        self.b = np.zeros(n_out)

    def forward(self, x):
        """Take x (N, n_in), return the activations (N, n_out).

        Keeps what backward needs.
        """
        self.x = x
        z = ...  # BLANK 1: the pre-activation, (N, n_out)
        self.a = ...  # BLANK 2: the activation, (N, n_out)
        return self.a

    def backward(self, grad_output):
        """Take dL/da (N, n_out), return dL/dx (N, n_in).

        Keeps grad_W and grad_b.
        """
        grad_z = ...  # BLANK 3: the gradient at z, (N, n_out)
        self.grad_W = ...  # BLANK 4: the gradient of W, (n_in, n_out)
        self.grad_b = ...  # BLANK 5: the gradient of b, (n_out,)
        grad_input = ...  # BLANK 6: the gradient at the input, (N, n_in)
        return grad_input

    def update(self, lr):
        """Take one step of gradient descent with learning rate lr."""
        self.W = ...  # BLANK 7: the weights after the step
        self.b = ...  # BLANK 8: the biases after the step
