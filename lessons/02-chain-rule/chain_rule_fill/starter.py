# Fill in the eleven blanks. Replace each `...`; leave the names.
#
# One neuron, N samples. Forward goes through five steps; backward comes
# back through the same five, last step first. Three of the numbers are
# used more than once: z, in two steps, and w and b, by every sample.
#
# Each value and each gradient is compared with the right one, in the
# order of the pass: mend the first wrong one first, the others may follow
# from it. Then come the hard cases: one sample, zeros, units far out
# where the sigmoid is flat, float32.

import numpy as np


def sigmoid(z):
    """Return 1 / (1 + exp(-z)), so written that no z is too large."""
    return 0.5 * (1.0 + np.tanh(0.5 * z))


def forward(x, y, w, b):
    """Compute the loss of one neuron, and keep every value on the way.

    Receives: x, y   (N,)   an input and a target for each sample
              w, b   ()     one weight and one bias, shared by all samples
    Returns:  the values by their names, in a dict
    """
    z = w * x + b
    s = ...  # BLANK 1: the sigmoid of z, (N,)
    a = ...  # BLANK 2: the activation: z times s, (N,)
    e = ...  # BLANK 3: how far off: activation minus target, (N,)
    loss = ...  # BLANK 4: the mean of the squares of e, ()
    return {"z": z, "s": s, "a": a, "e": e, "loss": loss}


def backward(kept, x, w):
    """Go back through forward, from the loss to where it started.

    Receives: kept   what forward returned: kept["z"], kept["s"], ...
                     (another batch may go forward in between, so what
                     is not in it may be of that one)
    Returns:  the gradient of the loss with respect to each, in its shape
    """
    z, s, e = kept["z"], kept["s"], kept["e"]
    grad_e = ...  # BLANK 5: through the mean of the squares, (N,)
    grad_a = ...  # BLANK 6: through the difference, (N,)
    grad_s = ...  # BLANK 7: through the product, to s, (N,)
    grad_z = ...  # BLANK 8: by every path from z, (N,)
    grad_w = ...  # BLANK 9: by every path from w, ()
    grad_b = ...  # BLANK 10: by every path from b, ()
    grad_x = ...  # BLANK 11: to the input of each sample, (N,)
    return {
        "e": grad_e,
        "a": grad_a,
        "s": grad_s,
        "z": grad_z,
        "w": grad_w,
        "b": grad_b,
        "x": grad_x,
    }
