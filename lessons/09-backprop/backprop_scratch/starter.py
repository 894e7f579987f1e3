# A whole network from an empty class: write forward, backward and update.
#
# Replace each `raise` by your own lines. The docstrings say what a method
# receives, what it gives back and what it leaves on the network;
# everything else is yours: helper functions and classes are welcome.
#
# Every save is judged on arrays drawn at that moment, with a batch and
# widths that all differ: first the output, then each gradient by itself,
# from the last layer back to the first, then the step. Networks of one to
# three layers come up: nothing may count on there being two.

import numpy as np


class MLP:
    """Linear layers with a ReLU between them, and none after the last.

    Holds, from the start, one entry per layer, the input's layer first:
        W        W[k] is (widths[k], widths[k + 1])
        b        b[k] is (widths[k + 1],)
    and once backward has run, with the same shapes:
        grad_W   the gradients of the loss with respect to each W[k]
        grad_b   the gradients of the loss with respect to each b[k]
    """

    def __init__(self, widths):
        rng = np.random.default_rng()
        self.W = []
        self.b = []
        for n_in, n_out in zip(widths[:-1], widths[1:]):
            self.W.append(rng.standard_normal((n_in, n_out)) * np.sqrt(2 / n_in))
            self.b.append(np.zeros(n_out))

    def forward(self, x):
        """Run a batch through all layers, and keep what backward will need.

        Receives: x    (N, widths[0])    N samples, one per row
        Returns:  out  (N, widths[-1])   the last layer's output, no ReLU on it
        """
        raise NotImplementedError("forward is empty: run x through every layer")

    def backward(self, grad_output):
        """Work out the gradient of every parameter, from the last layer back.

        Receives: grad_output  (N, widths[-1])   of the loss, with respect to out
        Stores:   the lists grad_W and grad_b on the network
        Returns:  grad_input   (N, widths[0])    of the loss, with respect to x
        """
        raise NotImplementedError("backward is empty: every layer owes grad_W and grad_b")

    def update(self, lr):
        """Take one step of gradient descent with learning rate lr."""
        raise NotImplementedError("update is empty: move every W[k] and b[k]")
