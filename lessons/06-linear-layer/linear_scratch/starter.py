# A linear layer from an empty class: write forward, then backward.
#
# Replace each `raise` by your own lines. The docstrings say what a method
# receives, what it gives back and what it leaves on the layer; everything
# else is yours to decide.
#
# Every save is judged on arrays drawn at that moment, in float64, with a
# batch size, n_in and n_out that all differ: first `out`, then each
# gradient by itself, in the order of the backward pass. Then come the hard
# cases (a batch of one, zeros, huge inputs, larger layers). What is handed
# to you must be left as it came, and a second forward and backward must be
# as right as the first.

import numpy as np


class Linear:
    """A fully connected layer with weights and biases.

    Holds, from the start:
        W       (n_in, n_out)   the weights
        b       (n_out,)        the biases
    and once backward has run:
        grad_W                  the gradient of the loss with respect to W
        grad_b                  the gradient of the loss with respect to b
    """

    def __init__(self, n_in, n_out):
        rng = np.random.default_rng()
        self.W = rng.standard_normal((n_in, n_out)) * np.sqrt(2 / n_in)
        self.b = np.zeros(n_out)

    def forward(self, x):
        """Compute the output for a batch, and keep what backward will need.

        Receives: x    (N, n_in)    N samples, one per row
        Returns:  out  (N, n_out)   one row of outputs per sample
        """
        raise NotImplementedError("forward is empty: make out, return it")

    def backward(self, grad_output):
        """Turn the gradient of the output into the three that the layer owes.

        Receives: grad_output  (N, n_out)   of the loss, with respect to out
        Stores:   grad_W and grad_b on the layer
        Returns:  grad_input                of the loss, with respect to x
        """
        raise NotImplementedError("backward is empty: it owes 3 gradients")
